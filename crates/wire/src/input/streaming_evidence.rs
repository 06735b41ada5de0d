//! The evidence of an `AlertEvidence` row: its columns, and the entity that `AdditionalFields` holds as JSON.
//!
//! That entity is the one of a `SecurityAlert` row's `Entities`, and names more than the columns do; it is read as there.
//! What it leaves open the columns fill.

use std::borrow::Cow;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Role};
use jiff::tz::Offset;

use super::created_account::created_account;
use super::evidence_list::{self, EvidenceList, label};
use super::json::{Json, Object};
use super::naming::{self, AccountNames, HostNames};
use super::sentinel_entities;

/// The evidence of a row: the piece that it is about first, then those within or beside it.
pub(super) fn evidence(row: &Object<'_>, timezone: Offset) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    let (entity, unreadable) = entity_of(row);
    let entity = entity.and_then(|entity| sentinel_entities::of_entity(&entity, timezone));
    let role = role(row, entity.as_ref().map(|(piece, _)| piece));
    let columns = piece(row, role.clone());
    let (about, mut within) = match entity {
        Some((piece, within)) => (Evidence { role, ..filled(piece, columns) }, within),
        None => (columns, Vec::new()),
    };
    for piece in beside(row) {
        match within.iter_mut().find(|known| known.kind == piece.kind) {
            Some(known) => *known = filled(known.clone(), piece),
            None => within.push(piece),
        }
    }
    list.push(about);
    list.extend(within);
    // The entity's own command line gives the same piece, which counts once.
    list.extend(row.text("ProcessCommandLine").and_then(|command| created_account(&command)));
    if let Some(unreadable) = unreadable {
        list.push_unreadable(&unreadable);
    }
    list.into_evidence()
}

/// The entity in `AdditionalFields`, and what is wrong with it if it cannot be read.
fn entity_of<'a>(row: &'a Object<'_>) -> (Option<Json<'a>>, Option<String>) {
    match row.field("AdditionalFields") {
        Json::Text(text) if text.trim_start().starts_with('{') => match Json::parse(text) {
            Ok(entity) => (Some(entity), None),
            Err(refusal) => (None, Some(format!("AdditionalFields could not be read: {refusal}"))),
        },
        _ => (None, None),
    }
}

/// What the entity says counts; the columns say the rest. A column's name of a kind that the entity has is another
/// spelling of the same name at best.
fn filled(entity: Evidence, columns: Evidence) -> Evidence {
    let mut piece = entity;
    if !matches!(columns.kind, EntityKind::Other(_)) || piece.kind == EntityKind::Other("unknown".into()) {
        piece.kind = columns.kind;
    }
    let named: Vec<_> = piece.identifiers.iter().map(|identifier| identifier.kind.clone()).collect();
    piece
        .identifiers
        .extend(columns.identifiers.into_iter().filter(|identifier| !named.contains(&identifier.kind)));
    piece.identifiers.sort_by_key(|identifier| !identifier.kind.is_strong());
    piece.label = columns.label.or(piece.label);
    for address in columns.addresses {
        if !piece.addresses.contains(&address) {
            piece.addresses.push(address);
        }
    }
    piece
}

/// The direction is more telling than whether it is an asset: a domain controller that somebody asked is impacted, too.
fn role(row: &Object<'_>, entity: Option<&Evidence>) -> Role {
    let word = |name: &str| {
        row.text(name).map(|word| match word.to_ascii_lowercase().as_str() {
            "suspect" => Cow::Borrowed("suspicious"),
            _ => word,
        })
    };
    let said = |word: Option<Cow<'_, str>>| evidence_list::role(word.as_deref().into_iter());
    let by_entity = entity.map(|entity| entity.role.clone()).filter(|role| *role != Role::Related);
    said(word("EvidenceDirection"))
        .or(by_entity)
        .or_else(|| said(word("EvidenceRole")))
        .unwrap_or(Role::Related)
}

/// The piece that the row is about, by its columns.
fn piece(row: &Object<'_>, role: Role) -> Evidence {
    let entity_type = row.text("EntityType").unwrap_or(Cow::Borrowed("unknown"));
    let one = |kind: IdentifierKind, name: &str| -> Vec<Identifier> {
        row.text(name).and_then(|text| Identifier::new(kind, &text)).into_iter().collect()
    };
    let (kind, identifiers, text) = match entity_type.to_ascii_lowercase().as_str() {
        "user" => (EntityKind::User, account(row), None),
        "machine" => (EntityKind::Host, host(row), None),
        "ip" => (EntityKind::Address, one(IdentifierKind::Address, "RemoteIP"), None),
        "url" => (EntityKind::Url, one(IdentifierKind::Url, "RemoteUrl"), None),
        "file" => (EntityKind::File, file(row), row.text("FileName")),
        "process" => (EntityKind::Process, Vec::new(), row.text_of(&["ProcessCommandLine", "FileName"])),
        "mailmessage" => (
            EntityKind::MailMessage,
            one(IdentifierKind::NetworkMessageId, "NetworkMessageId"),
            row.text("EmailSubject"),
        ),
        "mailbox" => (EntityKind::Mailbox, account(row), row.text("AccountUpn")),
        "mailcluster" => (EntityKind::MailCluster, Vec::new(), None),
        "cloudapplication" => (
            EntityKind::CloudApplication,
            one(IdentifierKind::ApplicationId, "ApplicationId"),
            row.text("Application"),
        ),
        "oauthapplication" => (
            EntityKind::OauthApplication,
            one(IdentifierKind::ApplicationId, "OAuthApplicationId"),
            row.text("Application"),
        ),
        "registrykey" | "registryvalue" => (EntityKind::Registry, registry(row), None),
        "cloudresource" => (
            EntityKind::CloudResource,
            one(IdentifierKind::ResourceId, "ResourceID"),
            row.text("CloudResource"),
        ),
        "cloudlogonsession" | "cloudlogonrequest" => (EntityKind::CloudLogon, Vec::new(), None),
        "securitygroup" => (EntityKind::SecurityGroup, Vec::new(), None),
        _ => (EntityKind::Other(entity_type.as_ref().into()), Vec::new(), None),
    };
    let addresses = if kind == EntityKind::Host { local_address(row) } else { Vec::new() };
    Evidence { identifiers, label: text.as_deref().and_then(label), addresses, ..Evidence::new(kind, role) }
}

/// What a row names beside the piece that it is about: a process' file, whose it is, and on which device it was.
fn beside(row: &Object<'_>) -> impl Iterator<Item = Evidence> {
    let is = |word: &str| row.text("EntityType").is_some_and(|kind| kind.eq_ignore_ascii_case(word));
    let with = |kind: EntityKind, role: Role, identifiers: Vec<Identifier>| {
        (!identifiers.is_empty()).then(|| Evidence { identifiers, ..Evidence::new(kind, role) })
    };
    let image =
        is("Process").then(|| with(EntityKind::File, Role::Related, file(row))).flatten().map(|mut image| {
            image.label = row.text("FileName").as_deref().and_then(label);
            image
        });
    let owner = if is("MailMessage") {
        // The account of a mail is its recipient.
        with(
            EntityKind::Mailbox,
            Role::Target,
            row.text("AccountUpn").and_then(|upn| naming::upn_of(&upn)).into_iter().collect(),
        )
    } else if is("User") || is("Mailbox") {
        None
    } else {
        with(EntityKind::User, Role::Related, account(row))
    };
    let device = if is("Machine") { None } else { with(EntityKind::Host, Role::Related, host(row)) };
    [image, owner, device].into_iter().flatten()
}

fn account(row: &Object<'_>) -> Vec<Identifier> {
    let text = |name: &str| row.text(name);
    let (sid, object_id, upn) = (text("AccountSid"), text("AccountObjectId"), text("AccountUpn"));
    let (domain, name) = (text("AccountDomain"), text("AccountName"));
    AccountNames {
        sid: sid.as_deref(),
        object_id: object_id.as_deref(),
        upn: upn.as_deref(),
        domain: domain.as_deref(),
        names: [name.as_deref(), None],
        ..AccountNames::default()
    }
    .identifiers()
}

fn host(row: &Object<'_>) -> Vec<Identifier> {
    let (device, name) = (row.text("DeviceId"), row.text("DeviceName"));
    HostNames {
        defender_device_id: device.as_deref(),
        names: [name.as_deref(), None, None],
        ..HostNames::default()
    }
    .identifiers()
}

fn file(row: &Object<'_>) -> Vec<Identifier> {
    let hash = |algorithm: &str, name: &str| naming::hash(algorithm, &row.text(name)?);
    let (folder, name) = (row.text("FolderPath"), row.text("FileName"));
    let path = naming::file_path(folder.as_deref(), name.as_deref());
    [hash("sha256", "SHA256"), hash("sha1", "SHA1"), path].into_iter().flatten().collect()
}

fn registry(row: &Object<'_>) -> Vec<Identifier> {
    let (key, value) = (row.text("RegistryKey"), row.text("RegistryValueName"));
    naming::registry_path(None, key.as_deref(), value.as_deref()).into_iter().collect()
}

fn local_address(row: &Object<'_>) -> Vec<HostAddress> {
    let address = row.text("LocalIP").and_then(|text| naming::host_address(&text, false));
    address.into_iter().collect()
}
