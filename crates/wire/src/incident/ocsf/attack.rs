//! OCSF's `attack` objects: a tactic or a technique each, for which tactic a technique served is not known.

use braid_alert::{Phase, Technique};
use serde::Serialize;

use crate::incident::attack_names::{parts, tactic, technique_name};

#[derive(Debug, Serialize)]
pub(super) struct Attack<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tactic: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    technique: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_technique: Option<Named<'a>>,
}

#[derive(Debug, Serialize)]
struct Named<'a> {
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
}

/// The phases that are tactics of ATT&CK, then the techniques.
pub(super) fn attacks<'a>(
    phases: impl Iterator<Item = &'a Phase>,
    techniques: &'a [Technique],
) -> Vec<Attack<'a>> {
    let tactics = phases.filter_map(tactic).map(|(uid, name)| Attack {
        tactic: Some(Named { uid, name: Some(name) }),
        technique: None,
        sub_technique: None,
    });
    tactics.chain(techniques.iter().map(technique)).collect()
}

fn technique(technique: &Technique) -> Attack<'_> {
    let (uid, sub) = parts(technique);
    Attack {
        tactic: None,
        technique: Some(Named { uid, name: technique_name(uid) }),
        sub_technique: sub.map(|uid| Named { uid, name: None }),
    }
}
