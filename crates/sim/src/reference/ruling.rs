//! What people say of entities.

use braid_alert::EntityId;
use braid_engine::NameSource;

use super::entity::EntityFacts;
use super::history::History;

impl History {
    /// Whether somebody said that the two are two.
    pub(super) fn are_apart(&self, a: EntityId, b: EntityId) -> bool {
        let shuns = |one: EntityId, other: EntityId| {
            self.entity(one).apart.iter().any(|name| self.entity(other).names.contains(name))
        };
        shuns(a, b) || shuns(b, a)
    }

    /// Whether something that somebody said of an entity holds.
    pub(super) fn is_ruled(&self, entity: &EntityFacts) -> bool {
        let united = entity.names.len() > 1
            && entity.names.iter().any(|name| self.taught[name] == NameSource::Command);
        entity.excluded || !entity.own_tags.is_empty() || !entity.apart.is_empty() || united
    }
}
