use std::collections::{BTreeMap, BTreeSet};

use braid_wire::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Plain;
use super::{Config, Source};

/// What must be switched on: `braid audit` says whether it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// The integrations that must be on: `identity`, `endpoint`, `cloud`, `mobile`, `directory`, `commands`, `intelligence`, those of
    /// `integrations`, and `WDATP`, the integration of Defender for Endpoint with Defender for Cloud, which Azure is asked
    /// about.
    #[schemars(example = ["identity", "endpoint"])]
    pub require: Vec<String>,
    /// The sources of each integration, where the format does not say it: that of the formats `mdi-cef`,
    /// `defender-endpoint-alert`, `defender-cloud-alert` and `zimperium-mtd` is known, as is that of directories and
    /// commands. A source of any other one that stands nowhere here is an integration of its own name. One is on if one of
    /// its sources is.
    #[schemars(example = integrations_example())]
    pub integrations: BTreeMap<String, Vec<String>>,
}

fn integrations_example() -> Plain {
    Plain::table([("identity", Plain::List(vec!["defender-for-identity".into()]))])
}

/// What is asked of Azure.
pub(crate) const WDATP: &str = "WDATP";

impl Audit {
    /// The integrations that a source belongs to.
    fn of_source<'a>(&'a self, source: &'a Source) -> Vec<&'a str> {
        let lists = |(name, sources): (&'a String, &Vec<String>)| {
            sources.contains(&source.name).then_some(name.as_str())
        };
        let named: Vec<&str> = self.integrations.iter().filter_map(lists).collect();
        if named.is_empty() {
            return vec![source.format.and_then(|format| of_format(format.0)).unwrap_or(&source.name)];
        }
        named
    }
}

impl Config {
    /// The integrations that may be asked for: those of sources, and those that every source of some format would be.
    pub(crate) fn known_integrations(&self) -> BTreeSet<&str> {
        let mut known: BTreeSet<&str> =
            self.sources.iter().flat_map(|source| self.audit.of_source(source)).collect();
        // Not by `extend`, which would take the names of the sources to live for ever.
        for name in Format::ALL.into_iter().filter_map(of_format).chain([WDATP]) {
            known.insert(name);
        }
        known.extend(self.audit.integrations.keys().map(String::as_str));
        known
    }

    /// Every integration by name, and whether it is on; those that must be and have no source are not.
    pub(crate) fn integrations(&self) -> BTreeMap<&str, bool> {
        let required = self.audit.require.iter().map(|name| (name.as_str(), false));
        let mut on: BTreeMap<&str, bool> = required.filter(|(name, _)| *name != WDATP).collect();
        for source in &self.sources {
            for integration in self.audit.of_source(source) {
                *on.entry(integration).or_default() |= source.enabled;
            }
        }
        on
    }
}

/// The integration of a format that only one product writes.
const fn of_format(format: Format) -> Option<&'static str> {
    match format {
        Format::MdiCef => Some("identity"),
        Format::DefenderEndpointAlert => Some("endpoint"),
        Format::DefenderCloudAlert => Some("cloud"),
        Format::ZimperiumMtd => Some("mobile"),
        Format::BraidDirectoryJson | Format::BraidDirectoryAvro => Some("directory"),
        Format::BraidCommandJson | Format::BraidCommandAvro => Some("commands"),
        Format::StixIndicator => Some("intelligence"),
        _ => None,
    }
}
