//! How much memory the entities of a partition take, by what is allocated for them.
//!
//! `Stats::state_bytes` is another figure: logical bytes, which do not depend on the allocator or on what a vector has room
//! for, so that a bound on them decides the same everywhere. This one is for measuring, and decides nothing.

use crate::Partition;
use crate::entity::{Entity, MentionAt, RareTraits};
use crate::slots::NameRef;
use crate::state::{BindingRecord, PartnerRecord};
use crate::tenant_state::TenantState;

impl Partition {
    /// The bytes that entities take in memory, with their names, mentions and partners; without what the allocator adds to
    /// each piece, and without what a directory says of them. It walks over all of them.
    pub fn entity_bytes(&self) -> u64 {
        let of_tenant = |state: &TenantState| {
            let pieces: usize = state.entities.iter().map(|(_, entity)| heap_bytes(entity)).sum();
            (state.entities.allocated_bytes() + state.names.allocated_bytes() + pieces) as u64
        };
        self.tenants.iter().map(of_tenant).sum()
    }
}

/// What an entity has allocated beside its slot.
fn heap_bytes(entity: &Entity) -> usize {
    let names = if entity.names.spilled() { entity.names.capacity() * size_of::<NameRef>() } else { 0 };
    let ties = if entity.ties.spilled() { entity.ties.capacity() * size_of::<(u8, u8)>() } else { 0 };
    names
        + ties
        + entity.mentions.capacity() * size_of::<MentionAt>()
        + entity.partners.capacity() * size_of::<PartnerRecord>()
        + entity.rare.as_deref().map_or(0, bytes_of_traits)
}

fn bytes_of_traits(traits: &RareTraits) -> usize {
    let tags: usize = traits.tags.iter().map(|tag| size_of::<Box<str>>() + tag.len()).sum();
    size_of::<RareTraits>()
        + traits.label.as_ref().map_or(0, |label| label.len())
        + tags
        + traits.bindings.capacity() * size_of::<BindingRecord>()
}

#[cfg(test)]
mod tests {
    use braid_alert::EntityKind;

    use super::*;

    #[test]
    fn what_an_entity_has_learned_counts() {
        let mut entity = Entity::new(braid_alert::EntityId(1), EntityKind::Host);
        let empty = heap_bytes(&entity);
        entity.mentions.reserve_exact(10);
        entity.rare().label = Some("x".repeat(100).into());
        let grown = heap_bytes(&entity) - empty;
        assert!(grown >= 10 * size_of::<MentionAt>() + size_of::<RareTraits>() + 100, "{grown}");
    }

    #[test]
    fn a_partition_of_nobody_takes_nothing() {
        assert_eq!(Partition::new(crate::Settings::default()).entity_bytes(), 0);
    }
}
