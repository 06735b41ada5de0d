//! State as the changelog keeps it: what restore reads is what the engine held, number for number.
//!
//! Containers in memory are addressed by slots, which differ after a restore. Records therefore speak of what does not:
//! an alert's arrival number, an entity's id, a group's number. A *group* is the set of alerts of one incident; it has a
//! number of its own, because a merge keeps the larger group and the older incident, and must not rewrite a thousand
//! alerts when those are not on the same side.

use braid_alert::{
    Alert, AlertKey, ChangeReason, Classification, CloseReason, Comment, Determination, DirectoryEntry,
    EntityId, EntityKind, EventTime, Identifier, IncidentId, IncidentStatus, LinkReason, NearMissReason,
    OpenReason, Provider, Role, Severity, SourceTime, Span, Tenant, Weight,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One change of a partition's state since the last drain.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// This record now stands under its key.
    Put(Box<StateRecord>),
    /// Nothing stands under this key any more.
    Delete(StateKey),
}

/// A record of state.
#[derive(Debug, Clone, PartialEq)]
pub enum StateRecord {
    /// A remembered alert.
    Alert(AlertRecord),
    /// An incident, open, resolved or redirected.
    Incident(IncidentRecord),
    /// An entity and its names.
    Entity(EntityRecord),
    /// A tenant's clock and counters.
    Tenant(TenantRecord),
}

/// The key of a record of state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKey {
    /// An alert, by its arrival number.
    Alert(Tenant, i64),
    /// An incident.
    Incident(Tenant, IncidentId),
    /// An entity.
    Entity(Tenant, EntityId),
    /// A tenant.
    Tenant(Tenant),
}

impl StateRecord {
    /// The key that it stands under.
    pub fn key(&self) -> StateKey {
        match self {
            Self::Alert(r) => StateKey::Alert(r.alert.tenant.clone(), r.arrival),
            Self::Incident(r) => StateKey::Incident(r.tenant.clone(), r.id),
            Self::Entity(r) => StateKey::Entity(r.tenant.clone(), r.id),
            Self::Tenant(r) => StateKey::Tenant(r.tenant.clone()),
        }
    }
}

/// A remembered alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Its place in the order of first arrivals in the tenant, from 0.
    pub arrival: i64,
    /// The alert as folded so far, without description and evidence.
    pub alert: Alert,
    /// The group that it is in.
    pub group: i64,
    /// The entities that it mentions.
    pub mentions: Vec<MentionRecord>,
    /// The links that brought it in.
    pub links: Vec<LinkRecord>,
    /// The tenant's clock when it was last heard of, to the day.
    pub seen: SourceTime,
    /// Incidents that it was linked to and did not join.
    pub near: Vec<NearRecord>,
    /// The sides that it is on of what was separated by command: a separation's number on the one side, its opposite on
    /// the other. Alerts on opposite sides must not be in one incident.
    pub apart: Vec<i64>,
    /// What it has in common with the alerts of a flood: a hash of product, detector and the names of its entities.
    pub signature: i64,
    /// It repeats others in a flood, and is counted rather than listed.
    pub folded: bool,
    /// Ids of the rules that it has matched, correlations that it has completed among them.
    pub rules: Vec<Box<str>>,
    /// If a rule has raised it: which, and for which group.
    pub raised: Option<RaisedRecord>,
}

/// The rule that raised an alert, and the group that it did so for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedRecord {
    /// The rule's id.
    pub rule: Box<str>,
    /// A name of each entity of the group, in the order of the rule.
    pub entities: Vec<Identifier>,
    /// What else its alerts have in common, in lower case, in the order of the rule.
    pub texts: Vec<Box<str>>,
}

/// An incident that an alert did not join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearRecord {
    /// The incident, as its id was then.
    pub incident: IncidentId,
    /// The alert there: by its key, for it may be forgotten first.
    pub peer: AlertKey,
    /// The shared entity.
    pub entity: EntityId,
    /// The sum of the links; of a hub, what the link would weigh without its partners.
    pub total: Weight,
    /// Why not.
    pub reason: NearMissReason,
}

/// A mention of an entity by an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionRecord {
    /// The entity.
    pub entity: EntityId,
    /// The part it played.
    pub role: Role,
    /// The name that tied the mention to the entity, so that a division knows to which part it goes.
    pub anchor: Option<Identifier>,
    /// It was derived from a host's address at the time rather than named.
    pub bound: bool,
    /// It is shown and draws nothing in: a host's own address, or an alert that must not draw others.
    pub context: bool,
}

/// A link of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRecord {
    /// The arrival number of the peer.
    pub peer: i64,
    /// The shared entity.
    pub entity: EntityId,
    /// What it says.
    pub reason: LinkReason,
    /// How strong.
    pub weight: Weight,
    /// Time between the two.
    pub gap: Span,
}

/// An incident without its alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentRecord {
    /// Its id.
    pub id: IncidentId,
    /// Whose it is.
    pub tenant: Tenant,
    /// Its version.
    pub version: i64,
    /// The group that holds its alerts; `None` if redirected.
    pub group: Option<i64>,
    /// Where it stands.
    pub status: IncidentStatus,
    /// Where it stood before.
    pub previous_status: Option<IncidentStatus>,
    /// Who works on it.
    pub assignee: Option<Box<str>>,
    /// The group of people that works on it.
    pub assigned_group: Option<Box<str>>,
    /// An analyst's verdict.
    pub classification: Option<Classification>,
    /// What the analyst found it to be.
    pub determination: Option<Determination>,
    /// Tags.
    pub tags: Vec<Box<str>>,
    /// Comments.
    pub comments: Vec<Comment>,
    /// The tenant's clock at its first version.
    pub first_emitted: SourceTime,
    /// The tenant's clock at its last version.
    pub last_changed: SourceTime,
    /// When it was resolved.
    pub resolved_at: Option<SourceTime>,
    /// Why it opened.
    pub opened: OpenReason,
    /// Why it last changed.
    pub changed: ChangeReason,
    /// Why it is closed.
    pub closed: Option<CloseReason>,
    /// The bytes of its encoded record, as reckoned when its alerts came in.
    pub bytes: i64,
    /// What was merged into it.
    pub merged_from: Vec<IncidentId>,
    /// Where it went.
    pub redirect: Option<IncidentId>,
    /// What it continues.
    pub continuation_of: Option<IncidentId>,
    /// What continues it.
    pub continued_by: Option<IncidentId>,
    /// What it is a recurrence of.
    pub recurrence_of: Option<IncidentId>,
    /// Of a redirected one: its last title, severity and times, which its alerts no longer tell.
    pub last_title: Option<Box<str>>,
    /// See `last_title`.
    pub last_severity: Option<Severity>,
    /// See `last_title`.
    pub first_activity: Option<EventTime>,
    /// See `last_title`.
    pub last_activity: Option<EventTime>,
}

impl IncidentRecord {
    /// Gives it another status, and remembers the one before.
    pub(crate) fn turn(&mut self, status: IncidentStatus, closed: Option<CloseReason>) {
        self.previous_status = Some(std::mem::replace(&mut self.status, status));
        self.closed = closed;
    }

    /// Takes over what people did with an incident that is merged into this one: who works on it and what they found it
    /// to be, where nobody did that here, its tags and its comments.
    pub(crate) fn inherit(&mut self, gone: &mut Self) {
        self.assignee = self.assignee.take().or_else(|| gone.assignee.clone());
        self.assigned_group = self.assigned_group.take().or_else(|| gone.assigned_group.clone());
        self.classification = self.classification.take().or_else(|| gone.classification.clone());
        self.determination = self.determination.take().or_else(|| gone.determination.clone());
        for tag in &gone.tags {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
        if !gone.comments.is_empty() {
            self.comments.append(&mut gone.comments);
            self.comments.sort_by_key(|comment| comment.at);
        }
    }

    /// The bytes that what people said of it adds to its record, in the JSON form, which is the larger one.
    pub(crate) fn said_bytes(&self) -> u64 {
        const COMMENT: usize = 96;
        const TEXT: usize = 4;
        let comment = |c: &Comment| COMMENT + escaped(&c.author) + escaped(&c.text) + escaped(&c.command);
        let texts = [
            self.assignee.as_deref(),
            self.assigned_group.as_deref(),
            self.classification.as_ref().map(Classification::as_str),
            self.determination.as_ref().map(Determination::as_str),
        ];
        let texts = texts.into_iter().flatten().chain(self.tags.iter().map(|tag| &**tag));
        let bytes = self.comments.iter().map(comment).sum::<usize>()
            + texts.map(|text| TEXT + escaped(text)).sum::<usize>();
        bytes as u64
    }

    /// An active incident that has no version yet: the change that opens it makes the first.
    pub fn new(id: IncidentId, tenant: Tenant, at: SourceTime, opened: OpenReason) -> Self {
        Self {
            id,
            tenant,
            version: 0,
            group: None,
            status: IncidentStatus::Active,
            previous_status: None,
            assignee: None,
            assigned_group: None,
            classification: None,
            determination: None,
            tags: Vec::new(),
            comments: Vec::new(),
            first_emitted: at,
            last_changed: at,
            resolved_at: None,
            opened,
            changed: ChangeReason::Opened,
            closed: None,
            bytes: 0,
            merged_from: Vec::new(),
            redirect: None,
            continuation_of: None,
            continued_by: None,
            recurrence_of: None,
            last_title: None,
            last_severity: None,
            first_activity: None,
            last_activity: None,
        }
    }
}

/// The length of a text between the quotes of a JSON string.
fn escaped(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

/// An entity and its names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityRecord {
    /// Its number.
    pub id: EntityId,
    /// Whose it is.
    pub tenant: Tenant,
    /// What kind of thing it is.
    pub kind: EntityKind,
    /// Its names, in the order in which they were learned.
    pub identifiers: Vec<Identifier>,
    /// Which names were named together: pairs of places in `identifiers`, so that it can be divided again.
    pub ties: Vec<Vec<i32>>,
    /// What a person would call it, where the names do not say.
    pub label: Option<Box<str>>,
    /// Tags that products put on it.
    pub tags: Vec<Box<str>>,
    /// Its partners in the window.
    pub partners: Vec<PartnerRecord>,
    /// An address that the outside sees: it joins nothing.
    pub egress: bool,
    /// Its one name has been seen to stand for several entities: it joins nothing, and what it united is divided.
    pub ambiguous: bool,
    /// For an address: the hosts that it named, and until when.
    pub bindings: Vec<BindingRecord>,
    /// How each of its names was learned first, in the order of `identifiers`.
    pub learned: Vec<NameSource>,
    /// What directories say of it.
    pub listings: Vec<ListingRecord>,
    /// Names that it bore until they turned out to stand for several entities.
    pub conflicts: Vec<Identifier>,
    /// It joins nothing, by command.
    pub excluded: bool,
    /// Tags that people put on it by command.
    pub own_tags: Vec<Box<str>>,
    /// Names of entities that it must never be united with, by command.
    pub apart: Vec<Identifier>,
}

/// How a name was learned: from an alert of this product, from a directory, by a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    /// An alert's evidence.
    Alert(Provider),
    /// A directory record.
    Directory,
    /// A command that said who is who.
    Command,
}

/// Written as one word: `directory`, `command`, or the product's name.
impl Serialize for NameSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Alert(provider) => serializer.serialize_str(provider.as_str()),
            Self::Directory => serializer.serialize_str("directory"),
            Self::Command => serializer.serialize_str("command"),
        }
    }
}

impl<'de> Deserialize<'de> for NameSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<str>::deserialize(deserializer)?;
        Ok(match &*text {
            "directory" => Self::Directory,
            "command" => Self::Command,
            product => Self::Alert(Provider::from_text(product)),
        })
    }
}

/// What a directory says of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingRecord {
    /// The directory's key of the object.
    pub object: Box<str>,
    /// What it says.
    pub entry: DirectoryEntry,
}

/// A partner of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerRecord {
    /// Which.
    pub entity: EntityId,
    /// The hour, counted from 1970, in which they were last seen together.
    pub hour: i32,
}

/// A host that an address named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingRecord {
    /// The host.
    pub host: EntityId,
    /// The event time of the alert that says so.
    pub at: EventTime,
}

/// A tenant's clock and counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRecord {
    /// Whose.
    pub tenant: Tenant,
    /// The highest source time consumed.
    pub clock: SourceTime,
    /// The next alert's arrival number.
    pub next_arrival: i64,
    /// The next entity's number.
    pub next_entity: i64,
    /// The next number of a group, or of a separation by command.
    pub next_group: i64,
}
