//! ECS `related`, `host` and `user`: whom and what an incident is about.

use std::collections::BTreeSet;

use braid_alert::{EntityKind, IdentifierKind, IncidentEntity};
use serde::Serialize;

use crate::incident::by_weight;

/// Every name that the entities have, to be searched by.
#[derive(Debug, Default, Serialize)]
pub(super) struct Related<'a> {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    user: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    hosts: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    ip: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    hash: BTreeSet<&'a str>,
}

impl<'a> Related<'a> {
    pub(super) fn of(entities: &'a [IncidentEntity]) -> Self {
        let mut related = Self::default();
        for entity in entities {
            for identifier in &entity.identifiers {
                if let Some(names) = related.place(&entity.kind, &identifier.kind) {
                    names.insert(&identifier.value);
                }
            }
        }
        related
    }

    fn place(&mut self, entity: &EntityKind, name: &IdentifierKind) -> Option<&mut BTreeSet<&'a str>> {
        match (entity, name) {
            (_, IdentifierKind::Address) => Some(&mut self.ip),
            (_, IdentifierKind::Sha256 | IdentifierKind::Sha1 | IdentifierKind::Md5) => Some(&mut self.hash),
            (EntityKind::User | EntityKind::Mailbox, _) => Some(&mut self.user),
            (EntityKind::Host | EntityKind::MobileDevice, _) => Some(&mut self.hosts),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.user.is_empty() && self.hosts.is_empty() && self.ip.is_empty() && self.hash.is_empty()
    }
}

/// The host that most of the alerts are about.
#[derive(Debug, Serialize)]
pub(super) struct Host<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

impl<'a> Host<'a> {
    /// `None` if the incident is about no host.
    pub(super) fn of(entities: &'a [IncidentEntity]) -> Option<Self> {
        let host = by_weight(entities, &[EntityKind::Host, EntityKind::MobileDevice]).into_iter().next()?;
        let device =
            [IdentifierKind::DefenderDeviceId, IdentifierKind::EntraDeviceId, IdentifierKind::MobileDeviceId];
        Some(Self {
            name: &host.name,
            hostname: name_of(host, &[IdentifierKind::Fqdn, IdentifierKind::NetbiosName]),
            id: name_of(host, &device),
        })
    }
}

/// The user whom most of the alerts are about.
#[derive(Debug, Serialize)]
pub(super) struct User<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<&'a str>,
}

impl<'a> User<'a> {
    /// `None` if the incident is about no user.
    pub(super) fn of(entities: &'a [IncidentEntity]) -> Option<Self> {
        let user = by_weight(entities, &[EntityKind::User, EntityKind::Mailbox]).into_iter().next()?;
        let account = name_of(user, &[IdentifierKind::DomainAccount]).and_then(|name| name.split_once('\\'));
        Some(Self {
            name: account
                .map(|(_, name)| name)
                .or_else(|| name_of(user, &[IdentifierKind::AccountName]))
                .unwrap_or(&user.name),
            domain: account.map(|(domain, _)| domain),
            id: name_of(user, &[IdentifierKind::Sid, IdentifierKind::ObjectId]),
            email: name_of(user, &[IdentifierKind::Upn]),
            full_name: name_of(user, &[IdentifierKind::DisplayName]),
        })
    }
}

/// The first name of the first kind that the entity has one of.
fn name_of<'a>(entity: &'a IncidentEntity, kinds: &[IdentifierKind]) -> Option<&'a str> {
    kinds.iter().find_map(|kind| {
        let found = entity.identifiers.iter().find(|identifier| identifier.kind == *kind);
        found.map(|identifier| &*identifier.value)
    })
}
