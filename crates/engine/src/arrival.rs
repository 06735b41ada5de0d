//! An alert that is new: join an incident, or open one.

use braid_alert::{
    Alert, AlertId, AlertKey, AlertStatus, ChangeReason, CloseReason, Correlate, IncidentId, IncidentStatus,
    NearMissReason, OpenReason, Provider, SourceTime,
};
use smallvec::SmallVec;
use uuid::Uuid;

use crate::alert_state::{AlertState, record_bytes};
use crate::entity::Entity;
use crate::flood::Signature;
use crate::group::Group;
use crate::identity::Mentions;
use crate::join::{Candidate, Candidates};
use crate::names::Names;
use crate::rule::Rule;
use crate::rules::Raised;
use crate::slots::{AlertRef, GroupRef};
use crate::state::{IncidentRecord, NearRecord};
use crate::tenant_state::{Home, TenantState};
use crate::weighing::Weighing;
use crate::{Effect, RejectReason};

/// The name space of incident ids: a UUID that was drawn once and is in use for nothing else.
const INCIDENT_IDS: Uuid = Uuid::from_u128(0xd3f4_7a5e_9a37_5c0f_8a53_6b1f_2f7f_0b51);

/// How long a chain of continuations is followed: at the default caps that is 64,000 alerts of one attack.
const CONTINUATIONS_MAX: usize = 64;

/// How many of the links that decided a join are told with it; the rest of the sum is in none of them large.
const LINKS_TOLD_MAX: usize = 4;

/// Where a new alert goes.
enum Place {
    Join { candidate: Candidate, folded: bool },
    Open { reason: OpenReason, of: Option<GroupRef>, full: Option<NearRecord> },
}

impl Place {
    const fn joined(&self) -> Option<GroupRef> {
        match self {
            Self::Join { candidate, .. } => Some(candidate.group),
            Self::Open { .. } => None,
        }
    }

    /// What had no room for it.
    fn missed(&self) -> Option<NearRecord> {
        match self {
            Self::Join { .. } => None,
            Self::Open { full, .. } => full.clone(),
        }
    }
}

impl TenantState {
    /// Takes a new alert in.
    pub(crate) fn arrive(&mut self, mut alert: Box<Alert>, weighing: &Weighing, effects: &mut Vec<Effect>) {
        let bytes = record_bytes(&alert);
        if let Some(reason) = self.refuses(&alert, bytes, weighing) {
            effects.push(Effect::Reject { alert: alert.key(), reason });
            return;
        }
        let evidence = std::mem::take(&mut alert.evidence);
        alert.description = None;
        let (provider, at) = (&alert.provider, alert.first_activity);
        let mentions = self.resolve(evidence, provider, at, weighing, effects);
        self.take_in(alert, mentions, bytes, &[], weighing, effects);
    }

    /// Takes in an alert whose entities are known. If a rule has raised it, `contributors` are the alerts that it fired on:
    /// it belongs where they are.
    pub(crate) fn take_in(
        &mut self,
        alert: Box<Alert>,
        mut mentions: Mentions,
        bytes: u64,
        contributors: &[AlertRef],
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> AlertRef {
        let mut candidates = self.candidates(&alert, &mentions, None, weighing);
        if !contributors.is_empty() {
            self.favour(&mut candidates, &alert, &mentions, contributors, weighing);
        }
        let signature = self.signature(&alert, &mentions);
        let place = self.place_of(&alert, &mentions, &mut candidates, bytes, signature, weighing);
        let mut near = self.near_misses(&alert, &mentions, place.joined(), &candidates, weighing);
        near.extend(place.missed());
        self.note_partners(&mentions, weighing, effects);
        let draws_others = alert.correlate == Correlate::Full;
        mentions.iter_mut().for_each(|mention| mention.context |= !draws_others);
        let slot = self.remember(alert, mentions, bytes, signature);
        match place {
            Place::Join { candidate, folded } => {
                self.alerts[slot].folded = folded;
                self.join(slot, candidate, &candidates, effects);
                if draws_others {
                    let refused =
                        self.merge_others(slot, candidates, weighing.settings.merge_at, weighing, effects);
                    near.extend(refused);
                }
            }
            Place::Open { reason, of, .. } => {
                self.open(slot, reason, of, effects);
                self.schedule(self.alerts[slot].group, weighing);
            }
        }
        if !near.is_empty() {
            self.note_near(slot, near);
        }
        self.index(slot, weighing);
        slot
    }

    fn refuses(&self, alert: &Alert, bytes: u64, weighing: &Weighing) -> Option<RejectReason> {
        let caps = &weighing.settings.caps;
        let entities: usize = alert.evidence.iter().map(|e| 1 + e.addresses.len()).sum();
        let names: usize = alert
            .evidence
            .iter()
            .flat_map(|e| &e.identifiers)
            .map(|i| i.value.len() + ENTITY_NAME_BYTES)
            .sum();
        if entities > caps.incident_entities_max as usize {
            return Some(RejectReason::TooManyEntities);
        }
        (bytes + names as u64 > caps.incident_bytes_max).then_some(RejectReason::TooLarge)
    }

    /// Takes the candidate that the alert joins out of the list, or says why it opens an incident.
    fn place_of(
        &mut self,
        alert: &Alert,
        mentions: &Mentions,
        candidates: &mut Candidates,
        bytes: u64,
        signature: Signature,
        weighing: &Weighing,
    ) -> Place {
        let open = |reason, of| Place::Open { reason, of, full: None };
        if alert.correlate == Correlate::Off {
            return open(OpenReason::CorrelateOff, None);
        }
        let join_at = weighing.settings.join_at;
        let takes = |c: &Candidate| c.total >= join_at && self.takes(c.group, alert, weighing);
        if let Some(place) = candidates.iter().position(takes) {
            let mut candidate = candidates.remove(place);
            candidate.group = self.last_continuation(candidate.group);
            let folded = self.folds(candidate.group, signature, alert, &weighing.settings);
            if self.has_room(candidate.group, alert, mentions, bytes, folded, weighing) {
                return Place::Join { candidate, folded };
            }
            let full = Some(self.miss(&candidate, candidate.group, NearMissReason::Full));
            return Place::Open { reason: OpenReason::Continues, of: Some(candidate.group), full };
        }
        if let Some(before) = candidates.iter().find(|c| c.total >= join_at) {
            return open(OpenReason::Recurs, Some(before.group));
        }
        let late = self.clock.as_micros().saturating_sub(alert.last_activity.as_micros());
        match alert.status {
            _ if late > weighing.settings.late_join.as_micros() => open(OpenReason::Late, None),
            AlertStatus::Resolved => open(OpenReason::ArrivedResolved, None),
            _ => open(OpenReason::NothingLinked, None),
        }
    }

    /// A resolved incident takes what began before it was resolved, and what follows soon enough to reopen it.
    pub(crate) fn takes(&self, group: GroupRef, alert: &Alert, weighing: &Weighing) -> bool {
        let group = &self.groups[group];
        match group.incident.resolved_at {
            Some(resolved) if group.is_resolved() => {
                alert.first_activity.as_micros() < resolved.as_micros()
                    || self.clock.since(resolved) < weighing.settings.reopen_within
            }
            _ => true,
        }
    }

    /// The end of the chain of continuations that begins here. Merges may have closed the chain to a ring, so the steps
    /// are counted.
    fn last_continuation(&self, group: GroupRef) -> GroupRef {
        let mut last = group;
        for _ in 0..CONTINUATIONS_MAX {
            let next = self.groups[last].incident.continued_by.and_then(|id| self.group_of(id));
            match next {
                Some(next) if next != last && !self.groups[next].is_resolved() => last = next,
                _ => break,
            }
        }
        last
    }

    /// Whether an alert fits into a group, by all caps. What is folded takes no room, unless it brings new entities.
    fn has_room(
        &self,
        group: GroupRef,
        alert: &Alert,
        mentions: &Mentions,
        bytes: u64,
        folded: bool,
        weighing: &Weighing,
    ) -> bool {
        let caps = &weighing.settings.caps;
        let group = &self.groups[group];
        let known = group.entities().len();
        // Counted only where the answer may matter: of most groups it is plain that all would fit.
        let together = || group.entities_with_those_of(mentions);
        let entities_max = caps.incident_entities_max as usize;
        let first = group.first_activity.min(alert.first_activity);
        let last = group.last_activity.max(alert.last_activity);
        let adds = !folded || together() > known;
        (folded || group.alerts.len() < caps.incident_alerts_max as usize)
            && (known + mentions.len() <= entities_max || together() <= entities_max)
            && (!adds || group.incident.bytes as u64 + bytes <= caps.incident_bytes_max)
            && last.since(first) <= caps.incident_span_max
    }

    fn remember(
        &mut self,
        alert: Box<Alert>,
        mentions: Mentions,
        bytes: u64,
        signature: Signature,
    ) -> AlertRef {
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        self.dirty.tenant = true;
        let group = GroupRef::NOWHERE;
        let (links, seen) = (SmallVec::new(), self.clock);
        let slot = self.insert_alert(AlertState {
            arrival,
            alert,
            group,
            mentions,
            links,
            apart: None,
            seen,
            bytes,
            signature,
            folded: false,
            near: None,
            dirty: true,
            rules: None,
        });
        self.dirty.alerts.push(slot);
        slot
    }

    /// Puts an alert's mentions into the index, where the next alert finds them.
    pub(crate) fn index(&mut self, slot: AlertRef, weighing: &Weighing) {
        let interval = self.alerts[slot].interval(weighing.settings.activity_max);
        for place in 0..self.alerts[slot].mentions.len() {
            let state = &self.alerts[slot];
            let mention = &state.mentions[place];
            let entity = mention.entity;
            let there = self.indexed(slot, state, mention, interval);
            self.entities[entity].mentions.insert(there);
        }
    }

    fn join(
        &mut self,
        slot: AlertRef,
        Candidate { group, links, .. }: Candidate,
        others: &Candidates,
        effects: &mut Vec<Effect>,
    ) {
        self.put_into(slot, group);
        let key = self.alerts[slot].key();
        let told = self.links_of(&key, &links[..links.len().min(LINKS_TOLD_MAX)]);
        // What a continuation takes may be linked only to the full incident. Such a link is told and not kept: it holds
        // nothing together here, and the full incident may be forgotten before this one.
        let here = others.iter().filter(|other| other.group == group).flat_map(|other| &other.links);
        let kept = links.iter().chain(here).find(|link| self.alerts[link.peer].group == group).cloned();
        self.alerts[slot].links.extend(kept);
        if self.reopens(slot, group) {
            effects.push(Effect::Incident(self.reopen(group)));
        }
        let mut change = self.change(group, ChangeReason::AlertJoined);
        (change.alert, change.links) = (Some(key), told);
        effects.push(Effect::Incident(change));
    }

    /// Whether an alert that has joined a resolved incident makes it active again: it began after the resolution.
    fn reopens(&self, slot: AlertRef, group: GroupRef) -> bool {
        let (alert, group) = (&self.alerts[slot].alert, &self.groups[group]);
        let after = |resolved: SourceTime| alert.first_activity.as_micros() >= resolved.as_micros();
        group.is_resolved()
            && alert.status != AlertStatus::Resolved
            && group.incident.resolved_at.is_some_and(after)
    }

    fn put_into(&mut self, slot: AlertRef, group: GroupRef) {
        let state = &mut self.alerts[slot];
        state.group = group;
        let group = &mut self.groups[group];
        let mut bytes = state.listed_bytes();
        group.add(slot, state, |entity| bytes += entity_bytes(&self.entities[entity], &self.names));
        group.incident.bytes += bytes as i64;
    }

    /// Opens an incident with this alert as its founder.
    fn open(&mut self, slot: AlertRef, reason: OpenReason, of: Option<GroupRef>, effects: &mut Vec<Effect>) {
        let id = self.incident_id(&self.alerts[slot].alert);
        let mut incident = IncidentRecord::new(id, self.tenant.clone(), self.clock, reason.clone());
        let before = of.map(|group| self.groups[group].incident.id);
        match reason {
            OpenReason::Continues => incident.continuation_of = before,
            OpenReason::Recurs => incident.recurrence_of = before,
            _ => {}
        }
        if self.alerts[slot].alert.status == AlertStatus::Resolved {
            incident.status = IncidentStatus::Resolved;
            incident.resolved_at = Some(self.clock);
            incident.closed = Some(CloseReason::AllAlertsResolved);
        } else {
            self.open += 1;
        }
        let group = self.new_group(incident);
        self.put_into(slot, group);
        let mut change = self.change(group, ChangeReason::Opened);
        (change.alert, change.other) = (Some(self.alerts[slot].key()), before);
        effects.push(Effect::Incident(change));
        if let (OpenReason::Continues, Some(full)) = (reason, of) {
            self.groups[full].incident.continued_by = Some(id);
            let mut change = self.change(full, ChangeReason::Continued);
            change.other = Some(id);
            effects.push(Effect::Incident(change));
        }
    }

    pub(crate) fn new_group(&mut self, incident: IncidentRecord) -> GroupRef {
        let number = self.next_group;
        self.next_group += 1;
        self.dirty.tenant = true;
        let id = incident.id;
        self.state_bytes += GROUP_BYTES;
        let group = self.groups.insert(Group::new(number, incident));
        self.dirty.groups.push(group);
        self.incidents.insert(id, Home::Group(group));
        group
    }

    /// Derived from what founded the incident, so that a replay gives the same id: tenant, alert, source time and kind
    /// of the founding input. The time is in it because an alert that comes again after it was forgotten founds a
    /// different incident.
    fn incident_id(&self, alert: &Alert) -> IncidentId {
        self.founded_id(alert, alert.origin.source_time, "alert")
    }

    /// The same for an incident that a split founds. The same alert may be split out, merged back and split out again
    /// within one instant of source time, so what is taken already is counted past.
    pub(crate) fn split_id(&self, founder: &Alert, at: SourceTime) -> IncidentId {
        let mut id = self.founded_id(founder, at, "split");
        let mut again = 1;
        while self.incidents.contains_key(&id) {
            again += 1;
            id = self.founded_id(founder, at, &format!("split {again}"));
        }
        id
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn founded_id(&self, alert: &Alert, at: SourceTime, kind: &str) -> IncidentId {
        let founding =
            format!("{}\0{}\0{}\0{}\0{kind}", self.tenant, alert.provider, alert.id, at.as_micros());
        IncidentId::from_uuid(Uuid::new_v5(&INCIDENT_IDS, founding.as_bytes()))
    }
}

/// The name space of the ids of alerts that rules raise: a UUIDv5 of the URL name space and `urn:braid:rule`.
const RULE_ALERT_IDS: Uuid = Uuid::from_u128(0x9fbc_0f4b_fed6_5fc8_aff5_ff00_7065_1479);

impl TenantState {
    /// Derived from the rule, the group that it fired for, and the first of the alerts that it fired on.
    #[expect(clippy::disallowed_methods, reason = "the other id that is derived")]
    pub(crate) fn rule_alert_id(&self, rule: &Rule, raised: &Raised, first: &AlertKey) -> AlertKey {
        let mut grounds = format!("{}\0{}\0{}\0{}", self.tenant, rule.id, first.provider, first.id);
        for part in raised.entities.iter().map(ToString::to_string) {
            grounds.push('\0');
            grounds.push_str(&part);
        }
        for part in &raised.texts {
            grounds.push('\0');
            grounds.push_str(part);
        }
        let id = Uuid::new_v5(&RULE_ALERT_IDS, grounds.as_bytes());
        AlertKey { provider: Provider::Braid, id: AlertId::new(&id.hyphenated().to_string()) }
    }
}

/// What a group is reckoned to cost beside its alerts, for the byte budget.
pub(crate) const GROUP_BYTES: u64 = 640;

/// The bytes that an entity adds to an incident's record, in the JSON form, which is the larger one.
pub(crate) fn entity_bytes(entity: &Entity, names: &Names) -> u64 {
    const FIELDS: usize = 160;
    let names: usize =
        entity.names.iter().map(|&n| ENTITY_NAME_BYTES + names.identifier(n).value.len()).sum();
    let tags: usize = entity.every_tag().map(|tag| tag.len() + 3).sum();
    (FIELDS + names + tags) as u64
}

/// What a name takes in a record beside its text.
const ENTITY_NAME_BYTES: usize = 48;
