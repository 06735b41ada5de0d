//! How much memory the entities and the alerts of a partition take, by what is allocated for them.
//!
//! `Stats::state_bytes` is another figure: logical bytes, which do not depend on the allocator or on what a vector has room
//! for, so that a bound on them decides the same everywhere. This one is for measuring, and decides nothing.

use braid_alert::{Alert, Technique};
use smallvec::{Array, SmallVec};

use crate::Partition;
use crate::alert_state::{AlertState, indicator_bytes};
use crate::entity::{Entity, RareTraits};
use crate::state::PartnerRecord;
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

    /// The bytes that alerts take in memory, with their texts, their mentions and the table that finds them; without what
    /// the allocator adds to each piece, without near misses, rules and separations, and without incidents. It walks over
    /// all of them.
    pub fn alert_bytes(&self) -> u64 {
        let of_tenant = |state: &TenantState| {
            let pieces: usize = state.alerts.iter().map(|(_, alert)| bytes_of_alert(alert)).sum();
            (state.alerts.allocated_bytes() + state.alert_table_bytes() + pieces) as u64
        };
        self.tenants.iter().map(of_tenant).sum()
    }
}

/// What an alert has allocated beside its slot. Its id is shared with whatever repeats it and counted once, here.
fn bytes_of_alert(state: &AlertState) -> usize {
    let alert = &*state.alert;
    let texts =
        [&alert.source_alert_id, &alert.assignee, &alert.detector, &alert.category, &alert.portal_url];
    let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
    let techniques: usize = alert.techniques.iter().map(|technique| technique.as_str().len()).sum();
    size_of::<Alert>()
        + texts
        + alert.title.len()
        + alert.id.as_str().len()
        + alert.techniques.capacity() * size_of::<Technique>()
        + techniques
        + alert.origin.source.len()
        + alert.origin.topic.len()
        + indicator_bytes(alert)
        + spilled_bytes(&state.mentions)
        + spilled_bytes(&state.links)
}

/// What an entity has allocated beside its slot.
fn heap_bytes(entity: &Entity) -> usize {
    spilled_bytes(&entity.names)
        + spilled_bytes(&entity.ties)
        + entity.mentions.allocated_bytes()
        + entity.label.as_ref().map_or(0, |label| label.len())
        + entity.partners.capacity() * size_of::<PartnerRecord>()
        + entity.rare.as_deref().map_or(0, bytes_of_traits)
}

fn bytes_of_traits(traits: &RareTraits) -> usize {
    let tags: usize = traits.tags.iter().map(|tag| size_of::<Box<str>>() + tag.len()).sum();
    size_of::<RareTraits>() + tags + spilled_bytes(&traits.bindings)
}

/// What a vector has allocated, if it has outgrown the room within itself.
fn spilled_bytes<A: Array>(vector: &SmallVec<A>) -> usize {
    if vector.spilled() { vector.capacity() * size_of::<A::Item>() } else { 0 }
}

#[cfg(test)]
mod tests {
    use braid_alert::EntityKind;

    use super::*;

    #[test]
    fn what_an_entity_has_learned_counts() {
        let mut entity = Entity::new(braid_alert::EntityId(1), EntityKind::Host);
        let empty = heap_bytes(&entity);
        entity.partners.reserve_exact(10);
        entity.label = Some("x".repeat(100).into());
        entity.rare().tags.push("sensitive".into());
        let grown = heap_bytes(&entity) - empty;
        assert!(grown >= 10 * size_of::<PartnerRecord>() + 100 + size_of::<RareTraits>() + 9, "{grown}");
    }

    #[test]
    fn a_partition_of_nobody_takes_nothing() {
        let partition = Partition::new(crate::Settings::default());
        assert_eq!((partition.entity_bytes(), partition.alert_bytes()), (0, 0));
    }
}
