//! A group: the alerts of one incident, with the incident that they are.

use braid_alert::{AlertStatus, EventTime, IncidentStatus, Severity, SourceTime, Span};

use crate::alert_state::AlertState;
use crate::apart::SideCounts;
use crate::flood::Repeats;
use crate::identity::Mentions;
use crate::slots::{AlertRef, EntityRef};
use crate::state::IncidentRecord;

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) number: i64,
    /// What the incident is beside its alerts.
    pub(crate) incident: IncidentRecord,
    /// The alerts that its record lists, in no order.
    pub(crate) alerts: Vec<AlertRef>,
    /// Those that it only counts (see `flood`), in no order.
    pub(crate) folded: Vec<AlertRef>,
    /// How often its alerts say the same; only of a large group, and only once somebody has asked.
    pub(crate) repeats: Option<Box<Repeats>>,
    /// Every entity that they mention and how many of them do; sorted by slot, of at most `incident_entities_max`.
    entities: Vec<(EntityRef, u32)>,
    /// How many alerts are of each rank of severity.
    severities: [u32; 6],
    pub(crate) unresolved: u32,
    pub(crate) first_activity: EventTime,
    pub(crate) last_activity: EventTime,
    /// Which sides its alerts bear of what was separated by command, which is rare.
    pub(crate) apart: Option<Box<SideCounts>>,
    /// When any of its alerts was last heard of.
    pub(crate) seen: SourceTime,
    pub(crate) dirty: bool,
    /// Its incident has a version that has not been drained, and its record is still the one to be made from the state
    /// (see `freshness`).
    pub(crate) fresh: bool,
}

impl Group {
    pub(crate) fn new(number: i64, incident: IncidentRecord) -> Self {
        Self {
            number,
            incident,
            alerts: Vec::new(),
            folded: Vec::new(),
            repeats: None,
            entities: Vec::new(),
            severities: [0; 6],
            unresolved: 0,
            first_activity: EventTime::from_micros(i64::MAX),
            last_activity: EventTime::MIN,
            apart: None,
            seen: SourceTime::MIN,
            dirty: true,
            fresh: false,
        }
    }

    /// Takes an alert in and tells which of its entities are new here. The caller sets the alert's own reference.
    pub(crate) fn add(&mut self, slot: AlertRef, alert: &AlertState, mut news: impl FnMut(EntityRef)) {
        if alert.folded { &mut self.folded } else { &mut self.alerts }.push(slot);
        if let Some(repeats) = &mut self.repeats {
            repeats.add(alert);
        }
        for mention in &alert.mentions {
            if self.note_entity(mention.entity) {
                news(mention.entity);
            }
        }
        for &side in alert.sides() {
            self.apart.get_or_insert_default().add(side, 1);
        }
        self.count(alert);
    }

    /// Takes another group's alerts in; the caller has seen to it that this is the larger one.
    pub(crate) fn absorb(&mut self, other: &mut Self) {
        self.alerts.append(&mut other.alerts);
        self.folded.append(&mut other.folded);
        for (entity, count) in other.entities.drain(..) {
            self.add_entity(entity, count);
        }
        for (mine, theirs) in self.severities.iter_mut().zip(other.severities) {
            *mine += theirs;
        }
        self.unresolved += other.unresolved;
        if let Some(theirs) = other.apart.take() {
            self.apart.get_or_insert_default().absorb(*theirs);
        }
        self.first_activity = self.first_activity.min(other.first_activity);
        self.last_activity = self.last_activity.max(other.last_activity);
        self.seen = self.seen.max(other.seen);
    }

    /// Counts an alert's severity, status and times in.
    pub(crate) fn count(&mut self, alert: &AlertState) {
        self.severities[usize::from(alert.alert.severity.rank())] += 1;
        self.unresolved += u32::from(alert.alert.status != AlertStatus::Resolved);
        self.first_activity = self.first_activity.min(alert.alert.first_activity);
        self.last_activity = self.last_activity.max(alert.alert.last_activity);
        self.seen = self.seen.max(alert.seen);
        if let Some(repeats) = &mut self.repeats {
            repeats.follow(alert);
        }
    }

    /// Counts them out again, before they change. Times only ever widen.
    pub(crate) fn discount(&mut self, alert: &AlertState) {
        self.severities[usize::from(alert.alert.severity.rank())] -= 1;
        self.unresolved -= u32::from(alert.alert.status != AlertStatus::Resolved);
    }

    /// Counts one more alert that mentions the entity. Returns whether it is the first.
    pub(crate) fn note_entity(&mut self, entity: EntityRef) -> bool {
        self.add_entity(entity, 1)
    }

    fn add_entity(&mut self, entity: EntityRef, count: u32) -> bool {
        match self.entities.binary_search_by_key(&entity, |&(e, _)| e) {
            Ok(place) => self.entities[place].1 += count,
            Err(place) => {
                self.entities.insert(place, (entity, count));
                return true;
            }
        }
        false
    }

    pub(crate) fn forget_entity(&mut self, entity: EntityRef) {
        if let Ok(place) = self.entities.binary_search_by_key(&entity, |&(e, _)| e) {
            self.entities[place].1 -= 1;
            if self.entities[place].1 == 0 {
                self.entities.remove(place);
            }
        }
    }

    /// All its alerts, in no order.
    pub(crate) fn members(&self) -> impl Iterator<Item = AlertRef> {
        self.alerts.iter().chain(&self.folded).copied()
    }

    /// How many alerts it has, listed or not.
    pub(crate) fn size(&self) -> usize {
        self.alerts.len() + self.folded.len()
    }

    pub(crate) fn entities(&self) -> &[(EntityRef, u32)] {
        &self.entities
    }

    pub(crate) fn mentions(&self, entity: EntityRef) -> bool {
        self.entities.binary_search_by_key(&entity, |&(e, _)| e).is_ok()
    }

    /// How many distinct entities it would have together with another's.
    pub(crate) fn entities_with(&self, other: &Self) -> usize {
        let (small, large) =
            if self.entities.len() < other.entities.len() { (self, other) } else { (other, self) };
        large.entities.len() + small.entities.iter().filter(|(e, _)| !large.mentions(*e)).count()
    }

    /// How many distinct entities it would have with these mentions.
    pub(crate) fn entities_with_those_of(&self, mentions: &Mentions) -> usize {
        self.entities.len() + mentions.iter().filter(|m| !self.mentions(m.entity)).count()
    }

    /// The highest severity of its alerts.
    pub(crate) fn severity(&self) -> Severity {
        const BY_RANK: [Severity; 6] = [
            Severity::Informational,
            Severity::Informational,
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ];
        let rank = self.severities.iter().rposition(|&count| count > 0).unwrap_or(0);
        BY_RANK[rank].clone()
    }

    /// How many alerts are of each rank of severity, from 0 (not known) to 5 (critical).
    pub(crate) fn severities(&self) -> &[u32; 6] {
        &self.severities
    }

    pub(crate) fn is_resolved(&self) -> bool {
        self.incident.status == IncidentStatus::Resolved
    }

    /// Whether it still takes alerts: it had news within `late_join`.
    pub(crate) fn takes_alerts(&self, clock: SourceTime, late_join: Span) -> bool {
        clock.since(self.incident.last_changed) < late_join
    }
}
