//! ECS `threat`: tactics and techniques of ATT&CK.

use std::collections::BTreeSet;

use braid_alert::Incident;
use serde::Serialize;

use crate::incident::attack_names::{parts, tactic, technique_name};

#[derive(Debug, Serialize)]
pub(super) struct Threat<'a> {
    framework: &'static str,
    tactic: Named<'a>,
    technique: Technique<'a>,
}

/// Ids, and the names of those that have one here.
#[derive(Debug, Serialize)]
struct Named<'a> {
    id: Vec<&'a str>,
    name: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Technique<'a> {
    #[serde(flatten)]
    techniques: Named<'a>,
    subtechnique: SubTechnique<'a>,
}

#[derive(Debug, Serialize)]
struct SubTechnique<'a> {
    id: Vec<&'a str>,
}

impl<'a> Threat<'a> {
    /// `None` if its alerts name neither a tactic nor a technique of ATT&CK.
    pub(super) fn of(incident: &'a Incident) -> Option<Self> {
        let (tactics, names) = incident.phases.iter().filter_map(|entry| tactic(&entry.phase)).unzip();
        let tactic = Named { id: tactics, name: names };
        let techniques: BTreeSet<&str> = incident.techniques.iter().map(|t| parts(t).0).collect();
        if tactic.id.is_empty() && techniques.is_empty() {
            return None;
        }
        Some(Self {
            framework: "MITRE ATT&CK",
            tactic,
            technique: Technique {
                techniques: Named {
                    name: techniques.iter().copied().filter_map(technique_name).collect(),
                    id: techniques.into_iter().collect(),
                },
                subtechnique: SubTechnique {
                    id: incident.techniques.iter().filter_map(|t| parts(t).1).collect(),
                },
            },
        })
    }
}
