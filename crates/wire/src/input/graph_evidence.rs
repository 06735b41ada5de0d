//! The evidence of a Graph alert, by its `@odata.type`.

use std::borrow::Cow;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Role, Verdict};
use jiff::tz::Offset;

use super::created_account::created_account;
use super::evidence_list::{self, EvidenceList, TAGS_MAX, label};
use super::json::{Json, Object};
use super::naming::{self, AccountNames, HostNames};
use super::time;

/// A device has a handful of interfaces; each is a name that the index keeps for a time.
const ADDRESSES_MAX: usize = 64;

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

/// A piece, and those within it that are evidence of their own: a process' image and its account, a mail's recipient.
fn push(piece: &Object<'_>, timezone: Offset, list: &mut EvidenceList) {
    let kind = kind_of(piece);
    list.push(read(&kind, piece, timezone));
    if kind.as_ref() == "process" {
        list.extend(piece.text("processCommandLine").and_then(|command| created_account(&command)));
        list.extend(
            piece
                .object("imageFile")
                .map(|image| part(EntityKind::File, file(image), image.text("fileName"))),
        );
    }
    if matches!(kind.as_ref(), "process" | "cloudLogonSession" | "hostLogonSession" | "cloudLogonRequest") {
        let account = |name: &str| Some(part(EntityKind::User, account(piece.object(name)?), None));
        list.extend(account("userAccount").or_else(|| account("account")));
    }
    if kind.as_ref() == "analyzedMessage" {
        list.extend(recipients(piece));
    }
}

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
        "analyzedMessage" => (
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
        "cloudLogonSession" | "hostLogonSession" => {
            (EntityKind::CloudLogon, id(IdentifierKind::SessionId, "sessionId"), None)
        }
        "cloudLogonRequest" => (EntityKind::CloudLogon, id(IdentifierKind::SessionId, "requestId"), None),
        _ => {
            let kind = if kind.is_empty() { "unknown" } else { kind };
            (
                EntityKind::Other(kind.into()),
                any_names(piece),
                piece.text_of(&["displayName", "name", "deviceName"]),
            )
        }
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

fn one(kind: IdentifierKind, piece: &Object<'_>, name: &str) -> Vec<Identifier> {
    piece.text(name).and_then(|text| Identifier::new(kind, &text)).into_iter().collect()
}

fn device(device: &Object<'_>) -> Vec<Identifier> {
    let text = |name: &str| device.text(name);
    let (defender, entra, dns) = (text("mdeDeviceId"), text("azureAdDeviceId"), text("deviceDnsName"));
    let (host, domain) = (text("hostName"), text("dnsDomain"));
    let resource = device.object("vmMetadata").and_then(|vm| vm.text("resourceId"));
    HostNames {
        defender_device_id: defender.as_deref(),
        entra_device_id: entra.as_deref(),
        resource_id: resource.as_deref(),
        names: [dns.as_deref(), host.as_deref(), None],
        dns_domain: domain.as_deref(),
    }
    .identifiers()
}

fn account(account: &Object<'_>) -> Vec<Identifier> {
    let text = |name: &str| account.text(name);
    let (sid, object_id, upn) = (text("userSid"), text("azureAdUserId"), text("userPrincipalName"));
    let (domain, name, display_name) = (text("domainName"), text("accountName"), text("displayName"));
    AccountNames {
        sid: sid.as_deref(),
        object_id: object_id.as_deref(),
        upn: upn.as_deref(),
        domain: domain.as_deref(),
        names: [name.as_deref(), None],
        display_name: display_name.as_deref(),
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
    let image = process.object("imageFile").and_then(|image| image.text("fileName"));
    let (pid, created) = (process.text("processId"), process.text("processCreationDateTime"));
    let created = time::optional(created.as_deref(), timezone);
    naming::process_key(image.as_deref(), pid.as_deref(), created).into_iter().collect()
}

fn process_label<'a>(process: &'a Object<'_>) -> Option<Cow<'a, str>> {
    process.text("processCommandLine").or_else(|| process.object("imageFile")?.text("fileName"))
}

fn mailbox(mailbox: &Object<'_>) -> Vec<Identifier> {
    let mut identifiers = mailbox.object("userAccount").map(account).unwrap_or_default();
    let address = mailbox.text_of(&["upn", "primaryAddress"]).and_then(|address| naming::upn_of(&address));
    if let Some(address) = address.filter(|address| !identifiers.contains(address)) {
        identifiers.push(address);
    }
    identifiers
}

fn mail_cluster(cluster: &Object<'_>) -> Vec<Identifier> {
    let named = |name: &str| Identifier::new(IdentifierKind::MailCluster, &cluster.text(name)?);
    named("query").or_else(|| named("urn")).into_iter().collect()
}

fn registry(entry: &Object<'_>) -> Vec<Identifier> {
    let (hive, key, value) =
        (entry.text("registryHive"), entry.text("registryKey"), entry.text("registryValueName"));
    naming::registry_path(hive.as_deref(), key.as_deref(), value.as_deref()).into_iter().collect()
}

/// The recipient is a mailbox of the tenant; the sender may be anybody, so its address is shown and is no name.
fn recipients(mail: &Object<'_>) -> impl Iterator<Item = Evidence> {
    let recipient = mail.text("recipientEmailAddress").map(|address| {
        let mut mailbox = Evidence::new(EntityKind::Mailbox, Role::Target);
        mailbox.identifiers.extend(naming::upn_of(&address));
        mailbox
    });
    let sender = ["p2Sender", "p1Sender"].into_iter().find_map(|name| {
        let address = mail.object(name)?.text("emailAddress")?;
        let mut mailbox = Evidence::new(EntityKind::Mailbox, Role::Related);
        mailbox.label = label(&format!("sender {address}"));
        Some(mailbox)
    });
    [recipient, sender].into_iter().flatten()
}

fn tags(piece: &Object<'_>) -> Vec<Box<str>> {
    let mut tags: Vec<Box<str>> =
        piece.list("tags").iter().take(TAGS_MAX).filter_map(|tag| Some(tag.text()?.into())).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// A device's own addresses. Loopback and unspecified ones are every device's; what `lastExternalIpAddress` says is
/// the network's.
fn addresses(device: &Object<'_>) -> Vec<HostAddress> {
    let interfaces = device.list("ipInterfaces").iter().take(ADDRESSES_MAX);
    let own = interfaces.filter_map(Json::text).chain(device.text("lastIpAddress"));
    let mut addresses: Vec<_> = own.filter_map(|text| naming::host_address(&text, false)).collect();
    addresses.extend(device.text("lastExternalIpAddress").and_then(|text| naming::host_address(&text, true)));
    addresses.sort_by(|a, b| (a.egress, &a.address).cmp(&(b.egress, &b.address)));
    addresses.dedup();
    addresses
}

/// The names that evidence of a kind this release does not know may have.
fn any_names(piece: &Object<'_>) -> Vec<Identifier> {
    const NAMES: [(&str, IdentifierKind); 12] = [
        ("userSid", IdentifierKind::Sid),
        ("azureAdUserId", IdentifierKind::ObjectId),
        ("servicePrincipalObjectId", IdentifierKind::ObjectId),
        ("userPrincipalName", IdentifierKind::Upn),
        ("mdeDeviceId", IdentifierKind::DefenderDeviceId),
        ("azureAdDeviceId", IdentifierKind::EntraDeviceId),
        ("resourceId", IdentifierKind::ResourceId),
        ("networkMessageId", IdentifierKind::NetworkMessageId),
        ("sessionId", IdentifierKind::SessionId),
        ("ipAddress", IdentifierKind::Address),
        ("url", IdentifierKind::Url),
        ("appId", IdentifierKind::ApplicationId),
    ];
    NAMES.into_iter().flat_map(|(name, kind)| one(kind, piece, name)).collect()
}
