//! A name that stands for several entities, and what becomes of the one that bore it.

use braid_alert::{EntityId, Identifier};
use braid_engine::Effect;

use super::history::History;
use super::naming;

impl History {
    /// A name stands for several entities. It becomes one of its own, which joins nothing, and what is left of the entity
    /// that bore it falls into the parts that hang together without it.
    pub(super) fn make_ambiguous(&mut self, name: &Identifier, effects: &mut Vec<Effect>) {
        effects.push(self.conflict(name));
        let bearer = self.bearer(name).expect("it is known");
        self.ties.retain(|(a, b)| a != name && b != name);
        if self.entity(bearer).names.len() == 1 {
            self.entity_mut(bearer).ambiguous = true;
            return;
        }
        let kind = self.entity(bearer).kind.clone();
        let outcast = self.new_entity(kind.clone());
        let names = std::mem::take(&mut self.entity_mut(bearer).names);
        self.entity_mut(outcast).names.push(name.clone());
        self.entity_mut(outcast).ambiguous = true;
        self.entity_mut(bearer).names = names.into_iter().filter(|n| n != name).collect();
        for part in self.fall_apart(bearer) {
            self.entity_mut(part).note_conflict(name);
        }
    }

    /// Makes an entity of its own of each part of an entity that does not hang together with its first name. Returns all
    /// parts.
    pub(super) fn fall_apart(&mut self, whole: EntityId) -> Vec<EntityId> {
        let kind = self.entity(whole).kind.clone();
        let mut parts = vec![whole];
        let names = self.entity(whole).names.clone();
        let (first, mut left) = self.hang_together(&names[0].clone(), names);
        self.entity_mut(whole).names = first;
        while !left.is_empty() {
            let part = self.new_entity(kind.clone());
            (self.entity_mut(part).names, left) = self.hang_together(&left[0].clone(), left);
            parts.push(part);
        }
        self.share_what_is_said(&parts);
        parts
    }

    /// What people said of the whole holds for each part. What directories say goes to the part that bears the strongest of
    /// the names that they give.
    fn share_what_is_said(&mut self, parts: &[EntityId]) {
        let whole = self.entity_mut(parts[0]);
        let (excluded, tags, apart) = (whole.excluded, whole.own_tags.clone(), whole.apart.clone());
        let listings = std::mem::take(&mut whole.listings);
        for &part in &parts[1..] {
            let part = self.entity_mut(part);
            (part.excluded, part.own_tags, part.apart) = (excluded, tags.clone(), apart.clone());
        }
        for listing in listings {
            let bearer = self.listed_bearer(&listing.entry).filter(|bearer| parts.contains(bearer));
            self.entity_mut(bearer.unwrap_or(parts[0])).listings.push(listing);
        }
    }

    /// Divides an entity between two of its names, if one bears both. On the shortest way from one to the other the weakest
    /// name between them had united them, and stands for both; where they were named together themselves, that was wrong.
    pub(super) fn divide_between(&mut self, a: &Identifier, b: &Identifier, effects: &mut Vec<Effect>) {
        while self.bearer(a) == self.bearer(b) {
            let whole = self.bearer(a).expect("both are borne");
            let way = self.shortest_way(a, b).unwrap_or_default();
            let between = way.iter().filter(|name| *name != a && *name != b);
            if let Some(weakest) = between.max_by_key(|name| (naming::rank(name), *name)) {
                self.make_ambiguous(&weakest.clone(), effects);
                continue;
            }
            self.ties.retain(|(x, y)| (x, y) != (a, b) && (y, x) != (a, b));
            let names = self.entity(whole).names.clone();
            let (part, left) = self.hang_together(b, names.clone());
            if !part.contains(a) {
                let kind = self.entity(whole).kind.clone();
                let divided = self.new_entity(kind);
                self.entity_mut(divided).names = part;
                self.entity_mut(whole).names = left;
                self.share_what_is_said(&[whole, divided]);
            }
        }
    }

    /// The shortest way between two names of one entity along those that were named together; of equally short ones the one
    /// over the names that it got first.
    fn shortest_way(&self, from: &Identifier, to: &Identifier) -> Option<Vec<Identifier>> {
        let names = &self.entity(self.bearer(from)?).names;
        let tied = |a: &Identifier, b: &Identifier| {
            self.ties.iter().any(|(x, y)| (x, y) == (a, b) || (y, x) == (a, b))
        };
        let mut ways = vec![vec![from.clone()]];
        for _ in names {
            if let Some(way) = ways.iter().find(|way| way.last() == Some(to)) {
                return Some(way.clone());
            }
            // Each way in turn goes on to each name that no way has come to, in the order of names.
            let mut longer: Vec<Vec<Identifier>> = Vec::new();
            let mut reached: Vec<Identifier> = ways.concat();
            for way in &ways {
                let end = way.last().expect("a way has a beginning");
                for name in names.iter().filter(|name| tied(end, name)) {
                    if !reached.contains(name) {
                        reached.push(name.clone());
                        longer.push(way.iter().chain([name]).cloned().collect());
                    }
                }
            }
            ways = longer;
        }
        ways.into_iter().find(|way| way.last() == Some(to))
    }

    /// Of these names those that hang together with one of them, and the others.
    fn hang_together(&self, with: &Identifier, names: Vec<Identifier>) -> (Vec<Identifier>, Vec<Identifier>) {
        let mut reached = vec![with.clone()];
        let mut looked_at = 0;
        while looked_at < reached.len() {
            let from = reached[looked_at].clone();
            looked_at += 1;
            for (a, b) in &self.ties {
                for (here, there) in [(a, b), (b, a)] {
                    if *here == from && !reached.contains(there) {
                        reached.push(there.clone());
                    }
                }
            }
        }
        names.into_iter().partition(|name| reached.contains(name))
    }
}
