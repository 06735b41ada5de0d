//! Alerts that nobody has ever raised: several tenants, attacks that grow together, revisions, resolutions.

use std::fmt::Write;

/// Minutes that pass from one alert to the next, at most.
const GAP_MINUTES_MAX: u64 = 2;
/// Hosts, each with a user of its own, that alerts of a tenant are about.
const HOSTS: u64 = 9;

/// An alert in braid's own JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invented {
    /// Whose.
    pub tenant: String,
    /// Its id, unique in all tenants.
    pub id: String,
    /// The record.
    pub json: String,
}

/// What an alert says of itself; a revision changes the first three.
#[derive(Debug, Clone)]
struct Draft {
    status: &'static str,
    severity: &'static str,
    updated: u64,
    tenant: u64,
    number: usize,
    minute: u64,
    hosts: Vec<u64>,
}

/// So many records of so many tenants, the same for the same seed. About every third is a revision of an earlier one;
/// about every sixth names the hosts of two attacks.
pub fn invent(seed: u64, records: usize, tenants: u64) -> Vec<Invented> {
    let mut dice = Dice(seed);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut minute = 0;
    let mut invented = Vec::with_capacity(records);
    while invented.len() < records {
        minute += dice.below(GAP_MINUTES_MAX + 1);
        let at = if !drafts.is_empty() && dice.below(3) == 0 {
            let at = usize::try_from(dice.below(drafts.len() as u64)).expect("it is less than a length");
            revise(&mut drafts[at], minute, &mut dice);
            at
        } else {
            drafts.push(draft(drafts.len(), minute, tenants, &mut dice));
            drafts.len() - 1
        };
        invented.push(drafts[at].written());
    }
    invented
}

fn draft(number: usize, minute: u64, tenants: u64, dice: &mut Dice) -> Draft {
    let mut hosts = vec![dice.below(HOSTS)];
    if dice.below(6) == 0 {
        hosts.push(dice.below(HOSTS));
    }
    let severity = ["low", "medium", "high"][usize::try_from(dice.below(3)).unwrap_or(0)];
    let tenant = dice.below(tenants);
    Draft { status: "new", severity, updated: minute, tenant, number, minute, hosts }
}

fn revise(draft: &mut Draft, minute: u64, dice: &mut Dice) {
    draft.updated = minute;
    match dice.below(4) {
        0 => draft.severity = "high",
        1 => draft.status = "inProgress",
        _ => draft.status = "resolved",
    }
}

impl Draft {
    fn written(&self) -> Invented {
        let Self { status, severity, tenant, number, .. } = self;
        let (tenant, id) = (format!("tenant-{tenant}"), format!("alert-{number}"));
        let mut evidence = String::new();
        for host in &self.hosts {
            let comma = if evidence.is_empty() { "" } else { "," };
            let _ = write!(
                evidence,
                r#"{comma}{{"kind":"host","role":"impacted","identifiers":[{{"kind":"fqdn","value":"h{host}.example.com"}}]}},{{"kind":"user","role":"impacted","identifiers":[{{"kind":"upn","value":"u{host}@example.com"}}]}}"#
            );
        }
        let (begun, updated) = (time(self.minute), time(self.updated));
        let json = format!(
            r#"{{"tenant":"{tenant}","provider":"microsoftDefenderForEndpoint","id":"{id}","title":"Finding {number}","severity":"{severity}","status":"{status}","first_activity":"{begun}","updated":"{updated}","evidence":[{evidence}]}}"#
        );
        Invented { tenant, id, json }
    }
}

/// So many minutes after the beginning of a February.
fn time(minute: u64) -> String {
    format!("2025-02-{:02}T{:02}:{:02}:00Z", 1 + minute / 1_440, minute / 60 % 24, minute % 60)
}

/// Numbers that look like chance (Knuth's linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_alerts_with_revisions_among_them() {
        let alerts = invent(7, 400, 4);
        assert_eq!(alerts, invent(7, 400, 4));
        let ids: std::collections::BTreeSet<&str> = alerts.iter().map(|alert| alert.id.as_str()).collect();
        assert!((200..350).contains(&ids.len()), "{}", ids.len());
        assert!(alerts.iter().all(|alert| serde_json::from_str::<serde_json::Value>(&alert.json).is_ok()));
    }
}
