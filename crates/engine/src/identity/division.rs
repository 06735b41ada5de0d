//! A name that stands for several entities, and the division of what it had united.

use smallvec::SmallVec;

use crate::Effect;
use crate::entity::Entity;
use crate::slots::{EntityRef, NameRef};
use crate::tenant_state::TenantState;

impl TenantState {
    /// From now on this name joins nothing. It gets an entity of its own that is shown as context, and the entity that
    /// bore it falls into the parts that hold together without it.
    pub(super) fn make_ambiguous(&mut self, name: NameRef, effects: &mut Vec<Effect>) {
        let owner = self.names.bearer(name);
        self.before_change_of(owner);
        let identifier = self.names.identifier(name).clone();
        effects.push(Effect::IdentityConflict { tenant: self.tenant.clone(), identifier });
        let others = self.entities[owner].names.iter().filter(|&&n| n != name).count();
        if others == 0 {
            self.entities[owner].ambiguous = true;
            self.touch_entity(owner);
            return;
        }
        let parts = parts_without(&self.entities[owner], name);
        let outcast = self.new_entity(self.entities[owner].kind.clone());
        self.entities[outcast].ambiguous = true;
        self.hand_over(owner, outcast, &[name]);
        for part in parts.iter().skip(1) {
            let divided = self.new_entity(self.entities[owner].kind.clone());
            self.hand_over(owner, divided, part);
        }
        self.touch_entity(owner);
    }

    /// Gives names, their ties and the mentions that they anchor to another entity.
    fn hand_over(&mut self, from: EntityRef, to: EntityRef, names: &[NameRef]) {
        let tied: SmallVec<[(NameRef, NameRef); 4]> = {
            let entity = &self.entities[from];
            entity.ties.iter().map(|&(a, b)| (entity.names[a as usize], entity.names[b as usize])).collect()
        };
        for &name in names {
            self.names.give_to(name, to);
        }
        self.names_moved = true;
        self.orphans.extend([(from, self.entities[from].id), (to, self.entities[to].id)]);
        let entity = &mut self.entities[from];
        entity.names.retain(|n| !names.contains(n));
        entity.ties.clear();
        self.entities[to].names = names.into();
        for (a, b) in tied {
            let side = if names.contains(&a) { to } else { from };
            self.entities[side].tie(a, b);
        }
        self.move_mentions(from, to, |anchor| anchor.is_some_and(|anchor| names.contains(&anchor)));
    }
}

/// The parts that hold together by ties among the names other than `without`; the part of the name that was learned
/// first comes first.
fn parts_without(entity: &Entity, without: NameRef) -> Vec<SmallVec<[NameRef; 4]>> {
    let mut part_of: Vec<usize> = (0..entity.names.len()).collect();
    let out = entity.names.iter().position(|&n| n == without);
    for &(a, b) in entity.ties.iter().filter(|&&(a, b)| Some(a as usize) != out && Some(b as usize) != out) {
        let (a, b) = (part_of[a as usize], part_of[b as usize]);
        part_of.iter_mut().filter(|part| **part == a.max(b)).for_each(|part| *part = a.min(b));
    }
    let mut parts: Vec<SmallVec<[NameRef; 4]>> = Vec::new();
    for first in 0..entity.names.len() {
        let members = (0..entity.names.len()).filter(|&n| part_of[n] == first && Some(n) != out);
        let part: SmallVec<[NameRef; 4]> = members.map(|n| entity.names[n]).collect();
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}
