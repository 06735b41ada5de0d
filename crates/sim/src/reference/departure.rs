//! Alerts that leave an incident by command, and the links that are left.

use std::cmp::Reverse;

use braid_alert::{
    AlertKey, AlertStatus, ChangeReason, CloseReason, IncidentId, IncidentStatus, LinkReason, OpenReason,
    SourceTime, Weight,
};
use braid_engine::Effect;

use super::alert::{LinkFacts, Mention, gap_between};
use super::history::History;
use super::incident::IncidentFacts;

impl History {
    /// Opens an incident for alerts of another one.
    pub(super) fn split_out(
        &mut self,
        from: IncidentId,
        leaving: &[i64],
        at: SourceTime,
        effects: &mut Vec<Effect>,
    ) {
        let founder = self.earliest_of(leaving);
        let to = self.split_id(&self.alert(founder).alert, at);
        let mut incident = IncidentFacts::new(self.clock, OpenReason::SplitOff);
        if leaving.iter().all(|&alert| self.alert(alert).alert.status == AlertStatus::Resolved) {
            incident.status = IncidentStatus::Resolved;
            incident.resolved_at = Some(self.clock);
            incident.closed = Some(CloseReason::AllAlertsResolved);
        }
        self.incidents.insert(to, incident);
        self.transfer(from, to, leaving);
        let mut opened = self.change(to, ChangeReason::Opened);
        (opened.alert, opened.other) = (Some(self.alert(founder).key()), Some(from));
        effects.push(Effect::Incident(opened));
        let mut left = self.change(from, ChangeReason::AlertsLeft);
        (left.alert, left.other) = (self.only(leaving), Some(to));
        effects.push(Effect::Incident(left));
    }

    /// Moves alerts to an incident that is there. Those that nothing links to it are linked by command.
    pub(super) fn move_over(
        &mut self,
        from: IncidentId,
        to: IncidentId,
        leaving: &[i64],
        effects: &mut Vec<Effect>,
    ) {
        let anchor = self.founder_of(to);
        self.transfer(from, to, leaving);
        for &alert in leaving {
            if !self.tied_to(anchor).contains(&alert) {
                let link = self.commanded_link(alert, anchor);
                self.alert_mut(alert).links.extend(link);
            }
        }
        let both = [(to, from, ChangeReason::AlertsMovedIn), (from, to, ChangeReason::AlertsLeft)];
        for (incident, other, reason) in both {
            let mut change = self.change(incident, reason);
            (change.alert, change.other) = (self.only(leaving), Some(other));
            effects.push(Effect::Incident(change));
        }
    }

    /// The listed alert of an incident whose activity began first.
    pub(super) fn founder_of(&self, incident: IncidentId) -> i64 {
        self.earliest_of(&self.listed_of(incident).map(|alert| alert.arrival).collect::<Vec<_>>())
    }

    fn earliest_of(&self, alerts: &[i64]) -> i64 {
        let began = |&&alert: &&i64| (self.alert(alert).alert.first_activity, alert);
        *alerts.iter().min_by_key(began).expect("there is an alert")
    }

    /// A change about several alerts names none.
    fn only(&self, leaving: &[i64]) -> Option<AlertKey> {
        if let [alone] = leaving { Some(self.alert(*alone).key()) } else { None }
    }

    /// Alerts change their incident. One whose last unresolved alert has left is done with.
    fn transfer(&mut self, from: IncidentId, to: IncidentId, leaving: &[i64]) {
        let had_open = self.has_unresolved(from);
        for &alert in leaving {
            self.alert_mut(alert).incident = to;
        }
        for incident in [from, to] {
            self.list_enough(incident);
            self.mend_links(incident, leaving);
        }
        let is_active = self.incidents[&from].status == IncidentStatus::Active;
        if had_open && !self.has_unresolved(from) && is_active {
            let clock = self.clock;
            let incident = self.incident_mut(from);
            incident.turn(IncidentStatus::Resolved, Some(CloseReason::AllAlertsResolved));
            incident.resolved_at = Some(clock);
        }
    }

    /// No link leads out of an incident. Whoever hung on one, or has come, is tied by the best link to those that nothing
    /// else ties it to.
    fn mend_links(&mut self, incident: IncidentId, moved: &[i64]) {
        let members: Vec<i64> = self.alerts_of(incident).map(|alert| alert.arrival).collect();
        let mut seekers = Vec::new();
        for &alert in &members {
            let links = &mut self.alert_mut(alert).links;
            let before = links.len();
            links.retain(|link| members.contains(&link.peer));
            if links.len() < before || moved.contains(&alert) {
                seekers.push(alert);
            }
        }
        for seeker in seekers {
            let tied = self.tied_to(seeker);
            let asked: Vec<i64> = members.iter().copied().filter(|peer| !tied.contains(peer)).collect();
            let link = self.best_link_to(seeker, &asked);
            self.alert_mut(seeker).links.extend(link);
        }
    }

    /// All alerts of its incident that links tie to an alert, itself included.
    fn tied_to(&self, alert: i64) -> Vec<i64> {
        let mut tied = vec![alert];
        let mut looked_at = 0;
        while looked_at < tied.len() {
            let here = tied[looked_at];
            looked_at += 1;
            for other in self.alerts_of(self.alert(alert).incident) {
                let joined = other.links.iter().any(|link| link.peer == here)
                    || self.alert(here).links.iter().any(|link| link.peer == other.arrival);
                if joined && !tied.contains(&other.arrival) {
                    tied.push(other.arrival);
                }
            }
        }
        tied
    }

    /// The strongest link of an alert to one of these, by an entity that draws.
    fn best_link_to(&self, seeker: i64, asked: &[i64]) -> Option<LinkFacts> {
        let seeker = self.alert(seeker);
        let mentions = self.mentions(&seeker.sayings);
        let drawing = mentions.iter().filter(|m| !m.context && self.entity(m.entity).joins());
        let links = drawing.flat_map(|here| {
            let nearest =
                self.nearest_mentioners(here.entity, seeker.alert.first_activity, self.nearest_most());
            let peers = nearest.into_iter().filter(|(peer, m)| !m.context && asked.contains(&peer.arrival));
            peers.map(|(peer, there)| self.link(&seeker.alert, here, peer, &there)).collect::<Vec<_>>()
        });
        let counting = links.filter(|link| link.weight >= self.settings.link_min);
        counting.min_by_key(|link| (Reverse(link.weight), link.gap, link.peer, self.meant(&link.who)))
    }

    /// The link that a command makes of two alerts, and the one that bears it.
    pub(super) fn commanded_tie(&self, a: i64, b: i64) -> Option<(i64, LinkFacts)> {
        let from = |alert, peer| Some((alert, self.commanded_link(alert, peer)?));
        from(a, b).or_else(|| from(b, a))
    }

    /// By an entity that both mention, or else by any that the first one does; none if it mentions nothing.
    fn commanded_link(&self, alert: i64, peer: i64) -> Option<LinkFacts> {
        let (here, there) = (self.alert(alert), self.alert(peer));
        let theirs = self.mentions(&there.sayings);
        let is_shared = |mention: &Mention| theirs.iter().any(|m| m.entity == mention.entity);
        let mentions = self.mentions(&here.sayings);
        let by = mentions.into_iter().min_by_key(|m| (Reverse(is_shared(m)), m.entity))?;
        let lasting = |alert: &braid_alert::Alert| (alert.first_activity, alert.last_activity);
        let gap = gap_between(lasting(&here.alert), lasting(&there.alert));
        Some(LinkFacts { peer, who: by.who, reason: LinkReason::Commanded, weight: Weight::ONE, gap })
    }
}
