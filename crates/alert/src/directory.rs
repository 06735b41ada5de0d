use serde::{Deserialize, Serialize};

use crate::{EntityKind, EventTime, Identifier, Origin, Provider, Tenant};

/// What a directory says of one of its objects, as the compacted directory topic carries it: the last record of an
/// object is what the directory says now.
///
/// Names that stand in one record are names of one entity, as those of one piece of evidence are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryRecord {
    /// Whose directory it is.
    pub tenant: Tenant,
    /// The object, by whatever the directory keys it with: a GUID, a SID, a distinguished name.
    pub object: Box<str>,
    /// What is said of it; `None` if the object was deleted (a tombstone).
    pub entry: Option<DirectoryEntry>,
    /// The record that it came in.
    pub origin: Origin,
}

/// A user or a computer as a directory lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// A user or a host.
    pub kind: EntityKind,
    /// All its names: SID, object id, user principal name, account name with and without domain, mail address, FQDN.
    pub identifiers: Vec<Identifier>,
    /// Whether the directory is one on premises (Active Directory). An object that only a cloud directory lists is not.
    pub on_premises: bool,
    /// What people call it.
    pub display_name: Option<Box<str>>,
    /// A user's title: what their work is.
    pub title: Option<Box<str>>,
    /// Where a user works.
    pub office: Option<Box<str>>,
    /// A mail address to write to.
    pub mail: Option<Box<str>>,
    /// A telephone number.
    pub phone: Option<Box<str>>,
    /// The DNS name of the domain.
    pub domain: Option<Box<str>>,
    /// The sAMAccountName, as the directory writes it.
    pub sam_name: Option<Box<str>>,
    /// A host's operating system.
    pub os: Option<Box<str>>,
    /// Its version or build.
    pub os_build: Option<Box<str>>,
    /// When the object was created.
    pub created: Option<EventTime>,
    /// When a product first saw it.
    pub first_seen: Option<EventTime>,
    /// What the directory marks it as: `sensitive`, `honeytoken`.
    pub tags: Vec<Box<str>>,
    /// The products that list the object too.
    pub products: Vec<DirectoryProduct>,
}

/// A product that knows an object of the directory, whether it has raised alerts on it or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryProduct {
    /// Which.
    pub provider: Provider,
    /// Since when.
    pub since: Option<EventTime>,
    /// Where its portal shows the object.
    pub portal_url: Option<Box<str>>,
}
