//! The evidence of a Graph alert, by its `@odata.type`.

use std::borrow::Cow;

use braid_alert::{EntityKind, Evidence, Identifier, IdentifierKind, Role, Verdict};
use jiff::tz::Offset;

use super::created_account::created_account;
use super::evidence_list::{self, EvidenceList, TAGS_MAX, label};
use super::graph_names::{
    account, addresses, any_names, device, file, iot_device, mail_cluster, mailbox, one, process,
    process_label, registry,
};
use super::json::{Json, Object};
use super::naming;

/// What a piece of a kind that has no names of its own is called by.
const LABELS: [&str; 7] =
    ["displayName", "name", "deviceName", "subject", "activeDirectoryDomainName", "login", "agentName"];

/// A message to everybody says nothing about each.
const RECIPIENTS_MAX: usize = 64;

/// The evidence of an alert.
pub(super) fn evidence(alert: &Object<'_>, timezone: Offset) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    match alert.field("evidence") {
        Json::List(pieces) => {
            for (place, piece) in pieces.iter().enumerate() {
                match piece.object() {
                    Some(piece) => push(piece, timezone, &mut list),
                    None => list.push_unreadable(&format!("evidence[{place}] is {}", piece.type_name())),
                }
            }
        }
        Json::Null => {}
        other => list.push_unreadable(&format!("evidence is {}, not a list", other.type_name())),
    }
    list.into_evidence()
}

/// A piece, and those within it that are evidence of their own: a process' image and its account, a mail's recipient, the
/// cluster of a pod. Goes as deep as the parser went, which is at most 128.
fn push(piece: &Object<'_>, timezone: Offset, list: &mut EvidenceList) {
    push_as(&kind_of(piece), piece, timezone, list);
}

fn push_as(kind: &str, piece: &Object<'_>, timezone: Offset, list: &mut EvidenceList) {
    list.push(read(kind, piece, timezone));
    if kind == "process" {
        list.extend(piece.text("processCommandLine").and_then(|command| created_account(&command)));
        list.extend(
            piece
                .object("imageFile")
                .map(|image| part(EntityKind::File, file(image), image.text("fileName"))),
        );
    }
    if matches!(kind, "process" | "cloudLogonSession" | "hostLogonSession" | "cloudLogonRequest") {
        let account = |name: &str| {
            let user = piece.object(name)?;
            Some(part(EntityKind::User, account(user.object("userAccount").unwrap_or(user)), None))
        };
        list.extend(account("userAccount").or_else(|| account("account")));
    }
    if matches!(kind, "analyzedMessage" | "submissionMail" | "teamsMessage") {
        list.extend(recipients(piece));
    }
    for (name, declared) in PARTS {
        let parts = match piece.field(name) {
            Json::List(parts) => parts.as_slice(),
            single => std::slice::from_ref(single),
        };
        for part in parts.iter().filter_map(Json::object) {
            let told = kind_of(part);
            push_as(if told.is_empty() { declared } else { &told }, part, timezone, list);
        }
    }
}

/// Where evidence stands within evidence, and of which type it is declared there: then it need not say so itself.
const PARTS: [(&str, &str); 19] = [
    ("blobContainer", "blobContainer"),
    ("cloudResource", "azureResource"),
    ("cluster", "kubernetesCluster"),
    ("controller", "kubernetesController"),
    ("destinationAddress", "ip"),
    ("dnsServerIp", "ip"),
    ("files", "file"),
    ("host", "device"),
    ("hostIpAddress", "ip"),
    ("image", "containerImage"),
    ("iotHub", "azureResource"),
    ("ipAddress", "ip"),
    ("ipAddresses", "ip"),
    ("namespace", "kubernetesNamespace"),
    ("nics", "nic"),
    ("pod", "kubernetesPod"),
    ("processes", "process"),
    ("sourceAddress", "ip"),
    ("storageResource", "azureResource"),
];

/// `#microsoft.graph.security.deviceEvidence` is `device`.
fn kind_of<'a>(piece: &'a Object<'_>) -> Cow<'a, str> {
    let kind = piece.text("@odata.type").unwrap_or_default();
    let name = kind.rsplit('.').next().unwrap_or_default().trim_start_matches('#');
    Cow::Owned(name.strip_suffix("Evidence").unwrap_or(name).to_owned())
}

/// What stands within a piece: by itself it has no role and no verdict.
fn part(kind: EntityKind, identifiers: Vec<Identifier>, text: Option<Cow<'_, str>>) -> Evidence {
    let label = text.as_deref().and_then(label);
    Evidence { identifiers, label, ..Evidence::new(kind, Role::Related) }
}

fn read(kind: &str, piece: &Object<'_>, timezone: Offset) -> Evidence {
    let text = |name: &str| piece.text(name);
    let id = |kind: IdentifierKind, name: &str| one(kind, piece, name);
    let (entity_kind, identifiers, text) = match kind {
        "device" => (EntityKind::Host, device(piece), None),
        "user" => (EntityKind::User, piece.object("userAccount").map(account).unwrap_or_default(), None),
        "ip" => (EntityKind::Address, id(IdentifierKind::Address, "ipAddress"), None),
        "url" => (EntityKind::Url, id(IdentifierKind::Url, "url"), None),
        "dns" => (EntityKind::Url, id(IdentifierKind::Url, "domainName"), None),
        "fileHash" => {
            let hash =
                naming::hash(&text("algorithm").unwrap_or_default(), &text("value").unwrap_or_default());
            (EntityKind::File, hash.into_iter().collect(), None)
        }
        "iotDevice" => (EntityKind::Host, iot_device(piece), text("deviceName")),
        "servicePrincipal" => (
            EntityKind::User,
            id(IdentifierKind::ObjectId, "servicePrincipalObjectId"),
            text("servicePrincipalName"),
        ),
        "file" => {
            let details = piece.object("fileDetails");
            (
                EntityKind::File,
                details.map(file).unwrap_or_default(),
                details.and_then(|file| file.text("fileName")),
            )
        }
        "process" => (EntityKind::Process, process(piece, timezone), process_label(piece)),
        "mailbox" => {
            (EntityKind::Mailbox, mailbox(piece), text("primaryAddress").or_else(|| text("displayName")))
        }
        "mailCluster" => (EntityKind::MailCluster, mail_cluster(piece), text("query")),
        "analyzedMessage" | "submissionMail" => (
            EntityKind::MailMessage,
            id(IdentifierKind::NetworkMessageId, "networkMessageId"),
            text("subject"),
        ),
        "cloudApplication" => {
            (EntityKind::CloudApplication, id(IdentifierKind::ApplicationId, "appId"), text("displayName"))
        }
        "oauthApplication" => {
            (EntityKind::OauthApplication, id(IdentifierKind::ApplicationId, "appId"), text("displayName"))
        }
        "registryKey" | "registryValue" => (EntityKind::Registry, registry(piece), None),
        "securityGroup" => {
            (EntityKind::SecurityGroup, id(IdentifierKind::GroupId, "securityGroupId"), text("displayName"))
        }
        _ => of_cloud(kind, piece),
    };
    Evidence {
        kind: entity_kind,
        role: role(piece),
        identifiers,
        label: text.as_deref().and_then(label),
        verdict: piece.text("verdict").map(|verdict| Verdict::from_text(&verdict)),
        tags: tags(piece),
        addresses: if kind == "device" { addresses(piece) } else { Vec::new() },
    }
}

/// What a piece is, what names it, and what a person would call it.
type Named<'a> = (EntityKind, Vec<Identifier>, Option<Cow<'a, str>>);

/// The types that clouds bring, and those that this release does not know.
fn of_cloud<'a>(kind: &str, piece: &'a Object<'_>) -> Named<'a> {
    let text = |name: &str| piece.text(name);
    let id = |kind: IdentifierKind, name: &str| one(kind, piece, name);
    match kind {
        "azureResource" => {
            (EntityKind::CloudResource, id(IdentifierKind::ResourceId, "resourceId"), text("resourceName"))
        }
        "amazonResource" => (
            EntityKind::CloudResource,
            id(IdentifierKind::ResourceId, "amazonResourceId"),
            text("resourceName"),
        ),
        "googleCloudResource" => (
            EntityKind::CloudResource,
            id(IdentifierKind::ResourceId, "fullResourceName"),
            text("resourceName"),
        ),
        "blob" | "blobContainer" => {
            (EntityKind::CloudResource, id(IdentifierKind::ResourceId, "url"), text("name"))
        }
        "containerRegistry" => (EntityKind::CloudResource, id(IdentifierKind::ResourceId, "registry"), None),
        "containerImage" => {
            (EntityKind::Other(kind.into()), Vec::new(), piece.text_of(&["imageId", "digestImage"]))
        }
        "container" => (EntityKind::Other(kind.into()), Vec::new(), piece.text_of(&["name", "containerId"])),
        "cloudLogonSession" => (EntityKind::CloudLogon, id(IdentifierKind::SessionId, "sessionId"), None),
        // Numbers of logon sessions come again on every host: 0x3e7 is everybody's system.
        "hostLogonSession" => (EntityKind::Other(kind.into()), Vec::new(), text("sessionId")),
        "cloudLogonRequest" => (EntityKind::CloudLogon, id(IdentifierKind::SessionId, "requestId"), None),
        _ => {
            let kind = if kind.is_empty() { "unknown" } else { kind };
            (EntityKind::Other(kind.into()), any_names(piece), piece.text_of(&LABELS))
        }
    }
}

/// By `roles`; without them by the words of `detailedRoles`, which are meant for people ("Main device").
fn role(piece: &Object<'_>) -> Role {
    let roles: Vec<_> = piece.list("roles").iter().filter_map(Json::text).collect();
    if let Some(role) = evidence_list::role(roles.iter().map(Cow::as_ref)) {
        return role;
    }
    let detailed = piece.list("detailedRoles").iter().filter_map(Json::text);
    let word = |role: Cow<'_, str>| match role.to_ascii_lowercase().split(' ').next() {
        Some("main" | "primary" | "compromised" | "impacted") => "impacted",
        Some("source" | "attacker") => "source",
        Some("target" | "destination" | "attacked") => "target",
        _ => "related",
    };
    evidence_list::role(detailed.map(word)).unwrap_or(Role::Related)
}

/// The recipients are mailboxes of the tenant; the sender may be anybody, so its address is shown and is no name.
fn recipients(mail: &Object<'_>) -> impl Iterator<Item = Evidence> {
    let one = mail.text_of(&["recipientEmailAddress", "recipient"]);
    let several = mail.list("recipients").iter().take(RECIPIENTS_MAX).filter_map(Json::text);
    let recipients = one.into_iter().chain(several).map(|address| {
        let mut mailbox = Evidence::new(EntityKind::Mailbox, Role::Target);
        mailbox.identifiers.extend(naming::upn_of(&address));
        mailbox
    });
    let of_mail =
        ["p2Sender", "p1Sender"].into_iter().find_map(|name| mail.object(name)?.text("emailAddress"));
    let sender = of_mail.or_else(|| mail.text_of(&["sender", "senderFromAddress"])).map(|address| {
        let mut mailbox = Evidence::new(EntityKind::Mailbox, Role::Related);
        mailbox.label = label(&format!("sender {address}"));
        mailbox
    });
    recipients.chain(sender)
}

fn tags(piece: &Object<'_>) -> Vec<Box<str>> {
    let mut tags: Vec<Box<str>> =
        piece.list("tags").iter().take(TAGS_MAX).filter_map(|tag| Some(tag.text()?.into())).collect();
    tags.sort();
    tags.dedup();
    tags
}
