//! Timelines: alerts as text in, what the engine answers as text out.
//!
//! ```text
//! 10:00 mdi/a1 "SAMR reconnaissance" phase=reconnaissance source=user:jeffl target=host:contosodc
//! 10:20 mde/b7 "Mimikatz" severity=high impacted=host:victimpc impacted=user:S-1-5-21-1-2-3-1104+contoso\jeffl
//! ```
//!
//! A line is an alert: the time of its activity, product and id, title, attributes, evidence. It arrives when it
//! happens, or at `arrives=HH:MM`; `+2d` before a time means two days later. A line `tick HH:MM` moves the clock. Names
//! of one entity are joined by `+`; their kind shows in their form. Commands are told in `command.rs`,
//! directory records in `directory.rs`.

mod command;
mod directory;

use std::collections::BTreeMap;
use std::fmt::Write;

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, EntityKind, EventTime, Evidence, HostAddress, Identifier,
    IdentifierKind, IncidentId, Origin, Phase, Provider, Role, Severity, SourceTime, Span, Tenant,
};
use braid_engine::{Effect, Input, Partition, Settings};

/// 2026-03-02T00:00:00Z, the first day of every timeline.
const DAY_ONE: i64 = 1_772_409_600_000_000;

/// Plays a timeline with the default settings.
pub(crate) fn play(timeline: &str) -> String {
    play_with(Settings::default(), timeline)
}

/// Plays a timeline.
pub(crate) fn play_with(settings: Settings, timeline: &str) -> String {
    let mut stage = Stage::new(settings);
    for line in timeline.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
    stage.out
}

/// A partition and the names that its incidents have on paper.
pub(crate) struct Stage {
    pub(crate) partition: Partition,
    numbers: BTreeMap<IncidentId, usize>,
    commands: usize,
    /// Rules by the ids of the alerts that they raised, which say nothing on paper.
    raised: BTreeMap<String, Box<str>>,
    pub(crate) out: String,
}

impl Stage {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            partition: Partition::new(settings),
            numbers: BTreeMap::new(),
            commands: 0,
            raised: BTreeMap::new(),
            out: String::new(),
        }
    }

    /// Plays one line; each comes after a restart from the changelog if it says so.
    pub(crate) fn take(&mut self, line: &str) {
        let mut effects = Vec::new();
        let input = match command::parse(line, &self.numbers, self.commands + 1) {
            Some(command) => {
                self.commands += 1;
                Input::Command(Box::new(command))
            }
            None => match directory::parse(line) {
                Some(record) => Input::Directory(Box::new(record)),
                None => parse(line),
            },
        };
        self.partition.apply(input, &mut effects);
        for effect in effects {
            let text = self.describe(effect);
            writeln!(self.out, "{text}").unwrap();
        }
    }

    fn number(&mut self, id: IncidentId) -> String {
        let next = self.numbers.len() + 1;
        format!("#{}", self.numbers.entry(id).or_insert(next))
    }

    fn alert(&self, id: &str) -> String {
        self.raised.get(id).map_or_else(|| id.to_owned(), |rule| format!("<{rule}>"))
    }

    fn describe(&mut self, effect: Effect) -> String {
        match effect {
            Effect::Incident(change) => {
                let mut text =
                    format!("{} v{} {}", self.number(change.incident), change.version, change.reason);
                if let Some(command) = change.command {
                    write!(text, " by {}", command.author).unwrap();
                }
                if let Some(alert) = change.alert {
                    write!(text, " {}", self.alert(alert.id.as_str())).unwrap();
                }
                let tenant = Tenant::new("t");
                for link in &change.links {
                    let entity = self.partition.entity(&tenant, link.entity);
                    let name = entity.map_or("?".into(), |e| e.identifiers[0].value.to_string());
                    write!(
                        text,
                        " [{} {} via {name} {} gap {}]",
                        link.reason,
                        self.alert(link.peer.id.as_str()),
                        link.weight,
                        link.gap
                    )
                    .unwrap();
                }
                if let Some(other) = change.other {
                    write!(text, " ({})", self.number(other)).unwrap();
                }
                write!(text, " {} {} alerts={}", change.status, change.severity, change.alerts).unwrap();
                text
            }
            Effect::Commanded { action, command, .. } => format!("{action} {command}: done"),
            Effect::CommandRefused { action, command, reason, .. } => {
                format!("{action} {command}: refused, {reason}")
            }
            Effect::Directory { object, outcome, .. } => format!("{object}: {outcome}"),
            Effect::DirectoryRejected { object, reason, .. } => format!("{object}: rejected, {reason}"),
            Effect::Unchanged(why) => format!("unchanged: {why}"),
            Effect::Reject { alert, reason } => format!("rejected {}: {reason}", alert.id),
            Effect::MergeRefused { into, other, reason, .. } => {
                format!("{} and {} stay two: {reason}", self.number(into), self.number(other))
            }
            Effect::HubDemoted { entity, .. } => {
                let known = self.partition.entity(&Tenant::new("t"), entity);
                format!("hub: {}", known.map_or("?".into(), |e| e.identifiers[0].value.to_string()))
            }
            Effect::RuleFired { rule, alert, firing, .. } => {
                self.raised.entry(alert.id.as_str().to_owned()).or_insert_with(|| rule.clone());
                format!("rule {rule} {firing}")
            }
            Effect::RuleLimited { rule, limit, .. } => format!("rule {rule} limited: {limit}"),
            Effect::IdentityConflict { identifier, .. } => format!("ambiguous: {identifier}"),
        }
    }
}

/// Reads a line of a timeline.
pub(crate) fn parse(line: &str) -> Input {
    if let Some(time) = line.strip_prefix("tick ") {
        let at = SourceTime::from_micros(instant(time));
        return Input::Tick { tenant: Tenant::new("t"), at };
    }
    let (time, rest) = line.split_once(' ').unwrap();
    let (id, rest) = rest.trim().split_once(' ').unwrap();
    let (title, rest) = rest.trim().strip_prefix('"').unwrap().split_once('"').unwrap();
    let (provider, id) = id.split_once('/').unwrap();
    let mut alert = blank(provider, id, title, instant(time));
    for word in rest.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap();
        set(&mut alert, key, value);
    }
    Input::Alert(Box::new(alert))
}

fn instant(text: &str) -> i64 {
    let (days, time) = match text.strip_prefix('+') {
        Some(text) => text.split_once('d').map(|(days, time)| (days.parse::<i64>().unwrap(), time)).unwrap(),
        None => (0, text),
    };
    let (hours, minutes) = time.split_once(':').unwrap();
    DAY_ONE
        + (Span::days(days).as_micros())
        + (hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()) * 60_000_000
}

fn provider(word: &str) -> Provider {
    match word {
        "mdi" => Provider::DefenderForIdentity,
        "mde" => Provider::DefenderForEndpoint,
        "mdo" => Provider::DefenderForOffice365,
        "mcas" => Provider::DefenderForCloudApps,
        other => Provider::from_text(other),
    }
}

fn blank(provider: &str, id: &str, title: &str, at: i64) -> Alert {
    let provider = self::provider(provider);
    let at_event = EventTime::from_micros(at);
    Alert {
        tenant: Tenant::new("t"),
        provider,
        id: AlertId::new(id),
        source_alert_id: None,
        title: title.into(),
        description: None,
        severity: Severity::Medium,
        status: AlertStatus::New,
        classification: None,
        determination: None,
        assignee: None,
        detector: None,
        category: None,
        phase: None,
        techniques: Vec::new(),
        first_activity: at_event,
        last_activity: at_event,
        created: None,
        updated: at_event,
        resolved: None,
        portal_url: None,
        indicators: Default::default(),
        evidence: Vec::new(),
        correlate: Correlate::Full,
        origin: Origin {
            source: "test".into(),
            topic: "alerts".into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: SourceTime::from_micros(at),
            source_time_capped: false,
        },
    }
}

fn set(alert: &mut Alert, key: &str, value: &str) {
    match key {
        "tenant" => alert.tenant = Tenant::new(value),
        "detector" => alert.detector = Some(value.into()),
        "severity" => alert.severity = Severity::from_text(value),
        "status" => alert.status = AlertStatus::from_text(value),
        "phase" => alert.phase = Some(Phase::from_text(value)),
        "correlate" => alert.correlate = Correlate::from_text(value),
        "until" => alert.last_activity = EventTime::from_micros(instant(value)),
        "arrives" => {
            alert.origin.source_time = SourceTime::from_micros(instant(value));
            alert.updated = EventTime::from_micros(instant(value));
        }
        role => alert.evidence.push(evidence(Role::from_text(role), value)),
    }
}

fn evidence(role: Role, value: &str) -> Evidence {
    let (kind, names) = value.split_once(':').unwrap();
    let kind = EntityKind::from_text(kind);
    let mut evidence = Evidence::new(kind.clone(), role);
    for name in names.split('+') {
        match name.split_once('@') {
            Some((tag, address)) if tag == "at" || tag == "egress" => {
                evidence.addresses.push(HostAddress { address: address.into(), egress: tag == "egress" });
            }
            _ if name.starts_with('%') => evidence.tags.push(name[1..].into()),
            _ => evidence.identifiers.push(identifier(&kind, name)),
        }
    }
    evidence
}

fn identifier(kind: &EntityKind, name: &str) -> Identifier {
    let kind = match kind {
        EntityKind::User | EntityKind::Host if name.starts_with("S-") => IdentifierKind::Sid,
        EntityKind::User if name.starts_with("oid-") || name.split('-').count() == 5 => {
            IdentifierKind::ObjectId
        }
        EntityKind::User | EntityKind::Mailbox if name.contains('@') => IdentifierKind::Upn,
        EntityKind::User if name.contains('\\') => {
            let (domain, account) = name.split_once('\\').unwrap();
            return Identifier::domain_account(domain, account).unwrap();
        }
        EntityKind::User if name.contains('_') => {
            return Identifier::new(IdentifierKind::DisplayName, &name.replace('_', " ")).unwrap();
        }
        EntityKind::User => IdentifierKind::AccountName,
        EntityKind::Host if name.starts_with("dev-") => IdentifierKind::DefenderDeviceId,
        EntityKind::Host if name.starts_with('/') => IdentifierKind::ResourceId,
        EntityKind::Host if name.contains('.') => IdentifierKind::Fqdn,
        EntityKind::Host => IdentifierKind::NetbiosName,
        EntityKind::Address => return Identifier::address(name).unwrap(),
        EntityKind::Url => return Identifier::url(name).unwrap(),
        EntityKind::File => IdentifierKind::Sha256,
        EntityKind::MailMessage => IdentifierKind::NetworkMessageId,
        EntityKind::VendorIncident => IdentifierKind::VendorIncidentId,
        EntityKind::Threat if name.starts_with('?') => {
            return Identifier::new(IdentifierKind::SuspectedThreatName, &name[1..]).unwrap();
        }
        EntityKind::Threat => IdentifierKind::ThreatName,
        _ => IdentifierKind::ResourceId,
    };
    Identifier::new(kind, name).unwrap()
}
