//! Whether an entity stands in a directory on premises.

use braid_alert::{EntityKind, Identifier, IdentifierKind, Provider};

use super::{filter, rank};
use crate::entity::Entity;
use crate::slots::NameRef;
use crate::state::NameSource;
use crate::tenant_state::TenantState;

/// What the resource ids of machines that Azure runs have in common. A machine of one's own that Azure Arc manages is of
/// another type.
const AZURE_MACHINES: [&str; 2] =
    ["/providers/microsoft.compute/virtualmachines", "/providers/microsoft.compute/virtualmachinescalesets"];

impl TenantState {
    /// `Some(true)` if a directory on premises lists it, or a name says so that only such a directory gives: a domain's
    /// SID, or an account of a domain that the domain controllers' sensor reported. `Some(false)` if only the cloud knows
    /// it: a cloud directory lists it, it has an account's SID of the cloud, or it is a machine that Azure runs. `None` if
    /// nothing says either.
    pub(crate) fn on_premises(&self, entity: &Entity) -> Option<bool> {
        if !matches!(entity.kind, EntityKind::User | EntityKind::Mailbox | EntityKind::Host) {
            return None;
        }
        let mut listings = entity.listings().iter();
        if listings.any(|listing| listing.entry.on_premises)
            || entity.names.iter().any(|&name| self.is_of_a_domain(name))
        {
            return Some(true);
        }
        let of_cloud = |&name: &NameRef| is_of_the_cloud(self.names.identifier(name));
        (!entity.listings().is_empty() || entity.names.iter().any(of_cloud)).then_some(false)
    }

    fn is_of_a_domain(&self, name: NameRef) -> bool {
        let identifier = self.names.identifier(name);
        match identifier.kind {
            IdentifierKind::Sid => !identifier.value.starts_with(rank::CLOUD_SID),
            IdentifierKind::DomainAccount => {
                *self.names.learned(name) == NameSource::Alert(Provider::DefenderForIdentity)
                    && !identifier.value.starts_with(filter::CLOUD_DOMAIN)
            }
            _ => false,
        }
    }
}

fn is_of_the_cloud(name: &Identifier) -> bool {
    match name.kind {
        IdentifierKind::Sid => name.value.starts_with(rank::CLOUD_SID),
        IdentifierKind::ResourceId => AZURE_MACHINES.iter().any(|kind| name.value.contains(kind)),
        _ => false,
    }
}
