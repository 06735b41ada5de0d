//! OCSF's observables: every name of every entity, and where in the record it stands.

use braid_alert::{IdentifierKind, IncidentEntity};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Observable<'a> {
    /// The path of the attribute that has the value.
    name: String,
    type_id: u32,
    #[serde(rename = "type")]
    kind: &'a str,
    value: &'a str,
}

/// The names of entities, in the order in which `unmapped.entities` has them.
pub(super) fn observables(entities: &[IncidentEntity]) -> Vec<Observable<'_>> {
    let mut observables = Vec::with_capacity(entities.len());
    for (at, entity) in entities.iter().enumerate() {
        for (nth, identifier) in entity.identifiers.iter().enumerate() {
            let (type_id, caption) = type_of(&identifier.kind);
            observables.push(Observable {
                name: format!("unmapped.entities[{at}].identifiers[{nth}].value"),
                type_id,
                kind: caption.unwrap_or_else(|| identifier.kind.as_str()),
                value: &identifier.value,
            });
        }
    }
    observables
}

/// OCSF's type of a name and its caption; 99 (Other), whose caption is braid's own word, where it has none.
const fn type_of(kind: &IdentifierKind) -> (u32, Option<&'static str>) {
    match kind {
        IdentifierKind::Fqdn | IdentifierKind::NetbiosName => (1, Some("Hostname")),
        IdentifierKind::Address => (2, Some("IP Address")),
        IdentifierKind::DomainAccount | IdentifierKind::AccountName | IdentifierKind::DisplayName => {
            (4, Some("User Name"))
        }
        IdentifierKind::Upn => (5, Some("Email Address")),
        IdentifierKind::Url => (6, Some("URL String")),
        IdentifierKind::Sha256 | IdentifierKind::Sha1 | IdentifierKind::Md5 => (8, Some("Hash")),
        IdentifierKind::ResourceId => (10, Some("Resource UID")),
        _ => (99, None),
    }
}
