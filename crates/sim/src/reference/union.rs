//! Two entities that turn out to be one.

use braid_alert::EntityId;

use super::history::History;

impl History {
    /// Two entities are one. The one that more alerts mention keeps its number, else the older one.
    pub(super) fn unite(&mut self, a: EntityId, b: EntityId) -> EntityId {
        let claim = |id: EntityId| (self.mentioners(id).len(), std::cmp::Reverse(id));
        let (keep, gone) = if claim(a) > claim(b) { (a, b) } else { (b, a) };
        self.note_encounters(keep, gone);
        self.introduce(keep, gone);
        self.rebind(gone, keep);
        let place = self.entities.iter().position(|entity| entity.id == gone).expect("it is there");
        let gone = self.entities.remove(place);
        self.became.insert(gone.id, keep);
        let kept = self.entity_mut(keep);
        let kind = gone.kind.clone();
        kept.take_over(gone);
        self.tell_kind(keep, kind);
        self.settle_sayings();
        keep
    }
}
