use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;

use crate::fingerprint::{fingerprint, meanings, try_fingerprint};

/// The most that one field of a decoded record may claim. A corrupt length is otherwise taken at its word, up to the
/// codec's default of 512 MiB. Twice what a record may weigh at all.
const FIELD_BYTES_MAX: usize = 8 << 20;

macro_rules! avro_records {
    ($($(#[$meta:meta])* $variant:ident = $name:literal [$($released:literal),+],)+) => {
        /// What braid writes as Avro: one schema file each, in `schemas/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AvroRecord {
            $($(#[$meta])* $variant,)+
        }

        impl AvroRecord {
            /// Every record, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name: that of its schema file without `.avsc`, and of its samples without `-<version>.avro`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The schema of every released version, oldest first; the last one is what is written.
            const fn released(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$(include_str!(concat!("../../../schemas/", $released))),+],)+ }
            }
        }
    };
}

// A new version of a record: copy its `.avsc` to `schemas/released/<name>-<version>.avsc`, name the copy here before
// the current file, then change the current file. `schemas/README.md` has the whole list of steps.
avro_records! {
    /// An alert on the alerts topic, and what a source of format `braid-avro` sends.
    Alert = "alert" ["alert.avsc"],
    /// What a directory says of an object, on the alerts topic and from a source of format `braid-directory-avro`.
    Directory = "directory" ["directory.avsc"],
    /// A command on the alerts topic, and what a source of format `braid-command-avro` sends.
    Command = "command" ["command.avsc"],
    /// A move of a tenant's clock on the alerts topic.
    Tick = "tick" ["tick.avsc"],
    /// An incident on the incidents topic.
    Incident = "incident" ["incident.avsc"],
    /// A change of an incident on the incident-events topic.
    IncidentEvent = "incident-event" ["incident-event.avsc"],
    /// A remembered alert in the changelog.
    ChangelogAlert = "changelog-alert" ["changelog-alert.avsc"],
    /// An incident in the changelog.
    ChangelogIncident = "changelog-incident" ["changelog-incident.avsc"],
    /// An entity in the changelog.
    ChangelogEntity = "changelog-entity" ["changelog-entity.avsc"],
    /// A tenant's clock and counters in the changelog.
    ChangelogTenant = "changelog-tenant" ["changelog-tenant.avsc"],
    /// How far a partition has read, in the changelog.
    ChangelogProgress = "changelog-progress" ["changelog-progress.avsc"],
}

impl AvroRecord {
    /// The schema that is written now, as its file has it: what is registered with a Schema Registry.
    pub const fn schema_text(self) -> &'static str {
        let released = self.released();
        released[released.len() - 1]
    }

    /// The name of its schema after its namespace, such as `braid.v1.Incident`.
    pub fn full_name(self) -> String {
        self.codec().current.schema.name().map(ToString::to_string).expect("every record has a name")
    }

    /// The number of the version that is written now, from 1.
    pub const fn version(self) -> usize {
        self.released().len()
    }

    /// CRC-64-AVRO of the canonical form of the schema that is written now, as single-object encoding carries it:
    /// the number's bytes, least significant first.
    pub fn fingerprint(self) -> [u8; 8] {
        self.codec().current.fingerprint
    }

    /// Which record a schema is of, and in which released version: the one whose records have the same bytes, each with the
    /// same meaning. What does not change them, such as texts and defaults, may differ.
    pub(crate) fn of_schema(text: &str) -> Option<(Self, [u8; 8])> {
        let written = try_fingerprint(text)?;
        let record = Self::of_fingerprint(written)?;
        let mut released = record.released().iter();
        let same = |ours: &&&str| fingerprint(ours) == written && meanings(ours) == meanings(text);
        released.find(same).map(|_| (record, written))
    }

    /// Its codec.
    pub(crate) fn codec(self) -> &'static Codec {
        &CODECS[self as usize]
    }

    /// Which record a fingerprint stands for. `None` if no release that this one knows of wrote it.
    pub(crate) fn of_fingerprint(fingerprint: [u8; 8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|record| record.codec().knows(fingerprint))
    }
}

static CODECS: LazyLock<Vec<Codec>> =
    LazyLock::new(|| AvroRecord::ALL.iter().map(|record| Codec::new(record.released())).collect());

/// All released versions of one record's schema, made ready to read and write with.
pub(crate) struct Codec {
    /// The version that is written.
    pub(crate) current: Version,
    /// Versions that are still read.
    older: Vec<Version>,
}

/// A version of a schema. Reader and writer resolve the schema's names once, here, and not for every record.
pub(crate) struct Version {
    pub(crate) fingerprint: [u8; 8],
    pub(crate) schema: &'static Schema,
    pub(crate) writer: GenericDatumWriter<'static>,
    pub(crate) reader: GenericDatumReader<'static>,
}

impl Codec {
    /// From the schemas of all versions, oldest first.
    pub(crate) fn new(released: &[&str]) -> Self {
        // Here, because nothing is read but with a codec; the library takes the first figure that it is given.
        apache_avro::util::max_allocation_bytes(FIELD_BYTES_MAX);
        let mut older: Vec<_> = released.iter().map(|text| Version::parse(text)).collect();
        let current = older.pop().expect("every record has a version");
        Self { current, older }
    }

    fn knows(&self, fingerprint: [u8; 8]) -> bool {
        self.current.fingerprint == fingerprint || self.older(fingerprint).is_some()
    }

    /// The older version of this fingerprint, if one is.
    pub(crate) fn older(&self, fingerprint: [u8; 8]) -> Option<&Version> {
        self.older.iter().find(|version| version.fingerprint == fingerprint)
    }
}

impl Version {
    fn parse(text: &str) -> Self {
        // Leaked on purpose: as many schemas as there are releases, and they live as long as the process.
        let schema: &'static Schema =
            Box::leak(Box::new(Schema::parse_str(text).expect("a test parses every released schema")));
        Self {
            fingerprint: fingerprint(text),
            schema,
            writer: GenericDatumWriter::builder(schema).build().expect("the schema names only its own types"),
            reader: GenericDatumReader::builder(schema).build().expect("the schema names only its own types"),
        }
    }

    /// A reader of what this version wrote that answers with values of a newer one.
    pub(crate) fn reader_as(&self, newer: &Self) -> apache_avro::AvroResult<GenericDatumReader<'static>> {
        GenericDatumReader::builder(self.schema).reader_schema(newer.schema).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_records_share_a_fingerprint() {
        let fingerprints: std::collections::BTreeSet<_> =
            AvroRecord::ALL.iter().map(|record| record.fingerprint()).collect();
        assert_eq!(fingerprints.len(), AvroRecord::ALL.len());
        for record in AvroRecord::ALL {
            assert_eq!(AvroRecord::of_fingerprint(record.fingerprint()), Some(*record));
        }
        assert_eq!(AvroRecord::of_fingerprint([0; 8]), None);
    }

    #[test]
    fn the_full_name_begins_with_the_namespace() {
        assert_eq!(AvroRecord::IncidentEvent.full_name(), "braid.v1.IncidentChange");
    }

    #[test]
    fn a_corrupt_length_cannot_claim_more_than_the_limit() {
        AvroRecord::Tick.codec();
        assert_eq!(apache_avro::util::max_allocation_bytes(usize::MAX), FIELD_BYTES_MAX);
    }
}
