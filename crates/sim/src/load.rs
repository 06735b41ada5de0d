//! Clustered load: attacks of some twenty alerts each, fifty of them at a time, on an organisation of some hundred
//! thousand hosts and users. What the benches run on.

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, EntityKind, EventTime, Evidence, HostAddress, Identifier,
    IdentifierKind, Origin, Phase, Provider, Role, Severity, SourceTime, Span, Technique, Tenant,
};

use crate::Rng;

/// How many attacks go on at a time.
const ATTACKS: usize = 50;
/// How many alerts an attack has.
const ATTACK_ALERTS: usize = 20;
/// How many hosts and users the organisation has.
const HOSTS: usize = 200_000;
const USERS: usize = 300_000;
/// How many addresses attacks are steered from, and how many tools there are.
const ADDRESSES: usize = 60_000;
const TOOLS: usize = 500;
/// 2026-03-02T00:00:00Z.
const START: SourceTime = SourceTime::from_millis(1_772_409_600_000);

/// An endless stream of alerts, one a second of source time.
#[derive(Debug)]
pub struct Load {
    rng: Rng,
    attacks: Vec<Attack>,
    produced: u64,
}

/// One attack: who is in it and how much of it is still to come.
#[derive(Debug)]
struct Attack {
    hosts: [usize; 3],
    users: [usize; 2],
    /// Where it is steered from.
    addresses: [usize; 2],
    /// Its tools, of those that all attacks choose from.
    tools: [usize; 3],
    left: usize,
}

impl Load {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        // They are at different points, so that not all of them end at once.
        let attacks =
            (0..ATTACKS).map(|n| Attack { left: 1 + n % ATTACK_ALERTS, ..Attack::new(&mut rng) }).collect();
        Self { rng, attacks, produced: 0 }
    }

    /// How much source time passes per alert.
    pub const fn interval() -> Span {
        Span::seconds(1)
    }

    fn alert(&mut self) -> Alert {
        let place = self.rng.below(self.attacks.len());
        if self.attacks[place].left == 0 {
            self.attacks[place] = Attack::new(&mut self.rng);
        }
        self.attacks[place].left -= 1;
        let attack = &self.attacks[place];
        let host = attack.hosts[self.rng.below(3)];
        let user = attack.users[self.rng.below(2)];
        let (address, tool) = (attack.addresses[self.rng.below(2)], attack.tools[self.rng.below(3)]);
        self.produced += 1;
        let at = START + Span::seconds(self.produced as i64);
        alert(self.produced, at, &mut self.rng, &[host, user, address, tool])
    }
}

impl Attack {
    fn new(rng: &mut Rng) -> Self {
        let hosts = std::array::from_fn(|_| rng.below(HOSTS));
        let users = std::array::from_fn(|_| rng.below(USERS));
        let addresses = std::array::from_fn(|_| rng.below(ADDRESSES));
        let tools = std::array::from_fn(|_| rng.below(TOOLS));
        Self { hosts, users, addresses, tools, left: ATTACK_ALERTS }
    }
}

impl Iterator for Load {
    type Item = Alert;
    fn next(&mut self) -> Option<Alert> {
        Some(self.alert())
    }
}

fn alert(number: u64, at: SourceTime, rng: &mut Rng, parties: &[usize; 4]) -> Alert {
    let start = EventTime::from_micros(at.as_micros()) - Span::minutes(10);
    let phases =
        [Phase::Execution, Phase::CompromisedCredentials, Phase::LateralMovement, Phase::Persistence];
    Alert {
        tenant: Tenant::new("contoso"),
        provider: Provider::DefenderForEndpoint,
        id: AlertId::new(&format!("{:016x}-{number}", rng.bits())),
        source_alert_id: None,
        title: ["Suspicious PowerShell command line", "Credential dumping activity", "Suspicious service creation"]
            [rng.below(3)]
        .into(),
        description: Some(
            "A process on this device behaved in a way that is often seen when an attacker looks for credentials or \
             prepares to move to another device. Look at the process tree, the account and the devices nearby."
                .into(),
        ),
        severity: [Severity::Low, Severity::Medium, Severity::High][rng.below(3)].clone(),
        status: AlertStatus::New,
        classification: None,
        determination: None,
        assignee: None,
        detector: Some("7f1a6e66-6b0c-4b3c-8a53-2f0f3a3c1a10".into()),
        category: Some("CredentialAccess".into()),
        phase: Some(phases[rng.below(phases.len())].clone()),
        techniques: Technique::find("T1003").into_iter().chain(Technique::find("T1059.001")).collect(),
        first_activity: start,
        last_activity: start + Span::seconds(40),
        created: Some(start + Span::minutes(8)),
        updated: start + Span::minutes(9),
        resolved: None,
        portal_url: Some(format!("https://security.example/alerts/da{number}").into()),
        indicators: Default::default(),
        evidence: evidence(rng, parties),
        correlate: Correlate::Full,
        origin: Origin {
            source: "endpoint".into(),
            topic: "defender-endpoint".into(),
            partition: 3,
            offset: number as i64,
            element: 0,
            source_time: at,
            source_time_capped: false,
        },
    }
}

/// A host, a user, a process, its file and an address: what an endpoint alert usually names.
fn evidence(rng: &mut Rng, &[host, user, address, tool]: &[usize; 4]) -> Vec<Evidence> {
    let name = |kind, value: String| Identifier::new(kind, &value).expect("it is a name");
    let mut device = Evidence::new(EntityKind::Host, Role::Impacted);
    device.identifiers = vec![
        name(IdentifierKind::DefenderDeviceId, format!("{host:040x}")),
        name(IdentifierKind::Fqdn, format!("client{host}.contoso.example")),
        name(IdentifierKind::NetbiosName, format!("client{host}")),
    ];
    let own = format!("10.{}.{}.{}", host >> 16, (host >> 8) & 255, host & 255);
    device.addresses = vec![HostAddress { address: own.into(), egress: false }];
    let mut account = Evidence::new(EntityKind::User, Role::Impacted);
    account.identifiers = vec![
        name(IdentifierKind::Sid, format!("S-1-5-21-2839646386-741382897-445212193-{}", 1_000 + user)),
        name(IdentifierKind::ObjectId, format!("00000000-0000-4000-8000-{user:012x}")),
        name(IdentifierKind::Upn, format!("user{user}@contoso.example")),
        Identifier::domain_account("contoso", &format!("user{user}")).expect("it is a name"),
    ];
    let mut process = Evidence::new(EntityKind::Process, Role::Related);
    process.identifiers = vec![name(
        IdentifierKind::ProcessKey,
        format!("powershell.exe {} {}", rng.below(60_000), rng.bits()),
    )];
    process.label = Some(
        "powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\\Windows\\Temp\\inventory.ps1".into(),
    );
    let mut file = Evidence::new(EntityKind::File, Role::Related);
    file.identifiers = vec![name(IdentifierKind::Sha256, format!("{tool:064x}"))];
    file.label = Some("powershell.exe".into());
    let mut remote = Evidence::new(EntityKind::Address, Role::Related);
    remote.identifiers =
        vec![name(IdentifierKind::Address, format!("203.{}.{}.9", address >> 8, address & 255))];
    vec![device, account, process, file, remote]
}
