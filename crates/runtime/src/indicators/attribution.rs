use braid_wire::{StixParty, StixPartyKind};

use super::index::IDS_MAX;
use super::table::SourceTable;

/// How far an attribution is followed: an indicator shows a malware, which is of a campaign, which is of a set, which is of
/// an actor.
const ATTRIBUTIONS_MAX: usize = 4;

/// Who is behind an indicator.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Behind<'t> {
    pub(super) actor: Option<&'t StixParty>,
    pub(super) campaign: Option<&'t StixParty>,
    pub(super) malware: Option<&'t StixParty>,
}

impl SourceTable {
    /// Who is behind an indicator, by what it indicates and whom that is attributed to. Of several of a kind the nearest,
    /// of those the first by name, so that the order of the records does not decide.
    pub(super) fn behind(&self, indicator: &str) -> Behind<'_> {
        let mut behind = Behind::default();
        let mut set = None;
        let mut reached: Vec<&str> = vec![indicator];
        let mut seen: Vec<&str> = vec![indicator];
        for _ in 0..ATTRIBUTIONS_MAX {
            let next = self.next(&reached, &seen);
            let mut parties: Vec<&StixParty> = next.iter().filter_map(|id| self.party(id)).collect();
            parties.sort_by_key(|party| &party.name);
            for party in parties {
                let place = match party.kind {
                    StixPartyKind::ThreatActor => &mut behind.actor,
                    StixPartyKind::IntrusionSet => &mut set,
                    StixPartyKind::Campaign => &mut behind.campaign,
                    StixPartyKind::Malware => &mut behind.malware,
                };
                place.get_or_insert(party);
            }
            seen.extend(&next);
            reached = next;
        }
        behind.actor = behind.actor.or(set);
        behind
    }

    /// What the relationships from these lead to and has not been seen; of more than [`IDS_MAX`] the first by id.
    fn next<'t>(&'t self, reached: &[&str], seen: &[&str]) -> Vec<&'t str> {
        let mut next: Vec<&str> = reached.iter().flat_map(|id| self.targets(id)).collect();
        next.sort_unstable();
        next.dedup();
        next.retain(|id| !seen.contains(id));
        next.truncate(IDS_MAX.saturating_sub(seen.len()));
        next
    }
}
