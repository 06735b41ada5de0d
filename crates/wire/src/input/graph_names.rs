//! What Graph's evidence names: the identifiers in each type of piece.

use std::borrow::Cow;

use braid_alert::{HostAddress, Identifier, IdentifierKind};
use jiff::tz::Offset;

use super::json::{Json, Object};
use super::naming::{self, AccountNames, HostNames};
use super::time;

/// A device has a handful of interfaces; each is a name that the index keeps for a time.
const ADDRESSES_MAX: usize = 64;

pub(super) fn one(kind: IdentifierKind, piece: &Object<'_>, name: &str) -> Vec<Identifier> {
    piece.text(name).and_then(|text| Identifier::new(kind, &text)).into_iter().collect()
}

pub(super) fn device(device: &Object<'_>) -> Vec<Identifier> {
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

/// A thing is known by its address and by its name; its id is the hub's own.
pub(super) fn iot_device(device: &Object<'_>) -> Vec<Identifier> {
    let name = device.text("deviceName");
    HostNames { names: [name.as_deref(), None, None], ..HostNames::default() }.identifiers()
}

pub(super) fn account(account: &Object<'_>) -> Vec<Identifier> {
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

pub(super) fn file(file: &Object<'_>) -> Vec<Identifier> {
    let hash = |algorithm: &str| naming::hash(algorithm, &file.text(algorithm)?);
    let (directory, name) = (file.text("filePath"), file.text("fileName"));
    let path = naming::file_path(directory.as_deref(), name.as_deref());
    [hash("sha256"), hash("sha1"), hash("md5"), path].into_iter().flatten().collect()
}

pub(super) fn process(process: &Object<'_>, timezone: Offset) -> Vec<Identifier> {
    let image = process.object("imageFile").and_then(|image| image.text("fileName"));
    let (pid, created) = (process.text("processId"), process.text("processCreationDateTime"));
    let created = time::optional(created.as_deref(), timezone);
    naming::process_key(image.as_deref(), pid.as_deref(), created).into_iter().collect()
}

pub(super) fn process_label<'a>(process: &'a Object<'_>) -> Option<Cow<'a, str>> {
    process.text("processCommandLine").or_else(|| process.object("imageFile")?.text("fileName"))
}

pub(super) fn mailbox(mailbox: &Object<'_>) -> Vec<Identifier> {
    let mut identifiers = mailbox.object("userAccount").map(account).unwrap_or_default();
    let address = mailbox.text_of(&["upn", "primaryAddress"]).and_then(|address| naming::upn_of(&address));
    if let Some(address) = address.filter(|address| !identifiers.contains(address)) {
        identifiers.push(address);
    }
    identifiers
}

pub(super) fn mail_cluster(cluster: &Object<'_>) -> Vec<Identifier> {
    let named = |name: &str| Identifier::new(IdentifierKind::MailCluster, &cluster.text(name)?);
    named("query").or_else(|| named("urn")).into_iter().collect()
}

pub(super) fn registry(entry: &Object<'_>) -> Vec<Identifier> {
    let (hive, key, value) =
        (entry.text("registryHive"), entry.text("registryKey"), entry.text("registryValueName"));
    naming::registry_path(hive.as_deref(), key.as_deref(), value.as_deref()).into_iter().collect()
}

/// A device's own addresses. Loopback and unspecified ones are every device's; what `lastExternalIpAddress` says is
/// the network's.
pub(super) fn addresses(device: &Object<'_>) -> Vec<HostAddress> {
    let interfaces = device.list("ipInterfaces").iter().take(ADDRESSES_MAX);
    let own = interfaces.filter_map(Json::text).chain(device.text("lastIpAddress"));
    let mut addresses: Vec<_> = own.filter_map(|text| naming::host_address(&text, false)).collect();
    addresses.extend(device.text("lastExternalIpAddress").and_then(|text| naming::host_address(&text, true)));
    addresses.sort_by(|a, b| (a.egress, &a.address).cmp(&(b.egress, &b.address)));
    addresses.dedup();
    addresses
}

/// The names that evidence of a kind this release does not know may have.
pub(super) fn any_names(piece: &Object<'_>) -> Vec<Identifier> {
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
