//! What people want changed in a small world: mostly of incidents and alerts that are there, so that it can be done, and
//! sometimes of others. An engine plays along while a world is drawn to say which are there; what it does wrong does no
//! harm, for whatever is drawn is only asked for.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use braid_alert::{
    Action, AlertId, AlertKey, Classification, Command, Determination, Identifier, IdentifierKind, Incident,
    IncidentId, IncidentStatus, Pair, Provider, Tenant,
};
use braid_engine::{Input, Partition, StateRecord};

use crate::draw::{Drawing, Mood};
use crate::pool::{
    account, account_name, cloud_sid, device, display_name, fqdn, name, netbios, object_id, sid, spelled_id,
    upn,
};

impl Drawing {
    /// Lets the engine that plays along take an input. One that panics is asked no more.
    pub(crate) fn play_along(&mut self, input: &Input) {
        let Some(mut engine) = self.engine.take() else { return };
        let played = std::panic::catch_unwind(AssertUnwindSafe(|| {
            engine.apply(input.clone(), &mut Vec::new());
            engine.drain_changes();
            engine
        }));
        self.engine = played.ok();
    }

    pub(crate) fn command(&mut self) -> Command {
        let tenant = self.tenant();
        let mut incidents = self.engine.as_ref().map_or(Vec::new(), |engine| known(engine, &tenant));
        if matches!(self.mood, Mood::Quarrel | Mood::Trial) {
            incidents.retain(|incident| incident.status == IncidentStatus::Active);
            incidents.sort_by_key(|incident| std::cmp::Reverse(incident.last_changed));
            incidents.truncate(4);
        }
        let action = self.action(&incidents);
        let versions = action.incident().and_then(|id| incidents.iter().find(|known| known.id == id));
        let expected = versions.filter(|_| self.rng.chance(150)).map(|incident| incident.version);
        self.commands += 1;
        let number = if self.rng.chance(50) { self.rng.below(self.commands) } else { self.commands };
        Command {
            tenant,
            id: format!("c{number}").into(),
            author: ["ann", "bob"][self.rng.below(2)].into(),
            reason: self.text(),
            expected_version: expected.map(|version| version - i64::from(self.rng.chance(200))),
            action,
            origin: self.origin_now(),
        }
    }

    fn action(&mut self, incidents: &[Incident]) -> Action {
        let picked = self.pick(incidents, 2);
        let nobody = IncidentId::from_uuid(uuid::Uuid::nil());
        let incident = picked.as_ref().map_or(nobody, |incident| incident.id);
        let other = self.pick(incidents, 1).map_or(incident, |incident| incident.id);
        let drawn = match self.mood {
            Mood::Any => self.rng.below(26),
            Mood::Quarrel => [0, 0, 17][self.rng.below(3)],
            Mood::Trial => [2, 2, 17][self.rng.below(3)],
            Mood::Surgery => [8, 10, 14, 14, 17, 17, 20, 20][self.rng.below(8)],
        };
        match drawn {
            0..2 => Action::Assign { incident, assignee: self.text(), group: self.text() },
            2..4 => self.verdict(incident),
            4 => Action::Comment { incident, text: self.text().unwrap_or_default() },
            5 => Action::Tag { incident, add: self.texts(), remove: self.texts() },
            6 => Action::Resolve { incident },
            7 => Action::Reopen { incident },
            8..10 => Action::Merge { incident, from: other },
            10..14 => Action::Split { incident, alerts: self.some_alerts(picked.as_ref()) },
            14..17 => Action::Move { incident, alerts: self.some_alerts(picked.as_ref()), to: other },
            17..19 => Action::MustLink(Pair::Alerts(self.any_alert(), self.any_alert())),
            19 => Action::CannotLink(Pair::Alerts(self.any_alert(), self.any_alert())),
            20 => Action::CannotLink(self.two_of(picked.as_ref())),
            21 => Action::MustLink(Pair::Entities(self.any_name(), self.any_name())),
            22..24 => Action::CannotLink(Pair::Entities(self.any_name(), self.any_name())),
            24 => Action::Exclude { entity: self.any_name(), excluded: self.rng.chance(600) },
            _ => Action::TagEntity { entity: self.any_name(), add: self.texts(), remove: self.texts() },
        }
    }

    /// An incident: mostly an active one of so many alerts, if there is one.
    fn pick(&mut self, incidents: &[Incident], alerts_min: usize) -> Option<Incident> {
        let fits = |incident: &&Incident| {
            incident.status == IncidentStatus::Active && incident.alerts.len() >= alerts_min
        };
        let fitting: Vec<&Incident> = incidents.iter().filter(fits).collect();
        if fitting.is_empty() || self.rng.chance(200) {
            return self.rng.pick(incidents).cloned();
        }
        self.rng.pick(&fitting).map(|&incident| incident.clone())
    }

    fn verdict(&mut self, incident: IncidentId) -> Action {
        let classifications = [
            None,
            Some(Classification::Unknown),
            Some(Classification::TruePositive),
            Some(Classification::FalsePositive),
        ];
        let determinations =
            [None, Some(Determination::Unknown), Some(Determination::Malware), Some(Determination::Phishing)];
        Action::Classify {
            incident,
            classification: classifications[self.rng.below(4)].clone(),
            determination: determinations[self.rng.below(4)].clone(),
        }
    }

    /// What people write: few words, so that they say the same again; nothing; seldom too much.
    fn text(&mut self) -> Option<Box<str>> {
        match self.rng.below(60) {
            0 => Some("x".repeat(5_000).into()),
            1..20 => None,
            20..24 => Some("  ".into()),
            24..28 => Some(" ann ".into()),
            28..44 => Some("ann".into()),
            _ => Some("Ann".into()),
        }
    }

    fn texts(&mut self) -> Vec<Box<str>> {
        (0..self.rng.below(3)).filter_map(|_| self.text()).collect()
    }

    /// Alerts of an incident; seldom one of another.
    fn some_alerts(&mut self, incident: Option<&Incident>) -> Vec<AlertKey> {
        let share = [200, 500, 900][self.rng.below(3)];
        let all = incident.map_or(Vec::new(), |incident| self.keys_of(incident));
        let mut alerts: Vec<AlertKey> = all.into_iter().filter(|_| self.rng.chance(share)).collect();
        if self.rng.chance(60) {
            alerts.push(self.any_alert());
        }
        alerts
    }

    fn two_of(&mut self, incident: Option<&Incident>) -> Pair {
        let all = incident.map_or(Vec::new(), |incident| self.keys_of(incident));
        let mut one = || self.rng.pick(&all).cloned();
        match (one(), one()) {
            (Some(a), Some(b)) => Pair::Alerts(a, b),
            _ => Pair::Alerts(self.any_alert(), self.any_alert()),
        }
    }

    /// All alerts of an incident, those that its record only counts included.
    fn keys_of(&self, incident: &Incident) -> Vec<AlertKey> {
        let records = self.engine.as_ref().map_or(BTreeMap::new(), Partition::records);
        let group_of = |record: &StateRecord| match record {
            StateRecord::Incident(record) if record.id == incident.id => record.group,
            _ => None,
        };
        let group = records.values().find_map(group_of);
        let key_of = |record: &StateRecord| match record {
            StateRecord::Alert(record) => {
                let is_in_it = record.alert.tenant == incident.tenant && Some(record.group) == group;
                is_in_it.then(|| record.alert.key())
            }
            _ => None,
        };
        records.values().filter_map(key_of).collect()
    }

    fn any_alert(&mut self) -> AlertKey {
        let unknown = AlertKey { provider: Provider::DefenderForIdentity, id: AlertId::new("unknown") };
        self.rng.pick(&self.alerts).map_or(unknown, braid_alert::Alert::key)
    }

    fn any_name(&mut self) -> Identifier {
        let n = self.rng.below(5);
        match self.rng.below(22) {
            0..3 => sid(n),
            3..5 => upn(n),
            5..8 => account(n),
            8..10 => fqdn(n),
            10..13 => netbios(n),
            13..15 => device(n),
            15 => object_id(n),
            16 => account_name(n),
            17 => display_name(n),
            18 => [cloud_sid(n), spelled_id(n)][self.rng.below(2)].clone(),
            19 => name(IdentifierKind::AccountName, &format!("host{n}$")),
            20 => Identifier::address(&format!("10.0.0.{n}")).unwrap(),
            _ => name(IdentifierKind::AccountName, "krbtgt"),
        }
    }
}

fn known(engine: &Partition, tenant: &Tenant) -> Vec<Incident> {
    let ids = engine.incident_ids().into_iter().filter(|(whose, _)| whose == tenant);
    ids.filter_map(|(tenant, id)| engine.incident(&tenant, id)).collect()
}
