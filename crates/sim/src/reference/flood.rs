//! Floods: of many alerts that say the same within minutes the first are listed, and the others counted.

use std::collections::BTreeSet;

use braid_alert::{Alert, AlertStatus, EntityId, EntityKind, Flood, IncidentId, Provider};

use super::alert::{AlertFacts, Mention};
use super::history::History;

/// How many of the listed alerts of a flood stand beside its count.
const REPRESENTATIVES_MAX: usize = 5;

/// What alerts that say the same have in common: the product, its detector (or the title, where it names none), and whom
/// they are about, as it was when they arrived.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signature {
    provider: Provider,
    detector: Box<str>,
    about: BTreeSet<EntityId>,
}

impl History {
    /// Tools, of which each alert of a flood has others, do not count, nor do hosts that were concluded from addresses, nor
    /// what the vendor groups.
    pub(super) fn signature(&self, alert: &Alert, mentions: &[Mention]) -> Signature {
        let others = [
            EntityKind::File,
            EntityKind::Process,
            EntityKind::Registry,
            EntityKind::CloudLogon,
            EntityKind::VendorIncident,
            EntityKind::Threat,
        ];
        let counts =
            |mention: &&Mention| !mention.bound && !others.contains(&self.entity(mention.entity).kind);
        Signature {
            provider: alert.provider.clone(),
            detector: alert.detector.clone().unwrap_or_else(|| alert.title.clone()),
            about: mentions.iter().filter(counts).map(|mention| mention.entity).collect(),
        }
    }

    /// The alerts of an incident that its record lists.
    pub(super) fn listed_of(&self, incident: IncidentId) -> impl Iterator<Item = &AlertFacts> {
        self.alerts_of(incident).filter(|alert| !alert.folded)
    }

    /// Whether an alert that joins an incident is counted only: enough that say the same are listed there, and it is near
    /// in time to what they and those that are counted span.
    pub(super) fn folds(&self, incident: IncidentId, signature: &Signature, alert: &Alert) -> bool {
        let same = || self.alerts_of(incident).filter(|known| known.signature == *signature);
        let listed = same().filter(|known| !known.folded).count();
        let first = same().map(|known| known.alert.first_activity).min();
        let last = same().map(|known| known.alert.last_activity).max();
        let (Some(first), Some(last)) = (first, last) else { return false };
        let window = self.settings.flood_window;
        listed >= self.settings.flood_listed as usize
            && alert.first_activity.since(last) <= window
            && first.since(alert.last_activity) <= window
    }

    /// Alerts have left or come: what is counted is listed, in order of time, as far as too few that say the same are and
    /// there is room.
    pub(super) fn list_enough(&mut self, incident: IncidentId) {
        let mut counted: Vec<&AlertFacts> = self.alerts_of(incident).filter(|alert| alert.folded).collect();
        counted.sort_by_key(|alert| (alert.alert.first_activity, alert.arrival));
        for arrival in counted.iter().map(|alert| alert.arrival).collect::<Vec<_>>() {
            let signature = self.alert(arrival).signature.clone();
            let same = self.listed_of(incident).filter(|alert| alert.signature == signature).count();
            let full = self.listed_of(incident).count() >= self.settings.caps.incident_alerts_max as usize;
            self.alert_mut(arrival).folded = full || same >= self.settings.flood_listed as usize;
        }
    }

    /// The floods of an incident, the earliest first.
    pub(super) fn floods_of(&self, incident: IncidentId) -> Vec<Flood> {
        let mut seen: Vec<&Signature> = Vec::new();
        for alert in self.alerts_of(incident).filter(|alert| alert.folded) {
            if !seen.contains(&&alert.signature) {
                seen.push(&alert.signature);
            }
        }
        let mut floods: Vec<Flood> = seen.into_iter().map(|s| self.flood(incident, s)).collect();
        sort(&mut floods);
        floods
    }

    fn flood(&self, incident: IncidentId, signature: &Signature) -> Flood {
        let mut same: Vec<_> = self.alerts_of(incident).filter(|a| a.signature == *signature).collect();
        same.sort_by_key(|alert| (alert.folded, alert.alert.first_activity, alert.arrival));
        let earliest = &same[0].alert;
        let (folded, listed): (Vec<&AlertFacts>, Vec<&AlertFacts>) =
            same.iter().partition(|alert| alert.folded);
        let counted = || folded.iter().map(|alert| &alert.alert);
        let unresolved = counted().filter(|alert| alert.status != AlertStatus::Resolved).count();
        let said = "somebody is counted";
        Flood {
            provider: earliest.provider.clone(),
            detector: folded[0].alert.detector.clone(),
            title: earliest.title.clone(),
            representatives: listed.iter().take(REPRESENTATIVES_MAX).map(|alert| alert.key()).collect(),
            folded: folded.len() as i32,
            unresolved: unresolved as i32,
            first_activity: counted().map(|alert| alert.first_activity).min().expect(said),
            last_activity: counted().map(|alert| alert.last_activity).max().expect(said),
        }
    }
}

/// By time; which of two that began together comes first is not decided by anything that one could see.
pub(super) fn sort(floods: &mut [Flood]) {
    let keys = |flood: &Flood| flood.representatives.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>();
    floods.sort_by_key(|flood| (flood.first_activity, flood.provider.to_string(), keys(flood), flood.folded));
}
