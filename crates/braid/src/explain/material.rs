use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use braid_alert::{EntityId, Incident, IncidentChange, IncidentEntity, IncidentId};
use braid_wire::incident::{decode_change, decode_incident};

use crate::api::Api;
use crate::cli::{self, Explain};
use crate::config::{self, Config};
use crate::decode::Refusals;
use crate::dump::line;
use crate::replay;
use crate::run::told;
use crate::{topology, validate};

/// What there is to tell from: the newest record of each incident, and changes, if there are any.
#[derive(Debug, Default)]
pub(super) struct Material {
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    /// In the order of incident and version.
    pub(super) changes: BTreeMap<(IncidentId, i64), IncidentChange>,
}

impl Material {
    /// Reads what the command line names: files, an API, else the topics of the configuration.
    pub(super) fn gather(arguments: &Explain, refusals: &mut Refusals) -> anyhow::Result<Self> {
        let mut material = Self::default();
        match (&arguments.url, &arguments.format, &arguments.files[..]) {
            (Some(url), ..) => material.ask(Api::at(url, arguments.token.clone()), &arguments.incident)?,
            (None, Some(_), _) => material.replay(arguments, refusals)?,
            (None, None, []) => material.read_topics(arguments)?,
            (None, None, files) => files.iter().try_for_each(|file| material.read_file(file))?,
        }
        Ok(material)
    }

    fn take_incident(&mut self, incident: Incident) {
        let newer = self.incidents.get(&incident.id).is_none_or(|known| known.version <= incident.version);
        if newer {
            self.incidents.insert(incident.id, incident);
        }
    }

    fn take_change(&mut self, change: IncidentChange) {
        self.changes.insert((change.incident, change.version), change);
    }

    /// A record of one of the two topics, whichever it is.
    fn take(&mut self, value: &[u8]) -> anyhow::Result<()> {
        match decode_change(value) {
            Ok(change) => self.take_change(change),
            Err(_) => self.take_incident(decode_incident(value)?),
        }
        Ok(())
    }

    fn replay(&mut self, arguments: &Explain, refusals: &mut Refusals) -> anyhow::Result<()> {
        let format = arguments.format.context("a format is named")?;
        let inputs: Vec<cli::Input> =
            arguments.files.iter().map(|file| cli::Input { format, file: file.clone() }).collect();
        let path = arguments.config.path();
        let config = arguments.config.is_named().then_some(&*path);
        let each = &mut |event: &[u8]| {
            let change = decode_change(event).map_err(|refusal| io::Error::other(refusal.to_string()))?;
            self.take_change(change);
            Ok(())
        };
        let incidents = replay::incidents_of(&inputs, arguments.tenant.as_deref(), config, each, refusals)?;
        incidents.into_iter().for_each(|incident| self.take_incident(incident));
        Ok(())
    }

    fn read_file(&mut self, file: &Path) -> anyhow::Result<()> {
        let reader: Box<dyn BufRead> = if file == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
            Box::new(BufReader::new(opened))
        };
        for (number, read) in reader.split(b'\n').enumerate() {
            let bytes = read.with_context(|| format!("reading {}", file.display()))?;
            let place = || format!("{}:{} is no incident and no change of one", file.display(), number + 1);
            self.take_line(bytes.trim_ascii()).with_context(place)?;
        }
        Ok(())
    }

    /// A record as JSON, or a line of `braid dump`.
    fn take_line(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if !bytes.starts_with(b"{\"topic\":") {
            return self.take(bytes);
        }
        let dumped = line::read(bytes)?;
        dumped.value.map_or(Ok(()), |value| self.take(&value))
    }

    fn read_topics(&mut self, arguments: &Explain) -> anyhow::Result<()> {
        let config = Config::read(&arguments.config.path(), config::variables())?;
        let connection = validate::connection(&config)?;
        let group = topology::normalise_group(&config);
        for topic in [&config.topics.incidents, &config.topics.incident_events] {
            let mut failed = None;
            let read = braid_kafka::dump(&connection, &group, topic, &mut |record| {
                if let Some(value) = record.value.as_deref() {
                    let taken = self.take(value);
                    failed = failed.take().or(taken.err().map(|error| (record.offset, error)));
                }
            });
            read.map_err(|failure| anyhow::anyhow!("{}", told(&failure)))?;
            if let Some((offset, error)) = failed {
                return Err(error).with_context(|| format!("offset {offset} of {topic}"));
            }
        }
        Ok(())
    }

    /// Asks a running braid: for the record, and if only the beginning of the id is given, for the list first.
    fn ask(&mut self, api: Api, asked: &str) -> anyhow::Result<()> {
        let ids = match IncidentId::parse(asked) {
            Some(id) => vec![id],
            None => api.ids_that_begin(asked)?,
        };
        for id in ids {
            if let Some(record) = api.incident(id)? {
                self.take_incident(
                    decode_incident(&record).with_context(|| format!("what the API says of {id}"))?,
                );
            }
        }
        Ok(())
    }

    /// What is known of an entity, from whichever record shows it.
    pub(super) fn entity(&self, within: &Incident, id: EntityId) -> Option<IncidentEntity> {
        let of = |incident: &Incident| incident.entities.iter().find(|entity| entity.id == id).cloned();
        let same_tenant = self.incidents.values().filter(|incident| incident.tenant == within.tenant);
        of(within).or_else(|| same_tenant.filter_map(of).next())
    }
}
