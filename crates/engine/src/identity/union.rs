//! Two entities that turn out to be one, and what forbids it.

use braid_alert::{EntityKind, Identifier};

use super::rank;
use crate::alert_state::Mention;
use crate::entity::{Entity, NAMES_MAX};
use crate::slots::{EntityRef, NameRef};
use crate::tenant_state::TenantState;
use crate::timeline::MentionAt;

impl TenantState {
    /// Whether the name at `place`, which `owner` bears, must not tie this evidence to it: a stronger name of the
    /// evidence, or of the entity that it has led to so far, says that it is somebody else. So it is if together they had
    /// more names than anybody has.
    pub(super) fn contradicts(
        &self,
        names: &[Identifier],
        place: usize,
        owner: EntityRef,
        known: Option<EntityRef>,
    ) -> bool {
        let below = rank::of(&names[place]);
        let theirs = &self.entities[owner].names;
        let conflict = |mine: &Identifier| {
            (rank::is_final(mine) || rank::of(mine) < below && rank::is_exclusive(&mine.kind))
                && self.has_another(theirs, mine)
        };
        if names.iter().any(conflict) {
            return true;
        }
        known.is_some_and(|known| {
            let mine = &self.entities[known].names;
            mine.len() + theirs.len() > NAMES_MAX || mine.iter().any(|&n| conflict(self.names.identifier(n)))
        })
    }

    /// Whether these names hold one of the same sort, and none that is the same.
    fn has_another(&self, names: &[NameRef], mine: &Identifier) -> bool {
        let mut same_sort = names
            .iter()
            .map(|&n| self.names.identifier(n))
            .filter(|theirs| rank::same_sort(theirs, mine))
            .peekable();
        same_sort.peek().is_some() && same_sort.all(|theirs| theirs != mine)
    }

    /// Whether somebody said that the two are two.
    pub(super) fn are_apart(&self, a: EntityRef, b: EntityRef) -> bool {
        self.shuns(a, b) || self.shuns(b, a)
    }

    fn shuns(&self, entity: EntityRef, other: EntityRef) -> bool {
        let bears =
            |name: &Identifier| self.names.find(name).map(|name| self.names.bearer(name)) == Some(other);
        self.entities[entity].apart().iter().any(bears)
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
        self.note_encounters(keep, gone);
        self.rebind(gone, keep);
        self.move_mentions(gone, keep, |_| true);
        self.move_dossier(gone, keep);
        let gone_entity = self.remove_entity(gone);
        self.names_moved = true;
        for &name in &gone_entity.names {
            self.names.give_to(name, keep);
        }
        absorb(&mut self.entities[keep], gone_entity);
        self.entities[keep].hub = self.entities[keep].is_hub(self.hub_measure);
        self.settle_ruling(keep);
        self.touch_entity(keep);
        keep
    }

    /// Addresses that named one host name the other from now on. The alerts that said so mention both.
    fn rebind(&mut self, from: EntityRef, to: EntityRef) {
        if self.entities[from].kind != EntityKind::Host {
            return;
        }
        let (gone, host) = (self.entities[from].id, self.entities[to].id);
        let mut bound: Vec<EntityRef> = Vec::new();
        for mention in self.entities[from].mentions.iter() {
            let mentioned = self.alerts[mention.alert].mentions.iter().map(|m| m.entity);
            bound.extend(mentioned.filter(|&e| self.entities[e].bindings().iter().any(|b| b.host == gone)));
        }
        for address in bound {
            if self.entities[address].rebind(gone, host, self.sightings_apart) {
                self.touch_entity(address);
            }
        }
    }

    /// Moves the mentions that `which` picks (by their anchor) from one entity to another, in the alerts, the groups
    /// and the links too.
    pub(super) fn move_mentions(
        &mut self,
        from: EntityRef,
        to: EntityRef,
        which: impl Fn(Option<NameRef>) -> bool,
    ) {
        let ids = (self.entities[from].id, self.entities[to].id);
        let all = self.entities[from].mentions.take_all();
        for mention in all {
            let alert = &mut self.alerts[mention.alert];
            let place =
                alert.mentions.iter().position(|m| m.entity == from).expect("the index follows the alerts");
            if !which(alert.mentions[place].anchor) {
                self.entities[from].mentions.insert(mention);
                continue;
            }
            let moved = Mention { entity: to, ..alert.mentions.remove(place) };
            let group = &mut self.groups[mention.group];
            group.forget_entity(from);
            match alert.mentions.iter_mut().find(|m| m.entity == to) {
                Some(there) => {
                    there.strengthen(moved, &self.names);
                }
                None => {
                    alert.mentions.push(moved);
                    group.note_entity(to);
                }
            }
            for link in alert.links.iter_mut().filter(|link| link.entity == from) {
                link.entity = to;
            }
            if let Some(near) = &mut alert.near {
                near.iter_mut().filter(|n| n.entity == ids.0).for_each(|n| n.entity = ids.1);
            }
            self.touch_alert(mention.alert);
            let there = self.alerts[mention.alert]
                .mentions
                .iter()
                .find(|m| m.entity == to)
                .expect("just moved there");
            let certain = self.is_certain(there, &self.alerts[mention.alert].alert.provider);
            let (part, bound, context) = (there.part, there.bound, there.context);
            self.entities[to].mentions.insert(MentionAt { part, certain, bound, context, ..mention });
        }
    }
}

/// Takes over what another entity, which turned out to be this one, was; its mentions and its dossier go their own way.
fn absorb(entity: &mut Entity, gone: Entity) {
    let offset = u8::try_from(entity.names.len()).expect("an entity has at most `NAMES_MAX` names");
    entity.names.extend(gone.names);
    entity.ties.extend(gone.ties.into_iter().map(|(a, b)| (a + offset, b + offset)));
    entity.egress |= gone.egress;
    entity.excluded |= gone.excluded;
    entity.absorb_partners(gone.id, gone.partners);
    if rank::is_more_telling(&gone.kind, &entity.kind) {
        entity.kind = gone.kind;
    }
    entity.label = entity.label.take().or(gone.label);
    let Some(traits) = gone.rare else { return };
    let kept = entity.rare();
    kept.bindings.extend(traits.bindings);
    for tag in traits.tags {
        if !kept.tags.contains(&tag) {
            kept.tags.push(tag);
        }
    }
}
