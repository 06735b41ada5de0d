//! What directories say: it resolves to an entity as evidence does, and stays until the directory says otherwise.

use braid_alert::{
    DirectoryEntry, DirectoryRecord, EntityId, EntityKind, Identifier, IdentifierKind, Provider,
};
use braid_engine::{DirectoryOutcome, DirectoryRejected, Effect, NameSource};

use super::entity::{EntityFacts, Listing};
use super::history::History;
use super::{filter, naming};

/// How many objects of directories an entity is listed as.
const LISTINGS_MAX: usize = 4;

impl History {
    /// Takes a directory record in.
    pub(super) fn list(&mut self, record: &DirectoryRecord, effects: &mut Vec<Effect>) {
        let outcome = match &record.entry {
            Some(entry) => self.list_entry(&record.object, entry, effects),
            None if self.delist(&record.object) => Ok(DirectoryOutcome::Removed),
            None => Ok(DirectoryOutcome::Unknown),
        };
        let (tenant, object) = (record.tenant.clone(), record.object.clone());
        effects.push(match outcome {
            Ok(outcome) => Effect::Directory { tenant, object, outcome },
            Err(reason) => Effect::DirectoryRejected { tenant, object, reason },
        });
    }

    fn list_entry(
        &mut self,
        object: &str,
        entry: &DirectoryEntry,
        effects: &mut Vec<Effect>,
    ) -> Result<DirectoryOutcome, DirectoryRejected> {
        let said = Listing { object: object.into(), entry: entry.clone() };
        if self.entities.iter().any(|entity| entity.listings.contains(&said)) {
            return Ok(DirectoryOutcome::Unchanged);
        }
        // Whatever becomes of what it says now, what it said before does not hold any more.
        let was_listed = self.delist(object);
        let objects: usize = self.entities.iter().map(|entity| entity.listings.len()).sum();
        if objects >= self.settings.directory_entries_max as usize {
            return Err(DirectoryRejected::EntriesMax);
        }
        let (meant, rivals) = filter::meant(&entry.kind, &names_in(entry), true);
        effects.extend(rivals.iter().map(|name| self.conflict(name)));
        let meant = meant.ok_or(DirectoryRejected::NamesNobody)?;
        let who = self.learn(&meant, &NameSource::Directory, effects);
        let entity = self.meant(&who);
        let entity = self.entity_mut(entity);
        if entity.ambiguous {
            return Err(DirectoryRejected::NamesNobody);
        }
        if entity.listings.len() >= LISTINGS_MAX {
            return Err(DirectoryRejected::ListingsMax);
        }
        entity.listings.push(said);
        Ok(if was_listed { DirectoryOutcome::Changed } else { DirectoryOutcome::Listed })
    }

    /// Takes back what was said of an object. Returns whether anything was.
    fn delist(&mut self, object: &str) -> bool {
        let is_of_it = |listing: &Listing| *listing.object == *object;
        let listed = self.entities.iter_mut().find(|entity| entity.listings.iter().any(is_of_it));
        listed.map(|entity| entity.listings.retain(|listing| !is_of_it(listing))).is_some()
    }

    /// Who bears the strongest of an entry's names that anybody in particular bears.
    pub(super) fn listed_bearer(&self, entry: &DirectoryEntry) -> Option<EntityId> {
        let (meant, _) = filter::meant(&entry.kind, &names_in(entry), true);
        let bearers = meant?.names.into_iter().filter_map(|name| self.bearer(&name)).collect::<Vec<_>>();
        bearers.into_iter().find(|&bearer| !self.entity(bearer).ambiguous)
    }

    /// Whether it stands in a directory on premises: one lists it, it has a SID of a domain, or the domain controllers'
    /// sensor gave it an account of a domain. It does not if only a directory of the cloud lists it, it has a SID of the
    /// cloud, or Azure runs it. Else nobody knows.
    pub(super) fn on_premises(&self, entity: &EntityFacts) -> Option<bool> {
        if ![EntityKind::User, EntityKind::Mailbox, EntityKind::Host].contains(&entity.kind) {
            return None;
        }
        let of_domain_controllers = NameSource::Alert(Provider::DefenderForIdentity);
        let of_domain = |name: &&Identifier| match name.kind {
            IdentifierKind::Sid => !naming::is_cloud_sid(name),
            IdentifierKind::DomainAccount => {
                self.taught[*name] == of_domain_controllers && !name.value.starts_with("azuread\\")
            }
            _ => false,
        };
        let of_cloud = |name: &&Identifier| naming::is_cloud_sid(name) || is_azure_machine(name);
        if entity.listings.iter().any(|listing| listing.entry.on_premises)
            || entity.names.iter().any(|name| of_domain(&name))
        {
            return Some(true);
        }
        let is_listed = !entity.listings.is_empty();
        (is_listed || entity.names.iter().any(|name| of_cloud(&name))).then_some(false)
    }
}

fn is_azure_machine(name: &Identifier) -> bool {
    name.kind == IdentifierKind::ResourceId
        && name.value.contains("/providers/microsoft.compute/virtualmachines")
}

/// All names of an entry. A directory on premises also gives the bare names that products know a user by; what one of the
/// cloud calls a user is another directory's name to give.
fn names_in(entry: &DirectoryEntry) -> Vec<Identifier> {
    let is_user = entry.kind == EntityKind::User;
    let is_bare =
        |kind: &IdentifierKind| [IdentifierKind::AccountName, IdentifierKind::DisplayName].contains(kind);
    let mut names = entry.identifiers.clone();
    if !entry.on_premises {
        names.retain(|name| !is_user || !is_bare(&name.kind));
        return names;
    }
    let named = |kind, text: &Option<Box<str>>| Identifier::new(kind, text.as_deref()?);
    names.extend(named(IdentifierKind::AccountName, &entry.sam_name));
    names.extend(named(IdentifierKind::DisplayName, &entry.display_name).filter(|_| is_user));
    names
}
