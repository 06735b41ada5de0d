//! Commands drawn at random, about what is there.

use std::collections::BTreeMap;

use braid_alert::{
    Action, AlertKey, Classification, Command, Determination, Identifier, IdentifierKind, IncidentId, Origin,
    Pair, SourceTime, Tenant,
};
use braid_engine::{Partition, StateRecord};
use proptest::prelude::*;

/// A command before it is known what there is to command.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    action: u8,
    minutes: i64,
    tenant: bool,
    version: Option<i64>,
    /// What it picks of incidents, alerts, names and values.
    picks: (usize, usize, u8, u8),
    id: u8,
}

pub(crate) fn wish() -> impl Strategy<Value = Wish> {
    let picks = (0usize..40, 0usize..40, 0u8..6, 0u8..6);
    (action(), 0i64..4_600, prop::bool::weighted(0.15), prop::option::weighted(0.1, 1i64..6), picks, 0u8..20)
        .prop_map(|(action, minutes, tenant, version, picks, id)| Wish {
            action,
            minutes,
            tenant,
            version,
            picks,
            id,
        })
}

/// What makes incidents of several alerts, and what needs such, more often than the rest.
fn action() -> impl Strategy<Value = u8> {
    prop_oneof![2 => 0u8..16, 3 => 6u8..12]
}

impl Wish {
    pub(crate) fn command(&self, partition: &Partition) -> Command {
        let tenant = Tenant::new(if self.tenant { "small" } else { "large" });
        let ids: Vec<_> = partition.incident_ids().into_iter().filter(|(t, _)| *t == tenant).collect();
        let picked = |place: usize| ids.get(place % ids.len().max(1)).map(|(_, id)| *id);
        // Looked up only where it is needed: it costs more than the command.
        let any = || {
            let alerts: Vec<_> = alerts_by_group(partition, &tenant).into_values().flatten().collect();
            let pick = |n: usize| alerts.get(n % alerts.len().max(1)).cloned().unwrap_or_else(nothing);
            Pair::Alerts(pick(self.picks.0), pick(self.picks.1))
        };
        let part_of = || self.part_of_some(partition, &tenant).unwrap_or((nobody(), vec![nothing()]));
        let incident = picked(self.picks.0).unwrap_or_else(nobody);
        let other = picked(self.picks.1).unwrap_or_else(nobody);
        let action = match self.action {
            7 => {
                let (incident, alerts) = part_of();
                Action::Split { incident, alerts }
            }
            8 => {
                let (incident, alerts) = part_of();
                Action::Move { incident, alerts, to: other }
            }
            9 => Action::MustLink(any()),
            10 => Action::CannotLink(any()),
            11 => Action::CannotLink(self.pair_within(partition, &tenant).unwrap_or_else(any)),
            12.. => self.ruling(),
            _ => self.about(incident, other),
        };
        let at = SourceTime::from_millis(1_772_409_600_000 + self.minutes * 60_000);
        Command {
            tenant,
            id: format!("c{}", self.id).into(),
            author: "ann".into(),
            reason: Some("because".into()),
            expected_version: self.version,
            action,
            origin: origin(at),
        }
    }

    fn about(&self, incident: IncidentId, other: IncidentId) -> Action {
        let (a, b) = (self.picks.2, self.picks.3);
        let word = |n: u8| (n > 0).then(|| format!("word{n}").into());
        match self.action {
            0 => Action::Assign { incident, assignee: word(a / 2), group: word(b / 3) },
            1 => Action::Classify {
                incident,
                classification: Classification::KNOWN.get(usize::from(a)).cloned(),
                determination: Determination::KNOWN.get(usize::from(b)).cloned(),
            },
            2 => Action::Comment { incident, text: format!("Comment {a}\n").into() },
            3 => Action::Tag {
                incident,
                add: vec![format!("tag{a}").into()],
                remove: vec![format!("tag{b}").into()],
            },
            4 => Action::Resolve { incident },
            5 => Action::Reopen { incident },
            _ => Action::Merge { incident, from: other },
        }
    }

    /// What is said of entities, by names from the pools that alerts draw from.
    fn ruling(&self) -> Action {
        let (a, b) = (name(self.picks.2, self.picks.0), name(self.picks.3, self.picks.1));
        let pair = Pair::Entities(a.clone(), b);
        let tag = |n: u8| vec![format!("tag{n}").into()];
        match self.action {
            12 => Action::MustLink(pair),
            13 => Action::CannotLink(pair),
            14 => Action::TagEntity { entity: a, add: tag(self.picks.3), remove: tag(self.picks.2) },
            _ => Action::Exclude { entity: a, excluded: self.picks.3 > 1 },
        }
    }

    /// An incident of several alerts, if there is one, and one or two of them.
    fn part_of_some(&self, partition: &Partition, tenant: &Tenant) -> Option<(IncidentId, Vec<AlertKey>)> {
        let groups: Vec<_> =
            alerts_by_group(partition, tenant).into_iter().filter(|(_, alerts)| alerts.len() > 1).collect();
        let (group, alerts) = groups.get(self.picks.0 % groups.len().max(1))?;
        let holds = |record: &StateRecord| match record {
            StateRecord::Incident(r) if r.tenant == *tenant && r.group == Some(*group) => Some(r.id),
            _ => None,
        };
        let incident = partition.records().values().find_map(holds)?;
        let pick = |n: usize| alerts[(self.picks.1 + n) % alerts.len()].clone();
        Some((incident, (0..=usize::from(self.picks.3 % 2)).map(pick).collect()))
    }

    fn pair_within(&self, partition: &Partition, tenant: &Tenant) -> Option<Pair> {
        let (_, alerts) = self.part_of_some(partition, tenant)?;
        Some(Pair::Alerts(alerts.first()?.clone(), alerts.get(1)?.clone()))
    }
}

/// The alerts of a tenant by the group that they are in.
fn alerts_by_group(partition: &Partition, tenant: &Tenant) -> BTreeMap<i64, Vec<AlertKey>> {
    let mut groups: BTreeMap<i64, Vec<AlertKey>> = BTreeMap::new();
    for record in partition.records().values() {
        if let StateRecord::Alert(record) = record
            && record.alert.tenant == *tenant
        {
            groups.entry(record.group).or_default().push(record.alert.key());
        }
    }
    groups
}

fn name(kind: u8, n: usize) -> Identifier {
    let n = n % 5;
    let (kind, value) = match kind {
        0 => (IdentifierKind::Sid, format!("S-1-5-21-1-2-3-{n}")),
        1 => (IdentifierKind::Upn, format!("user{n}@contoso.com")),
        2 => return Identifier::domain_account("contoso", &format!("user{n}")).unwrap(),
        3 => (IdentifierKind::Fqdn, format!("host{n}.contoso.com")),
        4 => (IdentifierKind::DefenderDeviceId, format!("dev{n}")),
        _ => return Identifier::address(&format!("10.0.0.{n}")).unwrap(),
    };
    Identifier::new(kind, &value).unwrap()
}

fn nobody() -> IncidentId {
    IncidentId::parse("00000000-0000-0000-0000-000000000000").unwrap()
}

fn nothing() -> AlertKey {
    AlertKey { provider: braid_alert::Provider::DefenderForEndpoint, id: braid_alert::AlertId::new("none") }
}

fn origin(source_time: SourceTime) -> Origin {
    Origin {
        source: "s".into(),
        topic: "commands".into(),
        partition: 0,
        offset: 0,
        element: 0,
        source_time,
        source_time_capped: false,
    }
}
