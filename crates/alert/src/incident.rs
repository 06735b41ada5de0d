use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text_enum::text_enum;
use crate::{
    AlertId, AlertKey, AlertStatus, ChangeReason, Classification, CloseReason, Determination, EntityId,
    EntityKind, EventTime, Identifier, IncidentId, IndicatorMatches, Origin, Phase, Provider, Role, Severity,
    SourceTime, Span, Technique, Tenant,
};

/// A set of alerts that are one attack: the whole record, as the incidents topic carries it.
///
/// The record is complete by itself, so that a consumer that keeps the last one of each id is right. Its version rises
/// by 1 at each change; the topic carries the last version of each commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id: derived from what founded it, the same in every replay.
    pub id: IncidentId,
    /// Whose it is.
    pub tenant: Tenant,
    /// 1 when it opens, 1 more at each change.
    pub version: i64,
    /// Where it stands.
    pub status: IncidentStatus,
    /// Where it stood before the last change of status.
    pub previous_status: Option<IncidentStatus>,
    /// Who works on it.
    pub assignee: Option<Box<str>>,
    /// The group that works on it.
    pub assigned_group: Option<Box<str>>,
    /// An analyst's verdict.
    pub classification: Option<Classification>,
    /// What the analyst found it to be.
    pub determination: Option<Determination>,
    /// Tags that people and rules put on it.
    pub tags: Vec<Box<str>>,
    /// What people said about it.
    pub comments: Vec<Comment>,
    /// Where braid's console shows it, if its address is configured.
    pub incident_url: Option<Box<str>>,
    /// The tenant's clock when its first version was made.
    pub first_emitted: SourceTime,
    /// The tenant's clock when this version was made.
    pub last_changed: SourceTime,
    /// One line for people.
    pub title: Box<str>,
    /// The highest of its alerts.
    pub severity: Severity,
    /// How urgent, and what that is made of.
    pub score: Score,
    /// The phases that it has reached, in the order of first times.
    pub phases: Vec<PhaseEntry>,
    /// ATT&CK techniques of its alerts, sorted.
    pub techniques: Vec<Technique>,
    /// When the earliest activity of its alerts began.
    pub first_activity: EventTime,
    /// When the latest ended.
    pub last_activity: EventTime,
    /// Its alerts, in order of first activity.
    pub alerts: Vec<IncidentAlert>,
    /// Every entity that they mention.
    pub entities: Vec<IncidentEntity>,
    /// What holds it together: for each alert but the first the best link that brought it in.
    pub links: Vec<Link>,
    /// Incidents that its alerts were linked to and did not join, and why not; the strongest of each alert.
    pub near_misses: Vec<NearMiss>,
    /// How the attacker went from host to host, in order of time; where one host is left twice, the path branches.
    pub lateral_movement: Vec<Hop>,
    /// Alerts that repeat others in a flood: they belong to the incident and are counted here instead of being listed.
    pub floods: Vec<Flood>,
    /// The incidents that were merged into it.
    pub merged_from: Vec<IncidentId>,
    /// Where it went, if its status is redirected. Chains are compressed: this is the last one.
    pub redirect_incident_id: Option<IncidentId>,
    /// The incident that this one continues, because a cap was reached.
    pub continuation_of: Option<IncidentId>,
    /// The incident that continues this one.
    pub continued_by: Option<IncidentId>,
    /// The resolved incident whose attack seems to be back.
    pub recurrence_of: Option<IncidentId>,
    /// Why it opened.
    pub opened: OpenReason,
    /// Why this version differs from the one before.
    pub changed: ChangeReason,
    /// Why it is closed, if it is.
    pub closed: Option<CloseReason>,
}

impl Incident {
    /// How many alerts belong to it: those that are listed, and those that floods only count.
    pub fn size(&self) -> usize {
        let folded = self.floods.iter().map(|flood| usize::try_from(flood.folded).unwrap_or_default());
        self.alerts.len() + folded.sum::<usize>()
    }
}

text_enum! {
    /// Where an incident stands (Graph's `incidentStatus`).
    IncidentStatus {
        /// Open.
        Active = "active",
        /// Done with.
        Resolved = "resolved",
        /// Merged into another one; see `redirect_incident_id`.
        Redirected = "redirected",
    }
}

text_enum! {
    /// Why an incident was opened rather than an alert joined to one that was there.
    OpenReason {
        /// Nothing that was there is linked strongly enough.
        NothingLinked = "nothingLinked",
        /// The source or detector keeps its alerts apart (`correlate = off`).
        CorrelateOff = "correlateOff",
        /// What it belongs to is full; see `continuation_of`.
        Continues = "continues",
        /// What it belongs to was resolved before it happened; see `recurrence_of`.
        Recurs = "recurs",
        /// It came after everything near its time had left memory (`late_join`).
        Late = "late",
        /// The alert was already resolved when it was first seen.
        ArrivedResolved = "arrivedResolved",
        /// Its alerts were split out of another incident; see the change that opened it.
        SplitOff = "splitOff",
    }
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Who.
    pub author: Box<str>,
    /// When, by the tenant's clock.
    pub at: SourceTime,
    /// What.
    pub text: Box<str>,
    /// The id of the command that it came with, by which one that is sent twice is known.
    pub command: Box<str>,
}

/// An alert as its incident shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentAlert {
    /// The product that raised it.
    pub provider: Provider,
    /// That product's id of it.
    pub id: AlertId,
    /// The id that the feed carries it under, where that is another one.
    pub source_alert_id: Option<Box<str>>,
    /// One line for people.
    pub title: Box<str>,
    /// How grave.
    pub severity: Severity,
    /// What became of it at the source.
    pub status: AlertStatus,
    /// Where on the way of an attack it stands.
    pub phase: Option<Phase>,
    /// ATT&CK techniques.
    pub techniques: Vec<Technique>,
    /// When the activity began.
    pub first_activity: EventTime,
    /// When it ended.
    pub last_activity: EventTime,
    /// Where the product shows it.
    pub portal_url: Option<Box<str>>,
    /// The entities it mentions, with the part each played.
    pub entities: Vec<EntityId>,
    /// What threat intelligence knew of it when it came.
    pub indicators: IndicatorMatches,
    /// The record that it first came in.
    pub origin: Origin,
}

/// An entity as an incident shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEntity {
    /// Its number in the tenant.
    pub id: EntityId,
    /// What kind of thing it is.
    pub kind: EntityKind,
    /// What a person would call it.
    pub name: Box<str>,
    /// Every name that is known of it, sorted by kind.
    pub identifiers: Vec<Identifier>,
    /// The parts that it plays here.
    pub roles: Vec<Role>,
    /// How many of the incident's alerts mention it.
    pub alerts: i32,
    /// It is shown as context and joins nothing: a host's own address, an egress address, a name that stands for several
    /// entities, a hub, or the entity of an alert that must not draw others in.
    pub context: bool,
    /// Why it joins nothing, if it does not.
    pub context_reason: Option<ContextReason>,
    /// Of a hub: how many others it had met within `partner_window` when it last met one; no more than 64 are counted.
    pub partners: Option<i32>,
    /// Whether it stands in a directory on premises; `None` if nothing says so or otherwise.
    pub on_premises: Option<bool>,
    /// Tags that products, directories and people put on it; the same word in another case stands once.
    pub tags: Vec<Box<str>>,
}

/// A phase that an incident has reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseEntry {
    /// The phase.
    pub phase: Phase,
    /// The first activity of the earliest alert in it.
    pub first: EventTime,
}

/// Why an alert is in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The alert that was linked.
    pub alert: AlertKey,
    /// The alert that it was linked to.
    pub peer: AlertKey,
    /// The entity that both mention.
    pub entity: EntityId,
    /// What that says about them.
    pub reason: LinkReason,
    /// How strong.
    pub weight: Weight,
    /// Time between the two activities; zero if they overlap.
    pub gap: Span,
}

text_enum! {
    /// Why an entity joins nothing.
    ContextReason {
        /// Too many others have met it: a domain controller, a proxy, a service account.
        Hub = "hub",
        /// An address that the outside sees.
        Egress = "egress",
        /// Its name stands for several entities.
        Ambiguous = "ambiguous",
        /// Somebody has excluded it by a command.
        Excluded = "excluded",
        /// It is shown beside what joins: a host's own address.
        Beside = "beside",
    }
}

/// An incident that an alert was linked to and did not join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The alert.
    pub alert: AlertKey,
    /// The incident that it did not join, as its id was then.
    pub incident: IncidentId,
    /// The alert there that it was linked to best.
    pub peer: AlertKey,
    /// The entity that both mention.
    pub entity: EntityId,
    /// The sum of the links; if it is for a hub, what the link would weigh had that met nobody else.
    pub total: Weight,
    /// Why it did not join.
    pub reason: NearMissReason,
}

text_enum! {
    /// Why an alert did not join an incident that it was linked to.
    NearMissReason {
        /// The links were too weak.
        TooWeak = "tooWeak",
        /// The entity would have sufficed, but it is a hub.
        Hub = "hub",
        /// It joined another incident that it was linked to better, and the two were not strong enough to be one.
        JoinedBetter = "joinedBetter",
        /// The incident was resolved before it happened.
        Closed = "closed",
        /// The two incidents are in the hands of two people.
        Assignee = "assignee",
        /// They carry different verdicts.
        Verdict = "verdict",
        /// Together they would be too large.
        Full = "full",
        /// Somebody said that they are two.
        CannotLink = "cannotLink",
    }
}

/// A step of an attacker from one host to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The account that was used, if one is named.
    pub user: Option<EntityId>,
    /// The host that was left.
    pub from: EntityId,
    /// The host that was reached.
    pub to: EntityId,
    /// When.
    pub at: EventTime,
    /// The alert that shows it.
    pub alert: AlertKey,
    /// The alert itself names both hosts. Otherwise it follows from the same account acting on one host and then on the
    /// other; or, where the account is new to the attack and so is the host, from where the attack was last.
    pub explicit: bool,
}

/// Alerts of one detector on the same entities within minutes: the first are listed with the others of the incident,
/// what came on top is counted here. Each of them has its change among the incident events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// The product.
    pub provider: Provider,
    /// Its detector, if it says which.
    pub detector: Option<Box<str>>,
    /// The title of the first of them.
    pub title: Box<str>,
    /// The alerts of the flood that are listed, in order of first activity.
    pub representatives: Vec<AlertKey>,
    /// How many more there are.
    pub folded: i32,
    /// How many of these are not resolved.
    pub unresolved: i32,
    /// When the first activity of those began.
    pub first_activity: EventTime,
    /// When the last ended.
    pub last_activity: EventTime,
}

text_enum! {
    /// What a link says, in the words of Microsoft Graph's `correlationReason`.
    LinkReason {
        /// The same account acts in both.
        SameActor = "sameActor",
        /// Both hit the same host, account or resource.
        SameTargetedAsset = "sameTargetedAsset",
        /// An address or URL stands in both.
        SharedIndicators = "sharedIndicators",
        /// The same file, mail or process stands in both.
        SimilarArtifacts = "similarArtifacts",
        /// One is the next step of the kill chain after the other, on an entity of both.
        EventSequence = "eventSequence",
        /// A host's address at the time stands in the other.
        SameNetworkSegment = "sameNetworkSegment",
        /// The same mail campaign.
        SameCampaign = "sameCampaign",
        /// The vendor has them in one incident of its own.
        SameVendorIncident = "sameVendorIncident",
        /// Somebody said so.
        Commanded = "commanded",
        /// A rule fired on it.
        RuleFired = "ruleFired",
    }
}

/// A link's weight in millionths: fixed-point, because a float sum in another order can flip a join at the threshold.
/// Written as a decimal number.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(i64);

impl Weight {
    /// No weight.
    pub const ZERO: Self = Self(0);
    /// Certain by itself.
    pub const ONE: Self = Self(1_000_000);

    /// From millionths.
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// In millionths.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// The product of two, rounded down.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        Self(self.0 * other.0 / 1_000_000)
    }

    /// The sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0 as f64 / 1e6)
    }
}

impl fmt::Debug for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 as f64 / 1e6)
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1e6)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self((f64::deserialize(deserializer)? * 1e6).round() as i64))
    }
}

/// How urgent an incident is, from 0 to 100, and what that is made of. Fixed-point inside; written with two decimals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// From 0 to 100.
    pub value: f64,
    /// What it is made of, in the order in which it was applied.
    pub parts: Vec<ScorePart>,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorePart {
    /// What: `alerts`, `phases`, `sensitiveEntities`, `threatIntelligence`.
    pub name: Box<str>,
    /// By how many points it raised the score.
    pub points: f64,
    /// In a sentence.
    pub detail: Box<str>,
}
