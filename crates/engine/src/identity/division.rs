//! A name that stands for several entities, and the division of what it had united.

use smallvec::SmallVec;

use crate::Effect;
use crate::entity::Entity;
use crate::slots::{EntityRef, NameRef};
use crate::tenant_state::TenantState;

/// Names of one part of an entity.
pub(super) type Part = SmallVec<[NameRef; 4]>;

impl TenantState {
    /// From now on this name joins nothing. It gets an entity of its own that is shown as context, and the entity that
    /// bore it falls into the parts that hold together without it. Each of them remembers the name as a conflict, and as
    /// long as one of them does the name stays ambiguous.
    pub(super) fn make_ambiguous(&mut self, name: NameRef, effects: &mut Vec<Effect>) {
        let owner = self.names.bearer(name);
        self.before_change_of(owner);
        let identifier = self.names.identifier(name).clone();
        effects
            .push(Effect::IdentityConflict { tenant: self.tenant.clone(), identifier: identifier.clone() });
        if self.entities[owner].names.len() == 1 {
            self.entities[owner].ambiguous = true;
            self.touch_entity(owner);
            return;
        }
        let parts = parts_of(&self.entities[owner], Some(name));
        let outcast = self.new_entity(self.entities[owner].kind.clone());
        self.entities[outcast].ambiguous = true;
        self.hand_over(owner, outcast, &[name]);
        self.note_conflict(owner, &identifier);
        for part in &parts[1..] {
            let divided = self.part_from(owner, part);
            self.note_conflict(divided, &identifier);
        }
    }

    /// Makes an entity of its own of a part of another one. What people said of the whole holds for the part too.
    pub(super) fn part_from(&mut self, owner: EntityRef, part: &[NameRef]) -> EntityRef {
        let divided = self.new_entity(self.entities[owner].kind.clone());
        self.hand_over(owner, divided, part);
        self.share_dossier(owner, divided);
        self.settle_ruling(owner);
        self.settle_ruling(divided);
        divided
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
        self.touch_entity(from);
        self.touch_entity(to);
        self.settle_ruling(from);
        self.move_mentions(from, to, |anchor| anchor.is_some_and(|anchor| names.contains(&anchor)));
    }
}

/// The parts that hold together by ties, among the names other than `without`; the part of the name that was learned
/// first comes first.
pub(super) fn parts_of(entity: &Entity, without: Option<NameRef>) -> Vec<Part> {
    let mut part_of: Vec<usize> = (0..entity.names.len()).collect();
    let out = without.and_then(|name| entity.names.iter().position(|&n| n == name));
    for &(a, b) in entity.ties.iter().filter(|&&(a, b)| Some(a as usize) != out && Some(b as usize) != out) {
        let (a, b) = (part_of[a as usize], part_of[b as usize]);
        part_of.iter_mut().filter(|part| **part == a.max(b)).for_each(|part| *part = a.min(b));
    }
    let mut parts: Vec<Part> = Vec::new();
    for first in 0..entity.names.len() {
        let members = (0..entity.names.len()).filter(|&n| part_of[n] == first && Some(n) != out);
        let part: Part = members.map(|n| entity.names[n]).collect();
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}
