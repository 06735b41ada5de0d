//! Two entities that turn out to be one, and what forbids it.

use braid_alert::Identifier;

use super::{Names, rank};
use crate::alert_state::Mention;
use crate::entity::MentionAt;
use crate::slots::{EntityRef, NameRef};
use crate::tenant_state::TenantState;

impl TenantState {
    /// Whether the name at `place`, which `owner` bears, must not tie this evidence to it: a stronger name of the
    /// evidence, or of the entity that it has led to so far, says that it is somebody else.
    pub(super) fn contradicts(
        &self,
        names: &Names,
        place: usize,
        owner: EntityRef,
        known: Option<EntityRef>,
    ) -> bool {
        let below = rank::of(&names[place].kind);
        let theirs = &self.entities[owner].names;
        let conflict = |mine: &Identifier| {
            rank::of(&mine.kind) < below && rank::is_exclusive(&mine.kind) && self.has_another(theirs, mine)
        };
        if names.iter().any(conflict) {
            return true;
        }
        known.is_some_and(|known| {
            self.entities[known].names.iter().any(|&n| conflict(self.names.identifier(n)))
        })
    }

    /// Whether these names hold one of the same kind, and none that is the same.
    fn has_another(&self, names: &[NameRef], mine: &Identifier) -> bool {
        let mut same_kind =
            names.iter().map(|&n| self.names.identifier(n)).filter(|i| i.kind == mine.kind).peekable();
        same_kind.peek().is_some() && same_kind.all(|theirs| theirs != mine)
    }

    /// Makes two entities one. The one with more mentions stays, for moving the fewer is what it costs; with equally
    /// many the older.
    pub(super) fn unite(&mut self, a: EntityRef, b: EntityRef) -> EntityRef {
        let weight = |e: EntityRef| {
            let entity = &self.entities[e];
            (entity.mentions.len(), std::cmp::Reverse(entity.id))
        };
        let (keep, gone) = if weight(a) >= weight(b) { (a, b) } else { (b, a) };
        self.before_change_of(keep);
        self.before_change_of(gone);
        self.move_mentions(gone, keep, |_| true);
        let gone_entity = self.remove_entity(gone);
        self.names_moved = true;
        let offset = self.entities[keep].names.len() as u8;
        for &name in &gone_entity.names {
            self.names.give_to(name, keep);
        }
        let entity = &mut self.entities[keep];
        entity.names.extend(gone_entity.names);
        entity.ties.extend(gone_entity.ties.into_iter().map(|(a, b)| (a + offset, b + offset)));
        entity.egress |= gone_entity.egress;
        if rank::is_more_telling(&gone_entity.kind, &entity.kind) {
            entity.kind = gone_entity.kind;
        }
        if let Some(traits) = gone_entity.rare {
            let kept = entity.rare();
            kept.label = kept.label.take().or(traits.label);
            kept.bindings.extend(traits.bindings);
            for tag in traits.tags {
                if !kept.tags.contains(&tag) {
                    kept.tags.push(tag);
                }
            }
        }
        self.touch_entity(keep);
        keep
    }

    /// Moves the mentions that `which` picks (by their anchor) from one entity to another, in the alerts, the groups
    /// and the links too.
    pub(super) fn move_mentions(
        &mut self,
        from: EntityRef,
        to: EntityRef,
        which: impl Fn(Option<NameRef>) -> bool,
    ) {
        let all = std::mem::take(&mut self.entities[from].mentions);
        for mention in all {
            let alert = &mut self.alerts[mention.alert];
            let place =
                alert.mentions.iter().position(|m| m.entity == from).expect("the index follows the alerts");
            if !which(alert.mentions[place].anchor) {
                self.entities[from].mentions.push_back(mention);
                continue;
            }
            let moved = Mention { entity: to, ..alert.mentions.remove(place) };
            let group = &mut self.groups[mention.group];
            group.forget_entity(from);
            match alert.mentions.iter_mut().find(|m| m.entity == to) {
                Some(there) => {
                    there.strengthen(moved);
                }
                None => {
                    alert.mentions.push(moved);
                    group.note_entity(to);
                }
            }
            for link in alert.links.iter_mut().filter(|link| link.entity == from) {
                link.entity = to;
            }
            self.touch_alert(mention.alert);
            let there = self.alerts[mention.alert]
                .mentions
                .iter()
                .find(|m| m.entity == to)
                .expect("just moved there");
            let certain = self.is_certain(there, &self.alerts[mention.alert].alert.provider);
            let (part, bound, context) = (there.part, there.bound, there.context);
            self.entities[to].insert_mention(MentionAt { part, certain, bound, context, ..mention });
        }
    }
}
