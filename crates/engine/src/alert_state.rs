//! An alert as the engine remembers it.

use braid_alert::{
    Alert, AlertKey, AlertStatus, EventTime, IndicatorMatch, LinkReason, Role, SourceTime, Span, Weight,
};
use smallvec::SmallVec;

use crate::apart::Sides;
use crate::flood::Signature;
use crate::identity::Mentions;
use crate::near::NearMisses;
use crate::rules::RuleTrace;
use crate::slots::{AlertRef, EntityRef, GroupRef, NameRef};

#[derive(Debug)]
pub(crate) struct AlertState {
    /// Its place in the order of first arrivals in the tenant: what ties go by.
    pub(crate) arrival: i64,
    /// As folded so far, without description and evidence: the entities know their names.
    pub(crate) alert: Box<Alert>,
    pub(crate) group: GroupRef,
    pub(crate) mentions: Mentions,
    pub(crate) links: SmallVec<[LinkState; 1]>,
    /// What it is kept apart from by command, which is rare.
    pub(crate) apart: Option<Box<Sides>>,
    /// When it was last heard of, to the day, so that a daily repetition does not rewrite it.
    pub(crate) seen: SourceTime,
    /// Its bytes in the incident's record, as reckoned when it was last folded.
    pub(crate) bytes: u64,
    /// What it has in common with the alerts of a flood; frozen when it arrives.
    pub(crate) signature: Signature,
    /// It repeats others in its incident, and is counted there rather than listed.
    pub(crate) folded: bool,
    /// What it came near to and did not join; most alerts have none.
    pub(crate) near: Option<Box<NearMisses>>,
    pub(crate) dirty: bool,
    /// What rules have to do with it.
    pub(crate) rules: Option<Box<RuleTrace>>,
}

/// The part that an entity plays, by how much it says: of two that one alert gives an entity, the greater stays.
/// A product's word that is none of the four says no more than that the entity stood by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Related,
    Target,
    Source,
    Impacted,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Related, Self::Target, Self::Source, Self::Impacted];
}

impl From<&Role> for Part {
    fn from(role: &Role) -> Self {
        match role {
            Role::Source => Self::Source,
            Role::Target => Self::Target,
            Role::Impacted => Self::Impacted,
            Role::Related | Role::Other(_) => Self::Related,
        }
    }
}

impl From<Part> for Role {
    fn from(part: Part) -> Self {
        match part {
            Part::Source => Self::Source,
            Part::Target => Self::Target,
            Part::Impacted => Self::Impacted,
            Part::Related => Self::Related,
        }
    }
}

/// A mention of an entity by an alert. Twelve bytes: an alert has half a dozen of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mention {
    pub(crate) entity: EntityRef,
    pub(crate) part: Part,
    pub(crate) anchor: Option<NameRef>,
    pub(crate) bound: bool,
    pub(crate) context: bool,
}

/// A link that brought an alert in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LinkState {
    pub(crate) peer: AlertRef,
    pub(crate) entity: EntityRef,
    pub(crate) reason: LinkReason,
    pub(crate) weight: Weight,
    pub(crate) gap: Span,
}

impl AlertState {
    /// What it takes of its incident's room: nothing, if it is not listed.
    pub(crate) fn listed_bytes(&self) -> u64 {
        if self.folded { 0 } else { self.bytes }
    }

    pub(crate) fn key(&self) -> AlertKey {
        self.alert.key()
    }

    /// Whether its source is done with it.
    pub(crate) fn is_resolved(&self) -> bool {
        self.alert.status == AlertStatus::Resolved
    }

    /// The interval that counts for nearness: to the end of a short activity, only the beginning of a long one.
    pub(crate) fn interval(&self, activity_max: Span) -> (EventTime, EventTime) {
        interval(&self.alert, activity_max)
    }
}

/// See [`AlertState::interval`].
pub(crate) fn interval(alert: &Alert, activity_max: Span) -> (EventTime, EventTime) {
    let long = alert.last_activity.since(alert.first_activity) >= activity_max;
    (
        alert.first_activity,
        if long { alert.first_activity } else { alert.last_activity.max(alert.first_activity) },
    )
}

/// The bytes that an alert adds to an incident's record: its texts, and what names and numbers take in the JSON form,
/// which is the larger one.
pub(crate) fn record_bytes(alert: &Alert) -> u64 {
    const FIELDS: usize = 760;
    const LINK: usize = 520;
    let optional = |text: &Option<Box<str>>| text.as_ref().map_or(0, |t| t.len());
    let texts = alert.title.len()
        + 3 * alert.id.as_str().len()
        + 3 * alert.provider.as_str().len()
        + optional(&alert.source_alert_id)
        + optional(&alert.portal_url)
        + alert.origin.source.len()
        + alert.origin.topic.len()
        + alert.techniques.iter().map(|t| t.as_str().len() + 3).sum::<usize>();
    (FIELDS + LINK + texts + texts / 8 + indicator_bytes(alert)) as u64
}

/// What the indicators take that an alert matches.
pub(crate) fn indicator_bytes(alert: &Alert) -> usize {
    const FIELDS: usize = 240;
    let optional = |text: &Option<Box<str>>| text.as_ref().map_or(0, |t| t.len());
    let of = |found: &IndicatorMatch| {
        let texts = [&found.name, &found.actor, &found.campaign, &found.malware, &found.intent];
        let texts: usize = texts.into_iter().map(optional).sum();
        FIELDS + found.indicator.len() + found.source.len() + found.matched.value.len() + texts
    };
    alert.indicators.as_slice().iter().map(of).sum()
}
