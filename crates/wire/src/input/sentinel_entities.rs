//! The entity graph of a `SecurityAlert` row: objects numbered by `$id`, and `{"$ref": "5"}` where one comes again.
//!
//! Source: the reference of Sentinel's entity types, and rows as they are exported.

use std::borrow::Cow;
use std::collections::HashSet;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Role, Verdict};
use jiff::tz::Offset;

use super::created_account::created_account;
use super::evidence_list::{self, EvidenceList, TAGS_MAX, label};
use super::json::{Json, Object, parse_list_prefix};
use super::naming::{self, AccountNames, HostNames};
use super::time;

/// A file has three or four hashes; each is an identifier that the index keeps.
const FILE_HASHES_MAX: usize = 8;

/// Where an entity stands within another one of its own type: a pod in a namespace of a cluster, which is a resource of
/// a cloud; a connection between addresses.
const CONTAINERS: [&str; 7] = [
    "CloudResource",
    "Cluster",
    "Namespace",
    "Pod",
    "StorageResource",
    "SourceAddress",
    "DestinationAddress",
];

/// The evidence of a row.
pub(super) fn evidence(row: &Object<'_>, timezone: Offset) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    match row.field("Entities") {
        Json::List(entities) => read(entities, row.text("CompromisedEntity").as_deref(), timezone, &mut list),
        Json::Text(text) if !text.trim().is_empty() => {
            let (entities, stopped) = parse_list_prefix(text);
            read(&entities, row.text("CompromisedEntity").as_deref(), timezone, &mut list);
            if let Some(stopped) = stopped {
                list.push_unreadable(&format!("Entities could not be read to its end: {stopped}"));
            }
        }
        Json::Null | Json::Text(_) => {}
        other => list.push_unreadable(&format!("Entities is {}, not a list", other.type_name())),
    }
    list.into_evidence()
}

/// An entity that stands by itself, and those within it. `None` if it is no object.
pub(super) fn of_entity(entity: &Json<'_>, timezone: Offset) -> Option<(Evidence, Vec<Evidence>)> {
    let graph = Graph::of(std::slice::from_ref(entity));
    let mut reader = Reader { graph, compromised: None, timezone, read: HashSet::new() };
    let (entity, mut within) = (entity.object()?, EvidenceList::default());
    reader.read.insert(entity);
    let kind = kind_of(entity);
    let piece = reader.piece(&kind, entity, 0);
    reader.push_parts(&kind, entity, 0, &mut within);
    Some((piece, within.into_evidence()))
}

fn read(entities: &[Json<'_>], compromised: Option<&str>, timezone: Offset, list: &mut EvidenceList) {
    let graph = Graph::of(entities);
    let mut reader = Reader { graph, compromised, timezone, read: HashSet::new() };
    for (place, entity) in entities.iter().enumerate() {
        match reader.graph.resolve(entity, place) {
            Some(entity) => reader.push(entity, place, list),
            None if entity.object().is_some() => {}
            None => list.push_unreadable(&format!("Entities[{place}] is {}", entity.type_name())),
        }
    }
}

/// Where each `$id` stands: its number as written, the element of the list that it is in, the object.
///
/// Numbers come again within one list of Defender for Cloud, and a reference means the nearest before it; so they are
/// kept in the order of the text, and looked up from behind.
struct Graph<'a> {
    numbered: Vec<(Cow<'a, str>, usize, &'a Object<'a>)>,
}

impl<'a> Graph<'a> {
    fn of(entities: &'a [Json<'a>]) -> Self {
        let mut numbered = Vec::new();
        for (place, entity) in entities.iter().enumerate() {
            number(entity, place, &mut numbered);
        }
        // Stable, so that what comes again stays in the order of the text.
        numbered.sort_by(|a, b| a.0.cmp(&b.0));
        Self { numbered }
    }

    /// The object that stands here or is referred to. `None` for a reference to nothing and for what is no object.
    fn resolve(&self, node: &'a Json<'a>, place: usize) -> Option<&'a Object<'a>> {
        let object = node.object()?;
        let Some(number) = object.text("$ref") else { return Some(object) };
        let behind =
            self.numbered.partition_point(|(known, at, _)| (known.as_ref(), *at) <= (number.as_ref(), place));
        let is_same = |entry: &&(Cow<'_, str>, usize, &'a Object<'a>)| entry.0 == number;
        // The nearest before it; one that comes only later is better than none.
        let before = behind.checked_sub(1).map(|at| &self.numbered[at]).filter(is_same);
        before.or_else(|| self.numbered.get(behind).filter(is_same)).map(|(_, _, object)| *object)
    }
}

/// Goes as deep as the parser went, which is at most 128.
fn number<'a>(node: &'a Json<'a>, place: usize, numbered: &mut Vec<(Cow<'a, str>, usize, &'a Object<'a>)>) {
    match node {
        Json::Object(object) => {
            if let Some(id) = object.text("$id") {
                numbered.push((id, place, object));
            }
            object.values().for_each(|value| number(value, place, numbered));
        }
        Json::List(elements) => elements.iter().for_each(|element| number(element, place, numbered)),
        _ => {}
    }
}

struct Reader<'a> {
    graph: Graph<'a>,
    compromised: Option<&'a str>,
    timezone: Offset,
    /// The objects that have been read, by where they lie: most are referred to again and again, and reading each
    /// reference would let a small record cost as much as a large one.
    read: HashSet<*const Object<'a>>,
}

impl<'a> Reader<'a> {
    /// An entity, and those within it that are evidence of their own: a process' image and account. Its parent is
    /// not followed; the products list the parents that matter as elements of their own.
    fn push(&mut self, entity: &'a Object<'a>, place: usize, list: &mut EvidenceList) {
        if !self.read.insert(entity) {
            return;
        }
        let kind = kind_of(entity);
        if matches!(kind.as_str(), "filehash" | "file-hash") {
            return; // stands within its file, which names it
        }
        list.push(self.piece(&kind, entity, place));
        self.push_parts(&kind, entity, place, list);
    }

    fn push_parts(&mut self, kind: &str, entity: &'a Object<'a>, place: usize, list: &mut EvidenceList) {
        for name in ["ImageFile", "Account", "Host"] {
            if let Some(part) = self.part(entity, name, place)
                && self.read.insert(part)
            {
                let kind = match name {
                    "ImageFile" => "file",
                    "Account" => "account",
                    _ => "host",
                };
                list.push(self.piece(kind, part, place));
            }
        }
        if kind == "process" {
            list.extend(entity.text("CommandLine").and_then(|command| created_account(&command)));
        }
        self.push_containers(entity, place, list);
        if kind == "mailmessage" {
            recipients(entity).for_each(|piece| list.push(piece));
        }
    }

    /// What an entity stands in, and what that stands in. Without recursion, for a chain of references may be as long as
    /// the record.
    fn push_containers(&mut self, entity: &'a Object<'a>, place: usize, list: &mut EvidenceList) {
        let mut contained = vec![entity];
        while let Some(entity) = contained.pop() {
            for name in CONTAINERS {
                if let Some(container) = self.part(entity, name, place)
                    && self.read.insert(container)
                {
                    list.push(self.piece(&kind_of(container), container, place));
                    contained.push(container);
                }
            }
        }
    }

    fn part(&self, entity: &'a Object<'a>, name: &str, place: usize) -> Option<&'a Object<'a>> {
        self.graph.resolve(entity.field(name), place)
    }

    fn piece(&self, kind: &str, entity: &'a Object<'a>, place: usize) -> Evidence {
        let (entity_kind, mut identifiers, text) = match kind {
            "account" => (EntityKind::User, account(entity), None),
            "host" => (EntityKind::Host, host(entity), None),
            "ip" => (EntityKind::Address, one(IdentifierKind::Address, entity, "Address"), None),
            "url" => (EntityKind::Url, one(IdentifierKind::Url, entity, "Url"), None),
            "dns" => (EntityKind::Url, one(IdentifierKind::Url, entity, "DomainName"), None),
            "file" => (EntityKind::File, self.file(entity, place), entity.text("Name")),
            "process" => {
                (EntityKind::Process, self.process(entity, place), self.process_label(entity, place))
            }
            "mailbox" => (EntityKind::Mailbox, mailbox(entity), entity.text("MailboxPrimaryAddress")),
            "mailmessage" => {
                let id = one(IdentifierKind::NetworkMessageId, entity, "NetworkMessageId");
                (EntityKind::MailMessage, id, entity.text("Subject"))
            }
            "mailcluster" => (EntityKind::MailCluster, mail_cluster(entity), entity.text("Query")),
            "registry-key" | "registry-value" => {
                (EntityKind::Registry, self.registry(kind, entity, place), None)
            }
            "cloud-application" => (
                EntityKind::CloudApplication,
                one(IdentifierKind::ApplicationId, entity, "AppId"),
                entity.text("Name"),
            ),
            "oauth-application" => {
                let id = one(IdentifierKind::ApplicationId, entity, "OAuthAppId");
                (EntityKind::OauthApplication, id, entity.text_of(&["Name", "OAuthAppName"]))
            }
            "azure-resource" => {
                (EntityKind::CloudResource, one(IdentifierKind::ResourceId, entity, "ResourceId"), None)
            }
            "amazon-resource" => {
                (EntityKind::CloudResource, one(IdentifierKind::ResourceId, entity, "AmazonResourceId"), None)
            }
            "gcp-resource" => {
                let id = one(IdentifierKind::ResourceId, entity, "FullResourceName");
                (EntityKind::CloudResource, id, entity.text("ResourceName"))
            }
            "blob" | "blob-container" => (
                EntityKind::CloudResource,
                one(IdentifierKind::ResourceId, entity, "Url"),
                entity.text("Name"),
            ),
            "cloud-logon-request" => {
                (EntityKind::CloudLogon, one(IdentifierKind::SessionId, entity, "RequestId"), None)
            }
            "cloud-logon-session" => {
                (EntityKind::CloudLogon, one(IdentifierKind::SessionId, entity, "SessionId"), None)
            }
            "security-group" => {
                (EntityKind::SecurityGroup, security_group(entity), entity.text("DistinguishedName"))
            }
            "" => (EntityKind::Other("unknown".into()), any_names(entity), entity.text("Name")),
            _ => {
                let kind = entity.text("Type").unwrap_or_default();
                (EntityKind::Other(kind.into()), any_names(entity), entity.text("Name"))
            }
        };
        identifiers.dedup();
        Evidence {
            role: self.role(&entity_kind, &identifiers, entity),
            kind: entity_kind,
            identifiers,
            label: text.as_deref().and_then(label),
            verdict: entity.text("LastVerdict").map(|verdict| Verdict::from_text(&verdict)),
            tags: tags(entity),
            addresses: self.addresses(entity, place),
        }
    }

    /// By `Roles`; without them what is an asset, or is named as the compromised entity, is what was hit.
    fn role(&self, kind: &EntityKind, identifiers: &[Identifier], entity: &Object<'_>) -> Role {
        let roles: Vec<_> = match entity.field("Roles") {
            Json::List(roles) => roles.iter().filter_map(Json::text).collect(),
            single => single.text().into_iter().collect(),
        };
        if let Some(role) = evidence_list::role(roles.iter().map(Cow::as_ref)) {
            return role;
        }
        let is_asset = entity.text("Asset").is_some_and(|asset| asset.eq_ignore_ascii_case("true"));
        let can_be_hit = matches!(
            kind,
            EntityKind::User | EntityKind::Host | EntityKind::Mailbox | EntityKind::CloudResource
        );
        let is_named = self.compromised.is_some_and(|named| {
            can_be_hit && identifiers.iter().any(|identifier| identifier.value.eq_ignore_ascii_case(named))
        });
        if is_asset || is_named { Role::Impacted } else { Role::Related }
    }

    fn file(&self, file: &'a Object<'a>, place: usize) -> Vec<Identifier> {
        let hashes = file.list("FileHashes").iter().take(FILE_HASHES_MAX);
        let hashes = hashes.filter_map(|hash| self.graph.resolve(hash, place));
        let mut identifiers: Vec<_> =
            hashes.filter_map(|hash| naming::hash(&hash.text("Algorithm")?, &hash.text("Value")?)).collect();
        let (directory, name) = (file.text("Directory"), file.text("Name"));
        identifiers.extend(naming::file_path(directory.as_deref(), name.as_deref()));
        identifiers
    }

    fn process(&self, process: &'a Object<'a>, place: usize) -> Vec<Identifier> {
        let image = self.part(process, "ImageFile", place).and_then(|image| image.text("Name"));
        let pid = process.text("ProcessId");
        let created = process.text("CreationTimeUtc");
        let created = time::optional(created.as_deref(), self.timezone);
        naming::process_key(image.as_deref(), pid.as_deref(), created).into_iter().collect()
    }

    fn process_label(&self, process: &'a Object<'a>, place: usize) -> Option<Cow<'a, str>> {
        process
            .text("CommandLine")
            .or_else(|| self.part(process, "ImageFile", place)?.text("Name"))
            .or_else(|| process.text("FriendlyName"))
    }

    fn registry(&self, kind: &str, entity: &'a Object<'a>, place: usize) -> Vec<Identifier> {
        if kind == "registry-key" {
            let (hive, key) = (entity.text("Hive"), entity.text("Key"));
            return naming::registry_path(hive.as_deref(), key.as_deref(), None).into_iter().collect();
        }
        let Some(key) = self.part(entity, "Key", place) else { return Vec::new() };
        let (hive, path, value) = (key.text("Hive"), key.text("Key"), entity.text("Name"));
        naming::registry_path(hive.as_deref(), path.as_deref(), value.as_deref()).into_iter().collect()
    }

    /// A host's own addresses, each a text, an object or a reference to one.
    fn addresses(&self, entity: &'a Object<'a>, place: usize) -> Vec<HostAddress> {
        let address = |name: &str, egress: bool| {
            let nested = self.part(entity, name, place).and_then(|ip| ip.text("Address"));
            let address = Identifier::address(&nested.or_else(|| entity.text(name))?)?;
            Some(HostAddress { address: address.value, egress })
        };
        [address("LastIpAddress", false), address("LastExternalIpAddress", true)]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn kind_of(entity: &Object<'_>) -> String {
    entity.text("Type").unwrap_or_default().to_ascii_lowercase()
}

fn one(kind: IdentifierKind, entity: &Object<'_>, name: &str) -> Vec<Identifier> {
    entity.text(name).and_then(|text| Identifier::new(kind, &text)).into_iter().collect()
}

fn account(account: &Object<'_>) -> Vec<Identifier> {
    let text = |name: &str| account.text(name);
    let (sid, object_id, upn) = (text("Sid"), text("AadUserId"), text("UserPrincipalName"));
    let (domain, suffix) = (account.text_of(&["NTDomain", "DomainName", "DnsDomain"]), text("UPNSuffix"));
    let (account_name, name, display_name) = (text("AccountName"), text("Name"), text("DisplayName"));
    AccountNames {
        sid: sid.as_deref(),
        object_id: object_id.as_deref(),
        upn: upn.as_deref(),
        upn_suffix: suffix.as_deref(),
        domain: domain.as_deref(),
        names: [account_name.as_deref(), name.as_deref()],
        display_name: display_name.as_deref(),
    }
    .identifiers()
}

fn host(host: &Object<'_>) -> Vec<Identifier> {
    let text = |name: &str| host.text(name);
    let (entra, resource) = (text("AadDeviceId"), text("AzureID"));
    // The second name is that of the streaming tables, where it may also hold a host's name.
    let is_id = |id: &Cow<'_, str>| id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let defender = text("MdatpDeviceId").or_else(|| text("MachineId").filter(is_id));
    let (fqdn, name, netbios, domain) =
        (text("FQDN"), text("HostName"), text("NetBiosName"), text("DnsDomain"));
    HostNames {
        defender_device_id: defender.as_deref(),
        entra_device_id: entra.as_deref(),
        resource_id: resource.as_deref(),
        names: [fqdn.as_deref(), name.as_deref(), netbios.as_deref()],
        dns_domain: domain.as_deref(),
    }
    .identifiers()
}

fn mailbox(mailbox: &Object<'_>) -> Vec<Identifier> {
    let mut identifiers = one(IdentifierKind::ObjectId, mailbox, "AadId");
    let address =
        mailbox.text("Upn").filter(|upn| upn.contains('@')).or_else(|| mailbox.text("MailboxPrimaryAddress"));
    identifiers.extend(address.and_then(|address| naming::upn_of(&address)));
    identifiers
}

/// Named by its query; by its URN where the query is too long for a name.
fn mail_cluster(cluster: &Object<'_>) -> Vec<Identifier> {
    let named = |name: &str| Identifier::new(IdentifierKind::MailCluster, &cluster.text(name)?);
    named("Query").or_else(|| named("Urn")).into_iter().collect()
}

fn security_group(group: &Object<'_>) -> Vec<Identifier> {
    let mut identifiers = one(IdentifierKind::Sid, group, "SID");
    identifiers.extend(one(IdentifierKind::GroupId, group, "ObjectGuid"));
    identifiers
}

/// A mail's recipient is a mailbox of the tenant. Its sender may be anybody, or pretend to be anybody, so its address
/// is shown and is no name.
fn recipients(mail: &Object<'_>) -> impl Iterator<Item = Evidence> {
    let recipient = mail.text("Recipient").map(|address| {
        let mut mailbox = Evidence::new(EntityKind::Mailbox, Role::Target);
        mailbox.identifiers.extend(naming::upn_of(&address));
        mailbox
    });
    let sender = mail.text_of(&["Sender", "P1Sender", "P2Sender"]).map(|address| {
        let mut mailbox = Evidence::new(EntityKind::Mailbox, Role::Related);
        mailbox.label = label(&format!("sender {address}"));
        mailbox
    });
    [recipient, sender].into_iter().flatten()
}

fn tags(entity: &Object<'_>) -> Vec<Box<str>> {
    let tag = |tag: &Json<'_>| match tag.object() {
        Some(tag) => tag.text_of(&["TagName", "TagId"]).map(Box::from),
        None => tag.text().map(Box::from),
    };
    let mut tags: Vec<Box<str>> = entity.list("Tags").iter().take(TAGS_MAX).filter_map(tag).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// The names that an entity of a kind this release does not know may have.
fn any_names(entity: &Object<'_>) -> Vec<Identifier> {
    const NAMES: [(&str, IdentifierKind); 12] = [
        ("Sid", IdentifierKind::Sid),
        ("AadUserId", IdentifierKind::ObjectId),
        ("UserPrincipalName", IdentifierKind::Upn),
        ("MdatpDeviceId", IdentifierKind::DefenderDeviceId),
        ("AadDeviceId", IdentifierKind::EntraDeviceId),
        ("FQDN", IdentifierKind::Fqdn),
        ("ResourceId", IdentifierKind::ResourceId),
        ("AmazonResourceId", IdentifierKind::ResourceId),
        ("NetworkMessageId", IdentifierKind::NetworkMessageId),
        ("SessionId", IdentifierKind::SessionId),
        ("Address", IdentifierKind::Address),
        ("Url", IdentifierKind::Url),
    ];
    NAMES.into_iter().flat_map(|(name, kind)| one(kind, entity, name)).collect()
}
