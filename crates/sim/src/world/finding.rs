//! What a product has found, before it is put into that product's words.

use braid_alert::{EventTime, Phase, Role, Severity, Span};

use super::estate::{Product, Thing};
use crate::Rng;

/// A kind of finding.
#[derive(Debug, PartialEq)]
pub(super) struct Detector {
    pub(super) number: usize,
    pub(super) title: &'static str,
    pub(super) phase: Phase,
    pub(super) technique: &'static str,
    pub(super) severity: Severity,
}

/// A finding: when, what, about whom, and which episode it belongs to.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) start: EventTime,
    pub(super) end: EventTime,
    pub(super) product: Product,
    pub(super) detector: &'static Detector,
    pub(super) about: Vec<(Thing, Role)>,
    /// Place in the list of episodes.
    pub(super) episode: usize,
}

const fn detector(
    number: usize,
    title: &'static str,
    phase: Phase,
    technique: &'static str,
    severity: Severity,
) -> Detector {
    Detector { number, title, phase, technique, severity }
}

/// What Defender for Identity's sensor sees a host do to a domain controller.
static AGAINST_CONTROLLERS: [Detector; 6] = [
    detector(2021, "Account enumeration over SAM-R", Phase::Reconnaissance, "T1087", Severity::Medium),
    detector(2012, "Directory searched for delegation", Phase::Reconnaissance, "T1069", Severity::Medium),
    detector(2007, "Zone transfer asked of a name server", Phase::Reconnaissance, "T1046", Severity::Medium),
    detector(2023, "Many wrong passwords at once", Phase::CompromisedCredentials, "T1110", Severity::Medium),
    detector(
        2410,
        "Tickets asked for many services",
        Phase::CompromisedCredentials,
        "T1558.003",
        Severity::High,
    ),
    detector(
        2006,
        "Directory replicated by no controller",
        Phase::DomainDominance,
        "T1003.006",
        Severity::High,
    ),
];

/// What is found on a host.
static ON_HOSTS: [Detector; 8] = [
    detector(1, "Script with an encoded command", Phase::Execution, "T1059.001", Severity::Medium),
    detector(2, "Unusual scheduled task", Phase::Persistence, "T1053.005", Severity::Medium),
    detector(3, "Sequence of looking around", Phase::Reconnaissance, "T1016", Severity::Low),
    detector(
        4,
        "Memory of the logon service read",
        Phase::CompromisedCredentials,
        "T1003.001",
        Severity::High,
    ),
    detector(5, "Protection switched off", Phase::DefenseEvasion, "T1562.001", Severity::High),
    detector(6, "Rare program reaches outside", Phase::CommandAndControl, "T1071", Severity::Medium),
    detector(7, "Archive of many documents", Phase::Collection, "T1560", Severity::Low),
    detector(8, "Unknown program started at logon", Phase::Persistence, "T1547.001", Severity::Medium),
];

/// What is found of somebody who goes from one host to another.
static BETWEEN_HOSTS: [Detector; 3] = [
    detector(
        2019,
        "Service created from another host",
        Phase::LateralMovement,
        "T1021.002",
        Severity::Medium,
    ),
    detector(2017, "Ticket of one host used on another", Phase::LateralMovement, "T1550.003", Severity::High),
    detector(9, "Program dropped and started from afar", Phase::LateralMovement, "T1570", Severity::Medium),
];

/// What is found of somebody in the cloud.
static IN_THE_CLOUD: [Detector; 4] = [
    detector(21, "Sign-in with unfamiliar traits", Phase::InitialAccess, "T1078.004", Severity::Medium),
    detector(22, "Many files downloaded", Phase::Exfiltration, "T1530", Severity::Medium),
    detector(23, "Rule that hides mail", Phase::Persistence, "T1564.008", Severity::Medium),
    detector(24, "Consent to an unknown application", Phase::Persistence, "T1098", Severity::Low),
];

static MAIL_DELIVERED: Detector =
    detector(31, "Harmful link in a delivered mail", Phase::InitialAccess, "T1566.002", Severity::Medium);
static LINK_CLICKED: Detector =
    detector(32, "Harmful link opened", Phase::InitialAccess, "T1204.001", Severity::High);
static CREDENTIAL_USED: Detector =
    detector(10, "Stolen account used on a host", Phase::CompromisedCredentials, "T1078", Severity::High);
static SCANNED: Detector = detector(41, "Many ports probed", Phase::Reconnaissance, "T1046", Severity::Low);

static ON_PHONES: [Detector; 3] = [
    detector(51, "Debugging over USB is on", Phase::InitialAccess, "T1458", Severity::Low),
    detector(52, "Network with a false certificate", Phase::CompromisedCredentials, "T1638", Severity::High),
    detector(53, "System is older than allowed", Phase::InitialAccess, "T1661", Severity::Medium),
];

/// Somebody who acts: what findings about them have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Actor {
    pub(super) host: usize,
    pub(super) user: Thing,
}

/// Makes the findings of one episode.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) episode: usize,
}

impl Reporter<'_> {
    fn finding(
        &mut self,
        at: EventTime,
        product: Product,
        detector: &'static Detector,
        about: Vec<(Thing, Role)>,
    ) -> Finding {
        // One in thirty goes on for hours.
        let lasts = if self.rng.chance(30) {
            Span::minutes(60 + self.rng.below(480) as i64)
        } else {
            Span::seconds(self.rng.below(240) as i64)
        };
        Finding { start: at, end: at + lasts, product, detector, about, episode: self.episode }
    }

    fn pick(&mut self, detectors: &'static [Detector]) -> &'static Detector {
        &detectors[self.rng.below(detectors.len())]
    }

    /// The parts of an actor, now and then without the one or the other, as products report it.
    fn parts(&mut self, actor: Actor, role: &Role) -> Vec<(Thing, Role)> {
        let host = (Thing::Host(actor.host), role.clone());
        let user = (actor.user, role.clone());
        match self.rng.below(20) {
            0 => vec![user],
            1..=3 => vec![host],
            _ => vec![host, user],
        }
    }

    /// Something on a host, with the files that it was done with, and perhaps an address or a URL outside.
    pub(super) fn on_host(
        &mut self,
        at: EventTime,
        actor: Actor,
        files: &[Thing],
        outside: Option<Thing>,
    ) -> Finding {
        let mut about = vec![(Thing::Host(actor.host), Role::Impacted)];
        if self.rng.chance(850) {
            about.push((actor.user, Role::Impacted));
        }
        about.extend(files.iter().chain(&outside).map(|&thing| (thing, Role::Related)));
        let detector = self.pick(&ON_HOSTS);
        self.finding(at, Product::Endpoint, detector, about)
    }

    /// Something that a domain controller has a part in: mostly it is aimed at; now and then a row that gives no roles
    /// names it beside the actor, or it is the host that something is found on.
    pub(super) fn with_controller(
        &mut self,
        at: EventTime,
        actor: Actor,
        controller: Thing,
        day: i64,
    ) -> Finding {
        match self.rng.below(20) {
            0..=13 => {
                let mut about = self.parts(actor, &Role::Source);
                if about.len() == 1 && matches!(about[0].0, Thing::Host(_)) && self.rng.chance(300) {
                    about[0].0 = Thing::HostAddress(actor.host, day);
                }
                about.push((controller, Role::Target));
                let detector = self.pick(&AGAINST_CONTROLLERS);
                self.finding(at, Product::Identity, detector, about)
            }
            14..=17 => {
                let mut about = self.parts(actor, &Role::Related);
                about.push((controller, Role::Related));
                let detector = self.pick(&ON_HOSTS);
                self.finding(at, Product::Suite, detector, about)
            }
            _ => {
                let about = vec![(controller, Role::Impacted), (actor.user, Role::Impacted)];
                let detector = self.pick(&ON_HOSTS);
                self.finding(at, Product::Endpoint, detector, about)
            }
        }
    }

    /// Somebody goes from one host to another.
    pub(super) fn between_hosts(&mut self, at: EventTime, actor: Actor, to: usize, day: i64) -> Finding {
        let (from, to) = (Thing::Host(actor.host), Thing::Host(to));
        match self.rng.below(5) {
            0 | 1 => {
                let about = vec![(from, Role::Source), (to, Role::Target), (actor.user, Role::Source)];
                let detector = &BETWEEN_HOSTS[self.rng.below(2)];
                self.finding(at, Product::Identity, detector, about)
            }
            2 | 3 => {
                let address = Thing::HostAddress(actor.host, day);
                let about =
                    vec![(to, Role::Impacted), (actor.user, Role::Impacted), (address, Role::Related)];
                self.finding(at, Product::Endpoint, &BETWEEN_HOSTS[2], about)
            }
            _ => {
                let about = vec![(from, Role::Related), (to, Role::Related), (actor.user, Role::Related)];
                let detector = self.pick(&BETWEEN_HOSTS);
                self.finding(at, Product::Suite, detector, about)
            }
        }
    }

    /// An account is used that was not the actor's until now.
    pub(super) fn credential_used(&mut self, at: EventTime, actor: Actor, stolen: Thing) -> Finding {
        let about = vec![
            (Thing::Host(actor.host), Role::Impacted),
            (actor.user, Role::Impacted),
            (stolen, Role::Related),
        ];
        self.finding(at, Product::Endpoint, &CREDENTIAL_USED, about)
    }

    /// Something that a user does in the cloud, from an address.
    pub(super) fn in_cloud(&mut self, at: EventTime, user: Thing, from: Thing) -> Finding {
        let detector = self.pick(&IN_THE_CLOUD);
        self.finding(at, Product::Cloud, detector, vec![(user, Role::Related), (from, Role::Source)])
    }

    /// A mail arrives.
    pub(super) fn mail(&mut self, at: EventTime, user: Thing, mail: Thing, link: Thing) -> Finding {
        let about = vec![(user, Role::Target), (mail, Role::Related), (link, Role::Related)];
        self.finding(at, Product::Mail, &MAIL_DELIVERED, about)
    }

    /// Its link is opened.
    pub(super) fn click(&mut self, at: EventTime, actor: Actor, link: Thing) -> Finding {
        let about = vec![
            (Thing::Host(actor.host), Role::Impacted),
            (actor.user, Role::Impacted),
            (link, Role::Related),
        ];
        self.finding(at, Product::Endpoint, &LINK_CLICKED, about)
    }

    /// Something about a telephone; the console does not always know whose it is.
    pub(super) fn on_phone(&mut self, at: EventTime, owner: usize) -> Finding {
        let mut about = vec![(Thing::Phone(owner), Role::Impacted)];
        if self.rng.chance(300) {
            about.push((Thing::User(owner), Role::Impacted));
        }
        let detector = self.pick(&ON_PHONES);
        self.finding(at, Product::Mobile, detector, about)
    }

    /// A host probes another.
    pub(super) fn scan(&mut self, at: EventTime, from: usize, to: Thing) -> Finding {
        let about = vec![(Thing::Host(from), Role::Source), (to, Role::Target)];
        self.finding(at, Product::Identity, &SCANNED, about)
    }
}
