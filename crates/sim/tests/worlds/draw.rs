//! A small world: settings and inputs drawn from a seed. Names come from pools so small that nearly all of them are
//! shared, in combinations that unite entities and contradict each other; caps and windows are small enough to be reached.

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, EntityKind, EventTime, Evidence, HostAddress, Identifier,
    IdentifierKind, Origin, Phase, Provider, Role, Severity, SourceTime, Span, Technique, Tenant, Weight,
};
use braid_engine::{Caps, Input, Settings};
use braid_sim::Rng;

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
        let settings = settings(&mut rng);
        let mut drawing = Drawing::new(rng);
        let length = 5 + drawing.rng.below(56);
        let inputs = (0..length).map(|_| drawing.input()).collect();
        Self { settings, inputs }
    }
}

fn settings(rng: &mut Rng) -> Settings {
    // Floods, which only change what a record lists, are not the reference's.
    let mut settings = Settings { flood_listed: u32::MAX, ..Settings::default() };
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
        settings.disagreement = Weight::from_millionths([300_000, 700_000, 1_000_000][rng.below(3)]);
        settings.silence = Weight::from_millionths([400_000, 800_000, 1_000_000][rng.below(3)]);
        settings.nearest_mentions = 1 + rng.below(8) as u32;
    }
    settings.reopen_within = Span::minutes([0, 0, 30, 300][rng.below(4)]);
    settings.ip_binding = Span::minutes([480, 30][rng.below(2)]);
    settings.activity_max = Span::minutes([120, 10][rng.below(2)]);
    settings
}

/// What is drawn next depends on what was drawn before: times go on, alerts come again.
struct Drawing {
    rng: Rng,
    /// Source time, in minutes from the start.
    now: i64,
    alerts: Vec<Alert>,
    /// Of 1,000 pieces of evidence, how many are of each family; it gives each world a face of its own.
    families: [usize; 3],
    spacing: usize,
}

impl Drawing {
    fn new(mut rng: Rng) -> Self {
        let families = [rng.below(FAMILIES), rng.below(FAMILIES), rng.below(FAMILIES)];
        let spacing = [3, 12, 40, 200][rng.below(4)];
        Self { rng, now: 0, alerts: Vec::new(), families, spacing }
    }

    fn input(&mut self) -> Input {
        self.now += self.rng.below(self.spacing) as i64;
        if self.rng.chance(15) {
            self.now += 60 * self.rng.below(60) as i64;
        }
        match self.rng.below(100) {
            0..4 => {
                Input::Tick { tenant: self.tenant(), at: source_time(self.now + self.rng.below(300) as i64) }
            }
            4..30 if !self.alerts.is_empty() => Input::Alert(Box::new(self.again())),
            _ => Input::Alert(Box::new(self.alert())),
        }
    }

    fn tenant(&mut self) -> Tenant {
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
        alert.evidence = self.evidence();
        alert.correlate = self.correlate();
        alert.origin = origin(source_time(self.now));
        self.alerts.push(alert.clone());
        alert
    }

    /// An alert that was there before, as it was, or with more, or with another status; sometimes an older revision.
    fn again(&mut self) -> Alert {
        let place = self.rng.below(self.alerts.len());
        let mut alert = self.alerts[place].clone();
        alert.origin = origin(source_time(self.now));
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
        let (a, b) = (self.rng.below(5), self.rng.below(5));
        let role = Role::KNOWN[self.rng.below(Role::KNOWN.len())].clone();
        piece_of(family, a, b, role)
    }
}

/// How many families of evidence there are.
const FAMILIES: usize = 18;

/// A piece of evidence of a family; `a` and `b` are the numbers in its names.
fn piece_of(family: usize, a: usize, b: usize, role: Role) -> Evidence {
    use IdentifierKind::{AccountName, DefenderDeviceId, Fqdn, NetbiosName, ObjectId, Sid, Upn};
    let (user, host) = (EntityKind::User, EntityKind::Host);
    let piece = |kind: EntityKind, names: Vec<Identifier>| {
        let mut evidence = Evidence::new(kind, role.clone());
        evidence.identifiers = names;
        evidence
    };
    let sid = |n: usize| name(Sid, &format!("S-1-5-21-1-2-3-{n}"));
    let upn = |n: usize| name(Upn, &format!("user{n}@contoso.com"));
    let account = |n: usize| Identifier::domain_account("contoso", &format!("user{n}")).unwrap();
    let fqdn = |n: usize| name(Fqdn, &format!("host{n}.contoso.com"));
    let netbios = |n: usize| name(NetbiosName, &format!("host{n}"));
    let with_address = |mut evidence: Evidence| {
        evidence
            .addresses
            .push(HostAddress { address: format!("10.0.0.{b}").into(), egress: a == 4 && b == 4 });
        evidence
    };
    match family {
        0 => piece(user, vec![sid(a), account(b)]),
        1 => piece(user, vec![upn(a), name(AccountName, &format!("user{b}"))]),
        2 => piece(user, vec![account(a)]),
        3 => piece(user, vec![name(ObjectId, &format!("oid-{a}")), upn(b)]),
        4 => piece(user, vec![sid(a)]),
        5 => piece(EntityKind::Mailbox, vec![upn(a)]),
        6 => with_address(piece(host, vec![fqdn(a), netbios(b)])),
        7 => piece(host, vec![name(DefenderDeviceId, &format!("dev{a}")), fqdn(b)]),
        8 => with_address(piece(host, vec![netbios(a)])),
        9 => piece(host, vec![name(DefenderDeviceId, &format!("dev{a}")), netbios(b)]),
        10 => piece(EntityKind::Address, vec![Identifier::address(&format!("10.0.0.{a}")).unwrap()]),
        11 => piece(
            EntityKind::File,
            vec![name(IdentifierKind::Sha256, &format!("{a:064}")), name(IdentifierKind::FilePath, "c:\\a")],
        ),
        12 => piece(EntityKind::Process, vec![name(IdentifierKind::ProcessKey, &format!("p{a}"))]),
        13 => piece(EntityKind::MailMessage, vec![name(IdentifierKind::NetworkMessageId, &format!("m{a}"))]),
        14 => piece(EntityKind::Url, vec![Identifier::url(&format!("https://evil{a}.example/x")).unwrap()]),
        15 => {
            piece(user, vec![name(Sid, &format!("S-1-12-1-1-2-3-{a}")), upn(b), name(AccountName, "user1")])
        }
        16 => piece(user, vec![sid(a), sid(b), account(a)]),
        _ => nobody(a, b, &role),
    }
}

/// Names of nobody in particular, and machines' accounts.
fn nobody(a: usize, b: usize, role: &Role) -> Evidence {
    let mut evidence = Evidence::new(EntityKind::User, role.clone());
    evidence.identifiers = match a {
        0 => vec![
            name(IdentifierKind::Sid, "S-1-5-18"),
            Identifier::domain_account("nt authority", "system").unwrap(),
        ],
        1 => vec![
            name(IdentifierKind::AccountName, &format!("host{b}$")),
            name(IdentifierKind::Sid, "S-2-2-78"),
        ],
        2 => vec![name(IdentifierKind::AccountName, "krbtgt")],
        3 => vec![
            name(IdentifierKind::Sid, "S-1-5-11-1-2-3-4"),
            Identifier::domain_account("contoso", &format!("user{b}")).unwrap(),
        ],
        _ => vec![Identifier::domain_account(&format!("host{b}"), "administrator").unwrap()],
    };
    evidence
}

fn name(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).unwrap()
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
