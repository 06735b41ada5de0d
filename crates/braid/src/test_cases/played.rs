use std::collections::BTreeMap;

use braid_alert::{Alert, AlertKey, Incident, IncidentStatus};
use braid_engine::{Effect, Firing, Input, Partition, Settings};

/// What alerts have come to.
pub(super) struct Played {
    /// Every incident that stands at the end.
    pub(super) incidents: Vec<Incident>,
    /// How many alerts each rule has raised and not withdrawn.
    pub(super) fired: BTreeMap<String, usize>,
    /// The rules that raised alerts.
    raised: BTreeMap<AlertKey, String>,
    /// What could not be held or looked at, a sentence each: no case means that.
    pub(super) rejected: Vec<String>,
}

/// Plays alerts, one after the other.
pub(super) fn play(alerts: &[Alert], settings: &Settings) -> Played {
    let mut partition = Partition::new(settings.clone());
    let mut effects = Vec::new();
    for alert in alerts {
        partition.apply(Input::Alert(Box::new(alert.clone())), &mut effects);
    }
    let mut played = Played {
        incidents: Vec::new(),
        fired: BTreeMap::new(),
        raised: BTreeMap::new(),
        rejected: Vec::new(),
    };
    effects.into_iter().for_each(|effect| played.take(effect));
    let incidents =
        partition.incident_ids().into_iter().filter_map(|(tenant, id)| partition.incident(&tenant, id));
    played.incidents = incidents.filter(|incident| incident.status != IncidentStatus::Redirected).collect();
    played.incidents.sort_by_key(|incident| (incident.first_activity, incident.id));
    played
}

impl Played {
    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::RuleFired { rule, alert, firing: Firing::Raised, .. } => {
                *self.fired.entry(rule.to_string()).or_default() += 1;
                self.raised.insert(alert, rule.to_string());
            }
            Effect::RuleFired { rule, firing: Firing::Withdrawn, .. } => {
                if let Some(count) = self.fired.get_mut(&*rule) {
                    *count -= 1;
                }
            }
            Effect::RuleLimited { rule, limit, .. } => {
                self.rejected.push(format!("rule {rule} may have missed something: too many {limit}"));
            }
            Effect::Reject { alert, reason } => {
                self.rejected.push(format!("alert {alert} was rejected: {reason}"))
            }
            _ => {}
        }
    }

    /// The alerts of an incident as cases name them, sorted.
    pub(super) fn alerts_of(&self, incident: &Incident) -> Vec<String> {
        let name = |key: AlertKey| match self.raised.get(&key) {
            Some(rule) => format!("rule:{rule}"),
            None => key.id.to_string(),
        };
        let keys = incident
            .alerts
            .iter()
            .map(|alert| AlertKey { provider: alert.provider.clone(), id: alert.id.clone() });
        let mut names: Vec<String> = keys.map(name).collect();
        names.sort();
        names
    }
}
