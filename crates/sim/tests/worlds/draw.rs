//! A small world: settings and inputs drawn from a seed; caps and windows are small enough to be reached.

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, DirectoryRecord, EventTime, Evidence, Origin, Phase, Provider,
    Role, Severity, SourceTime, Span, Technique, Tenant, Weight,
};
use braid_engine::{Caps, Input, Partition, Settings};
use braid_sim::Rng;

use crate::pool::{FAMILIES, piece_of};

/// 2026-03-02T00:00:00Z.
const START: i64 = 1_772_409_600_000_000;

/// A world: what decides, and what happens.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) inputs: Vec<Input>,
}

impl World {
    /// The world of a seed.
    pub(crate) fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mood = Mood::draw(&mut rng);
        let settings = if mood == Mood::Any { settings(&mut rng) } else { willing() };
        let mut drawing = Drawing::new(rng, mood, &settings);
        let length = 5 + drawing.rng.below(56);
        let next = |_| {
            let input = drawing.input();
            drawing.play_along(&input);
            input
        };
        let inputs = (0..length).map(next).collect();
        Self { settings, inputs }
    }
}

/// Incidents become one wherever nobody has said anything against it, and none is full.
fn willing() -> Settings {
    let merge_at = Weight::from_millionths(120_000);
    Settings { merge_at, disagreement: Weight::ONE, ..Settings::default() }
}

fn settings(rng: &mut Rng) -> Settings {
    let mut settings = Settings::default();
    if rng.chance(600) {
        settings.flood_listed = 1 + rng.below(4) as u32;
        settings.flood_window = Span::minutes([2, 10, 60][rng.below(3)]);
    }
    if rng.chance(600) {
        settings.hub_partners = 2 + rng.below(4) as u32;
        settings.partner_window = Span::hours(1 + rng.below(6) as i64);
    }
    if rng.chance(500) {
        settings.caps = Caps {
            incident_alerts_max: 2 + rng.below(5) as u32,
            incident_entities_max: 4 + rng.below(8) as u32,
            incident_span_max: Span::hours(2 + rng.below(12) as i64),
            ..Caps::default()
        };
    }
    if rng.chance(500) {
        settings.late_join = Span::hours(4 + rng.below(40) as i64);
        settings.dedupe_retention =
            Span::micros(settings.late_join.as_micros() + Span::hours(rng.below(48) as i64).as_micros());
    }
    if rng.chance(500) {
        settings.join_at = Weight::from_millionths([120_000, 200_000, 400_000][rng.below(3)]);
        settings.merge_at = Weight::from_millionths([120_000, 300_000, 700_000][rng.below(3)]);
        settings.weights.file = Weight::from_millionths([100_000, 300_000][rng.below(2)]);
        settings.weights.files_max = Weight::from_millionths([150_000, 350_000][rng.below(2)]);
        settings.sequence_bonus = Weight::from_millionths([0, 100_000, 250_000][rng.below(3)]);
    }
    if rng.chance(500) {
        settings.crowd_incidents = 1 + rng.below(4) as u32;
        settings.crowd_accounts = 1 + rng.below(3) as u32;
        settings.crowd_merge_max = rng.below(3) as u32;
        settings.part_alerts_max = 1 + rng.below(4) as u32;
        settings.disagreement = Weight::from_millionths([300_000, 700_000, 1_000_000][rng.below(3)]);
        settings.silence = Weight::from_millionths([400_000, 800_000, 1_000_000][rng.below(3)]);
        settings.nearest_mentions = 1 + rng.below(8) as u32;
    }
    if rng.chance(100) {
        settings.directory_entries_max = 1 + rng.below(3) as u32;
    }
    settings.reopen_within = Span::minutes([0, 0, 30, 300][rng.below(4)]);
    settings.ip_binding = Span::minutes([480, 30][rng.below(2)]);
    settings.activity_max = Span::minutes([120, 10][rng.below(2)]);
    settings
}

/// What people do in a world. In most they do this and that; so that what one command does shows in another one, there are
/// some in which they do one thing, to few incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Any,
    /// They say whose an incident is, differently.
    Quarrel,
    /// They say what an incident was found to be, differently.
    Trial,
    /// They take incidents apart and put them together again.
    Surgery,
}

impl Mood {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(12) {
            0 => Self::Quarrel,
            1 => Self::Trial,
            2 => Self::Surgery,
            _ => Self::Any,
        }
    }
}

/// What is drawn next depends on what was drawn before: times go on, alerts come again.
pub(crate) struct Drawing {
    pub(crate) rng: Rng,
    /// Source time, in minutes from the start.
    now: i64,
    pub(crate) alerts: Vec<Alert>,
    /// Of 1,000 pieces of evidence, how many are of each family; it gives each world a face of its own.
    families: [usize; 3],
    spacing: usize,
    /// Of 100 inputs, how many are of a directory, and of the others how many are commands.
    shares: [usize; 2],
    /// Most alerts are new, and draw others in.
    calm: bool,
    /// How many numbers there are in names: with few, nearly everything is linked.
    names: usize,
    /// Of 1,000 new alerts, how many say what one before them said.
    repeats: u32,
    /// What directories have said so far.
    pub(crate) listed: Vec<DirectoryRecord>,
    pub(crate) mood: Mood,
    /// How many commands there were.
    pub(crate) commands: usize,
    /// Where there are commands: what has come of the inputs so far.
    pub(crate) engine: Option<Partition>,
}

impl Drawing {
    fn new(mut rng: Rng, mood: Mood, settings: &Settings) -> Self {
        // Users and hosts, where incidents are to be large enough to be argued about.
        let kinds = if mood == Mood::Any { FAMILIES } else { 10 };
        let families = [rng.below(kinds), rng.below(kinds), rng.below(kinds)];
        let spacing = [3, 12, 40, 200][rng.below(4)];
        let shares = [[0, 0, 10, 30][rng.below(4)], [0, 10, 30, 30][rng.below(4)]];
        let (shares, spacing) = if mood == Mood::Any { (shares, spacing) } else { ([0, 50], 8) };
        let repeats = [0, 100, 600][rng.below(3)];
        let names = [5, 5, 3, 2][rng.below(4)];
        let names = if mood == Mood::Any { names } else { 2 };
        let calm = mood != Mood::Any || rng.chance(500);
        Self {
            rng,
            now: 0,
            alerts: Vec::new(),
            families,
            spacing,
            shares,
            calm,
            names,
            repeats,
            mood,
            listed: Vec::new(),
            commands: 0,
            engine: (shares[1] > 0).then(|| Partition::new(settings.clone())),
        }
    }

    fn input(&mut self) -> Input {
        self.now += self.rng.below(self.spacing) as i64;
        if self.rng.chance(15) {
            self.now += 60 * self.rng.below(60) as i64;
        }
        if self.rng.below(100) < self.shares[0] {
            return Input::Directory(Box::new(self.directory_record()));
        }
        if self.rng.below(100) < self.shares[1] {
            return Input::Command(Box::new(self.command()));
        }
        match self.rng.below(100) {
            0..4 => {
                Input::Tick { tenant: self.tenant(), at: source_time(self.now + self.rng.below(300) as i64) }
            }
            4..30 if !self.alerts.is_empty() => Input::Alert(Box::new(self.again())),
            _ => Input::Alert(Box::new(self.alert())),
        }
    }

    pub(crate) fn tenant(&mut self) -> Tenant {
        Tenant::new(if self.rng.chance(80) { "small" } else { "large" })
    }

    fn alert(&mut self) -> Alert {
        let late = if self.rng.chance(200) { self.rng.below(600) as i64 } else { self.rng.below(10) as i64 };
        let first = event_time(self.now - late);
        let lasts = [0, 0, 3, 30, 300][self.rng.below(5)];
        let mut alert = blank_alert(&format!("a{}", self.alerts.len()), first);
        alert.tenant = self.tenant();
        alert.provider = self.provider();
        alert.severity = severity(&mut self.rng);
        alert.status = self.status();
        alert.phase = Phase::KNOWN.get(self.rng.below(2 * Phase::KNOWN.len())).cloned();
        alert.last_activity = first + Span::minutes(lasts);
        alert.updated = event_time(self.now);
        alert.detector = [None, None, Some("d0".into()), Some("d1".into())][self.rng.below(4)].clone();
        alert.evidence = self.evidence();
        alert.correlate = self.correlate();
        if self.rng.chance(self.repeats) {
            self.repeat(&mut alert);
        }
        alert.origin = self.origin_now();
        self.alerts.push(alert.clone());
        alert
    }

    /// Makes an alert say what one before it said, as those of a flood do; each may have a process of its own.
    fn repeat(&mut self, alert: &mut Alert) {
        let latest = self.alerts.len().saturating_sub(3 + self.rng.below(5));
        let place = latest + self.rng.below(self.alerts.len() - latest);
        let Some(before) = self.alerts.get(place) else { return };
        alert.provider = before.provider.clone();
        alert.detector = before.detector.clone().filter(|_| self.rng.below(4) > 0);
        alert.evidence = before.evidence.clone();
        if self.rng.chance(200) {
            alert.evidence.push(piece_of(12, self.rng.below(5), 0, Role::Related));
        }
    }

    /// An alert that was there before, as it was, or with more, or with another status; sometimes an older revision.
    fn again(&mut self) -> Alert {
        let place = self.rng.below(self.alerts.len());
        let mut alert = self.alerts[place].clone();
        alert.origin = self.origin_now();
        let age = if self.rng.chance(150) { self.rng.below(2_000) as i64 } else { 0 };
        alert.updated = event_time(self.now - age);
        match self.rng.below(6) {
            0 => {}
            1 => alert.status = self.status(),
            2 => alert.status = AlertStatus::Resolved,
            3 => alert.evidence = self.evidence(),
            4 => alert.last_activity = alert.last_activity + Span::minutes(self.rng.below(200) as i64),
            _ => {
                alert.severity = severity(&mut self.rng);
                alert.phase = Phase::KNOWN.get(self.rng.below(2 * Phase::KNOWN.len())).cloned();
                alert.techniques.extend(Technique::find(&format!("T10{}", 10 + self.rng.below(3))));
                alert.first_activity = alert.first_activity - Span::minutes(self.rng.below(20) as i64);
            }
        }
        alert
    }

    fn status(&mut self) -> AlertStatus {
        if self.calm && self.rng.chance(850) {
            return AlertStatus::New;
        }
        let all = [
            AlertStatus::New,
            AlertStatus::New,
            AlertStatus::InProgress,
            AlertStatus::Unknown,
            AlertStatus::Resolved,
        ];
        all[self.rng.below(all.len())].clone()
    }

    fn correlate(&mut self) -> Correlate {
        if self.calm && self.rng.chance(850) {
            return Correlate::Full;
        }
        match self.rng.below(16) {
            0 => Correlate::Off,
            1 | 2 => Correlate::Join,
            _ => Correlate::Full,
        }
    }

    fn provider(&mut self) -> Provider {
        let all =
            [Provider::DefenderForEndpoint, Provider::DefenderForIdentity, Provider::DefenderForCloudApps];
        all[self.rng.below(all.len())].clone()
    }

    fn evidence(&mut self) -> Vec<Evidence> {
        let pieces = 1 + self.rng.below(4);
        (0..pieces).map(|_| self.piece()).collect()
    }

    fn piece(&mut self) -> Evidence {
        let family =
            if self.rng.chance(700) { self.families[self.rng.below(3)] } else { self.rng.below(FAMILIES) };
        let (a, b) = (self.rng.below(self.names), self.rng.below(self.names));
        let role = Role::KNOWN[self.rng.below(Role::KNOWN.len())].clone();
        let mut piece = piece_of(family, a, b, role);
        if self.rng.chance(60) {
            piece.tags.push(["sensitive", "Sensitive", "honeytoken", "JumpHost"][self.rng.below(4)].into());
        }
        piece
    }

    /// Where what arrives now comes from.
    pub(crate) fn origin_now(&self) -> Origin {
        origin(source_time(self.now))
    }
}

/// An alert of no kind in particular, that happens now and arrives at the start.
pub(crate) fn blank_alert(id: &str, at: EventTime) -> Alert {
    Alert {
        tenant: Tenant::new("large"),
        provider: Provider::DefenderForEndpoint,
        id: AlertId::new(id),
        source_alert_id: None,
        title: "T".into(),
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
        first_activity: at,
        last_activity: at,
        created: None,
        updated: at,
        resolved: None,
        portal_url: None,
        indicators: Default::default(),
        evidence: Vec::new(),
        correlate: Correlate::Full,
        origin: origin(source_time(0)),
    }
}

fn source_time(minutes: i64) -> SourceTime {
    SourceTime::from_micros(START + Span::minutes(minutes).as_micros())
}

fn event_time(minutes: i64) -> EventTime {
    EventTime::from_micros(START + Span::minutes(minutes).as_micros())
}

fn origin(source_time: SourceTime) -> Origin {
    Origin {
        source: "s".into(),
        topic: "t".into(),
        partition: 0,
        offset: 0,
        element: 0,
        source_time,
        source_time_capped: false,
    }
}

/// Every severity that there is, and none at all.
pub(crate) fn severity(rng: &mut Rng) -> Severity {
    Severity::KNOWN.get(rng.below(6)).cloned().unwrap_or_else(Severity::unknown)
}
