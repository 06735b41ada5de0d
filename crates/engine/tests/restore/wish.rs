//! Commands drawn at random, about what is there.

use braid_alert::{
    Action, AlertKey, Classification, Command, Determination, Incident, IncidentId, Origin, Pair, SourceTime,
    Tenant,
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
    (0u8..13, 0i64..4_600, prop::bool::weighted(0.15), prop::option::weighted(0.1, 1i64..6), picks, 0u8..20)
        .prop_map(|(action, minutes, tenant, version, picks, id)| Wish {
            action,
            minutes,
            tenant,
            version,
            picks,
            id,
        })
}

impl Wish {
    pub(crate) fn command(&self, partition: &Partition) -> Command {
        let tenant = Tenant::new(if self.tenant { "small" } else { "large" });
        let ids: Vec<_> = partition.incident_ids().into_iter().filter(|(t, _)| *t == tenant).collect();
        let picked = |place: usize| ids.get(place % ids.len().max(1)).map(|(_, id)| *id);
        let first = picked(self.picks.0).and_then(|id| end_of(partition, &tenant, id));
        let alerts = alerts_of(partition, &tenant);
        let any = |place: usize| alerts.get(place % alerts.len().max(1)).cloned().unwrap_or_else(nothing);
        let incident = picked(self.picks.0).unwrap_or_else(nobody);
        let action = match self.action {
            9 => Action::MustLink(Pair::Alerts(any(self.picks.0), any(self.picks.1))),
            10 => Action::CannotLink(Pair::Alerts(any(self.picks.0), any(self.picks.1))),
            11 => Action::CannotLink(
                self.pair_within(first.as_ref()).unwrap_or_else(|| Pair::Alerts(any(0), any(1))),
            ),
            _ => self.about(incident, picked(self.picks.1).unwrap_or_else(nobody), first.as_ref()),
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

    fn about(&self, incident: IncidentId, other: IncidentId, first: Option<&Incident>) -> Action {
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
            6 => Action::Merge { incident, from: other },
            7 => Action::Split { incident, alerts: self.some_of(first) },
            _ => Action::Move { incident, alerts: self.some_of(first), to: other },
        }
    }

    /// One or two alerts of an incident.
    fn some_of(&self, incident: Option<&Incident>) -> Vec<AlertKey> {
        let Some(incident) = incident.filter(|incident| !incident.alerts.is_empty()) else {
            return vec![nothing()];
        };
        let key = |place: usize| {
            let alert = &incident.alerts[place % incident.alerts.len()];
            AlertKey { provider: alert.provider.clone(), id: alert.id.clone() }
        };
        (0..=usize::from(self.picks.3 % 2)).map(|n| key(self.picks.1 + n)).collect()
    }

    fn pair_within(&self, incident: Option<&Incident>) -> Option<Pair> {
        let keys = self.some_of(incident);
        Some(Pair::Alerts(keys.first()?.clone(), keys.get(1)?.clone()))
    }
}

/// The incident at the end of the redirects.
fn end_of(partition: &Partition, tenant: &Tenant, id: IncidentId) -> Option<Incident> {
    let incident = partition.incident(tenant, id)?;
    match incident.redirect_incident_id {
        Some(to) => partition.incident(tenant, to),
        None => Some(incident),
    }
}

fn alerts_of(partition: &Partition, tenant: &Tenant) -> Vec<AlertKey> {
    let records = partition.records();
    let alert = |record: &StateRecord| match record {
        StateRecord::Alert(record) if record.alert.tenant == *tenant => Some(record.alert.key()),
        _ => None,
    };
    records.values().filter_map(alert).collect()
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
