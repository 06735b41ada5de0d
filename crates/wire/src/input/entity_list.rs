//! Entities as the programming interfaces of Defender for Endpoint and Defender XDR list them: flat objects that have the
//! fields of every type, most of them null, and an `entityType`.
//!
//! Source: MicrosoftDocs/defender-docs, `api/alerts.md` and `api-list-incidents.md`.

use braid_alert::{EntityKind, Evidence, Identifier, IdentifierKind, Role, Verdict};
use jiff::tz::Offset;

use super::created_account::created_account;
use super::evidence_list::{EvidenceList, label};
use super::json::{Json, Object};
use super::naming::{self, AccountNames};
use super::time;

/// Adds the entities in a field: a list; some collectors write one entity, as an object, and the alert again for each.
pub(super) fn extend(alert: &Object<'_>, name: &str, timezone: Offset, list: &mut EvidenceList) {
    match alert.field(name) {
        Json::Null => {}
        Json::Object(entity) => push(entity, timezone, list),
        Json::List(entities) => {
            for (place, entity) in entities.iter().enumerate() {
                match entity.object() {
                    Some(entity) => push(entity, timezone, list),
                    None => list.push_unreadable(&format!("{name}[{place}] is {}", entity.type_name())),
                }
            }
        }
        other => list.push_unreadable(&format!("{name} is {}, not a list", other.type_name())),
    }
}

fn push(entity: &Object<'_>, timezone: Offset, list: &mut EvidenceList) {
    let piece = piece(entity, timezone);
    let (is_process, is_mail) = (piece.kind == EntityKind::Process, piece.kind == EntityKind::MailMessage);
    list.push(piece);
    let with = |kind: EntityKind, role: Role, identifiers: Vec<Identifier>| {
        (!identifiers.is_empty()).then(|| Evidence { identifiers, ..Evidence::new(kind, role) })
    };
    if is_process {
        let text = entity.text("fileName");
        let image = with(EntityKind::File, Role::Related, file(entity));
        list.extend(image.map(|image| Evidence { label: text.as_deref().and_then(label), ..image }));
        list.extend(with(EntityKind::User, Role::Related, account(entity)));
        list.extend(entity.text("processCommandLine").and_then(|command| created_account(&command)));
    }
    if is_mail {
        let recipient = entity.text_of(&["recipient", "userPrincipalName"]);
        let names = recipient.and_then(|address| naming::upn_of(&address)).into_iter().collect();
        list.extend(with(EntityKind::Mailbox, Role::Target, names));
        // Anybody may have sent it, or pretend to have: shown, and no name.
        let sender = entity.text("sender").map(|address| format!("sender {address}"));
        list.extend(sender.map(|sender| Evidence {
            label: label(&sender),
            ..Evidence::new(EntityKind::Mailbox, Role::Related)
        }));
    }
}

fn piece(entity: &Object<'_>, timezone: Offset) -> Evidence {
    let one = |kind: IdentifierKind, name: &str| -> Vec<Identifier> {
        entity.text(name).and_then(|text| Identifier::new(kind, &text)).into_iter().collect()
    };
    let word = entity.text("entityType").unwrap_or_default();
    let (kind, identifiers, text) = match word.to_ascii_lowercase().as_str() {
        "user" => (EntityKind::User, account(entity), None),
        "ip" => (EntityKind::Address, one(IdentifierKind::Address, "ipAddress"), None),
        "url" => (EntityKind::Url, one(IdentifierKind::Url, "url"), None),
        "file" => (EntityKind::File, file(entity), entity.text("fileName")),
        "process" => (
            EntityKind::Process,
            process(entity, timezone),
            entity.text_of(&["processCommandLine", "fileName"]),
        ),
        "mailbox" => {
            (EntityKind::Mailbox, mailbox(entity), entity.text_of(&["mailboxAddress", "mailboxDisplayName"]))
        }
        "mailmessage" => (
            EntityKind::MailMessage,
            one(IdentifierKind::NetworkMessageId, "networkMessageId"),
            entity.text("subject"),
        ),
        // What mails were clustered by is common to most clusters, so it is no name of one.
        "mailcluster" => (EntityKind::MailCluster, Vec::new(), entity.text("clusterBy")),
        "registry" => (EntityKind::Registry, registry(entity), None),
        "securitygroup" => (
            EntityKind::SecurityGroup,
            one(IdentifierKind::GroupId, "securityGroupId"),
            entity.text("securityGroupName"),
        ),
        "cloudapplication" => (
            EntityKind::CloudApplication,
            one(IdentifierKind::ApplicationId, "applicationId"),
            entity.text("applicationName"),
        ),
        "" => (EntityKind::Other("unknown".into()), account(entity), None),
        _ => (EntityKind::Other(word.as_ref().into()), account(entity), entity.text("fileName")),
    };
    Evidence {
        identifiers,
        label: text.as_deref().and_then(label),
        verdict: entity.text("verdict").map(|verdict| Verdict::from_text(&verdict)),
        ..Evidence::new(kind, Role::Related)
    }
}

/// The account that an object names, a user's or the owner's of a process.
pub(super) fn account(account: &Object<'_>) -> Vec<Identifier> {
    let text = |name: &str| account.text(name);
    let (sid, object_id, upn) = (text("userSid"), text("aadUserId"), text("userPrincipalName"));
    let (domain, name) = (text("domainName"), account.text_of(&["accountName", "userName"]));
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

fn file(file: &Object<'_>) -> Vec<Identifier> {
    let hash = |algorithm: &str| naming::hash(algorithm, &file.text(algorithm)?);
    let (directory, name) = (file.text("filePath"), file.text("fileName"));
    let path = naming::file_path(directory.as_deref(), name.as_deref());
    [hash("sha256"), hash("sha1"), hash("md5"), path].into_iter().flatten().collect()
}

fn process(process: &Object<'_>, timezone: Offset) -> Vec<Identifier> {
    let (image, pid) = (process.text("fileName"), process.text("processId"));
    let created = time::optional(process.text("processCreationTime").as_deref(), timezone);
    naming::process_key(image.as_deref(), pid.as_deref(), created).into_iter().collect()
}

fn mailbox(mailbox: &Object<'_>) -> Vec<Identifier> {
    let mut identifiers = account(mailbox);
    let address = mailbox.text("mailboxAddress").and_then(|address| naming::upn_of(&address));
    let is_named = identifiers.iter().any(|identifier| identifier.kind == IdentifierKind::Upn);
    identifiers.extend(address.filter(|_| !is_named));
    identifiers
}

fn registry(entry: &Object<'_>) -> Vec<Identifier> {
    let (hive, key, value) =
        (entry.text("registryHive"), entry.text("registryKey"), entry.text("registryValueName"));
    naming::registry_path(hive.as_deref(), key.as_deref(), value.as_deref()).into_iter().collect()
}
