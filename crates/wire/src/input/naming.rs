//! How the fields of any product become identifiers: the same names, whichever feed wrote them.

use std::net::IpAddr;

use braid_alert::{EventTime, HostAddress, Identifier, IdentifierKind, Provider};

/// What a record says about an account, field by field.
#[derive(Default)]
pub(super) struct AccountNames<'a> {
    pub(super) sid: Option<&'a str>,
    pub(super) object_id: Option<&'a str>,
    pub(super) upn: Option<&'a str>,
    pub(super) upn_suffix: Option<&'a str>,
    /// NetBIOS or DNS name of the domain, or the host of a local account.
    pub(super) domain: Option<&'a str>,
    /// In the order of trust; the products write a sAMAccountName, a display name, `DOMAIN\name` or a UPN here.
    pub(super) names: [Option<&'a str>; 2],
    pub(super) display_name: Option<&'a str>,
}

impl AccountNames<'_> {
    /// Strong identifiers first.
    pub(super) fn identifiers(&self) -> Vec<Identifier> {
        let account = self.names.into_iter().flatten().find(|name| is_account_name(name));
        let mut identifiers = Vec::with_capacity(6);
        identifiers.extend(self.sid.and_then(|sid| Identifier::new(IdentifierKind::Sid, sid)));
        identifiers.extend(self.object_id.and_then(|id| Identifier::new(IdentifierKind::ObjectId, id)));
        identifiers.extend(self.upn(account));
        if let Some(account) = account {
            identifiers.extend(account_names(account, self.domain));
        }
        let names = self.names.into_iter().flatten();
        let display_name = self.display_name.or_else(|| names.into_iter().find(|name| name.contains(' ')));
        identifiers.extend(display_name.and_then(|name| Identifier::new(IdentifierKind::DisplayName, name)));
        identifiers
    }

    fn upn(&self, account: Option<&str>) -> Option<Identifier> {
        let written = self.upn.or_else(|| self.names.into_iter().flatten().find(|name| name.contains('@')));
        match (written, account, self.upn_suffix) {
            (Some(upn), _, _) => upn_of(upn),
            (None, Some(account), Some(suffix)) if !account.contains('\\') => {
                upn_of(&format!("{account}@{suffix}"))
            }
            _ => None,
        }
    }
}

/// A sAMAccountName has no space; what has one is a display name. An address is a UPN. A domain may have one: `NT
/// AUTHORITY`.
fn is_account_name(name: &str) -> bool {
    let account = name.rsplit('\\').next().unwrap_or(name);
    !account.contains(' ') && !name.contains('@')
}

/// `DOMAIN\name`, or a bare name with the domain that the record names beside it.
fn account_names(account: &str, domain: Option<&str>) -> impl Iterator<Item = Identifier> {
    let (domain, name) = match account.split_once('\\') {
        Some((domain, name)) => (Some(domain), name),
        None => (domain, account),
    };
    let in_domain = domain.and_then(|domain| Identifier::domain_account(domain, name));
    in_domain.into_iter().chain(Identifier::new(IdentifierKind::AccountName, name))
}

/// A UPN or mail address. What has no `@` is none (`SecurityComplianceEvent` stands in such fields), and it would be a
/// strong name that unrelated alerts share.
pub(super) fn upn_of(text: &str) -> Option<Identifier> {
    text.contains('@').then(|| Identifier::new(IdentifierKind::Upn, text)).flatten()
}

/// What a record says about a host.
#[derive(Default)]
pub(super) struct HostNames<'a> {
    pub(super) defender_device_id: Option<&'a str>,
    pub(super) entra_device_id: Option<&'a str>,
    pub(super) resource_id: Option<&'a str>,
    /// In the order of trust; with or without a domain.
    pub(super) names: [Option<&'a str>; 3],
    pub(super) dns_domain: Option<&'a str>,
}

impl HostNames<'_> {
    /// Strong identifiers first.
    pub(super) fn identifiers(&self) -> Vec<Identifier> {
        let names = || self.names.into_iter().flatten().map(|name| name.trim_end_matches('.'));
        let bare = names().find(|name| !name.contains('.') && !name.is_empty());
        let joined = || Some(format!("{}.{}", bare?, self.dns_domain.filter(|domain| domain.contains('.'))?));
        let fqdn = names().find(|name| name.contains('.')).map(str::to_owned).or_else(joined);
        let label = bare.or_else(|| fqdn.as_deref()?.split('.').next());
        [
            self.defender_device_id.and_then(|id| Identifier::new(IdentifierKind::DefenderDeviceId, id)),
            self.entra_device_id.and_then(|id| Identifier::new(IdentifierKind::EntraDeviceId, id)),
            fqdn.as_deref().and_then(|name| Identifier::new(IdentifierKind::Fqdn, name)),
            self.resource_id.and_then(|id| Identifier::new(IdentifierKind::ResourceId, id)),
            label.and_then(|name| Identifier::new(IdentifierKind::NetbiosName, name)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// An address of a host; `None` for one that every host has.
pub(super) fn host_address(text: &str, egress: bool) -> Option<HostAddress> {
    let address: IpAddr = text.parse().ok()?;
    let address = address.to_canonical();
    let names_a_host = !address.is_loopback() && !address.is_unspecified() && !address.is_multicast();
    names_a_host.then(|| HostAddress { address: address.to_string().into(), egress })
}

/// A product by what its own services call it: Graph's name, with spaces between the words, or without.
pub(super) fn provider(name: &str) -> Provider {
    let squeezed: String = name.split_whitespace().collect();
    match Provider::from_text(&squeezed) {
        Provider::Other(_) => Provider::from_text(name),
        known => known,
    }
}

/// A file's hash; algorithms that are no identifier (`SHA256AC`, Magic numbers) give none.
pub(super) fn hash(algorithm: &str, value: &str) -> Option<Identifier> {
    let (kind, digits) = if algorithm.eq_ignore_ascii_case("sha256") {
        (IdentifierKind::Sha256, 64)
    } else if algorithm.eq_ignore_ascii_case("sha1") {
        (IdentifierKind::Sha1, 40)
    } else if algorithm.eq_ignore_ascii_case("md5") {
        (IdentifierKind::Md5, 32)
    } else {
        return None;
    };
    let is_hash = value.len() == digits && value.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| Identifier::new(kind, value)).flatten()
}

/// A hash whose algorithm nothing but its length says.
pub(super) fn hash_by_length(value: &str) -> Option<Identifier> {
    let algorithm = match value.len() {
        32 => "md5",
        40 => "sha1",
        _ => "sha256",
    };
    hash(algorithm, value)
}

/// A thing's id of which nothing says who gave it. What a cloud gives stands as it is, for every product writes it alike; any
/// other is this product's own and stands behind its name, so that the numbers of two products never meet.
pub(super) fn own_id(provider: &Provider, id: &str) -> Option<Identifier> {
    let id = id.trim();
    let is_instance =
        |rest: &str| (8..=17).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_hexdigit());
    let is_of_cloud = ["arn:", "/subscriptions/", "//", "projects/"]
        .iter()
        .any(|prefix| id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
        || id.strip_prefix("i-").is_some_and(is_instance);
    // Asked first, for a word such as `null` behind a name would be an id.
    let bare = Identifier::new(IdentifierKind::ResourceId, id)?;
    if is_of_cloud {
        Some(bare)
    } else {
        Identifier::new(IdentifierKind::ResourceId, &format!("{provider}/{id}"))
    }
}

/// A device's id: Defender's 40 hex digits are the same in every product, another one is its product's own.
pub(super) fn device_id(provider: &Provider, id: &str) -> Option<Identifier> {
    let is_defender_s = id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_defender_s { Identifier::new(IdentifierKind::DefenderDeviceId, id) } else { own_id(provider, id) }
}

/// Whether a text is a GUID.
pub(super) fn is_guid(text: &str) -> bool {
    let mut groups = text.trim().split('-');
    let mut group =
        |length| groups.next().is_some_and(|g| g.len() == length && g.bytes().all(|b| b.is_ascii_hexdigit()));
    let whole = group(8) && group(4) && group(4) && group(4) && group(12);
    whole && groups.next().is_none()
}

/// Whether an address means the same everywhere. One of a local network is somebody else's in every other network.
pub(super) fn is_public(address: &IpAddr) -> bool {
    let address = address.to_canonical();
    if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
        return false;
    }
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_carrier_grade = a == 100 && (64..128).contains(&b);
            !v4.is_private() && !v4.is_link_local() && !v4.is_broadcast() && !is_carrier_grade
        }
        IpAddr::V6(v6) => !v6.is_unique_local() && !v6.is_unicast_link_local(),
    }
}

/// A file's path from its directory and name.
pub(super) fn file_path(directory: Option<&str>, name: Option<&str>) -> Option<Identifier> {
    let (directory, name) = (directory?.trim_end_matches(['\\', '/']), name?);
    let separator = if directory.contains('/') && !directory.contains('\\') { '/' } else { '\\' };
    Identifier::new(IdentifierKind::FilePath, &format!("{directory}{separator}{name}"))
}

/// A process by image name, process id (decimal or `0x…`) and creation time. `None` unless all three are known: two of
/// them come back on every host.
pub(super) fn process_key(
    image: Option<&str>,
    pid: Option<&str>,
    created: Option<EventTime>,
) -> Option<Identifier> {
    let pid = pid?.trim();
    let pid = match pid.strip_prefix("0x").or_else(|| pid.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => pid.parse().ok()?,
    };
    // An image may be named once and run a thousand times: an absurd name is not to be copied as often.
    let image = image.filter(|image| image.len() <= 256)?;
    Identifier::new(IdentifierKind::ProcessKey, &format!("{image}:{pid}:{}", created?))
}

/// A registry key, and a value's name in it.
pub(super) fn registry_path(
    hive: Option<&str>,
    key: Option<&str>,
    value: Option<&str>,
) -> Option<Identifier> {
    let parts: Vec<&str> = [hive, key, value].into_iter().flatten().collect();
    key.and_then(|_| Identifier::new(IdentifierKind::RegistryPath, &parts.join("\\")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(identifiers: Vec<Identifier>) -> String {
        identifiers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_account_is_named_by_all_that_the_record_says_of_it() {
        let names = AccountNames {
            sid: Some("S-1-5-21-1-2-3-1104"),
            upn_suffix: Some("contoso.azure"),
            domain: Some("contoso.azure"),
            names: [Some("JeffL"), Some("Jeff Leatherman")],
            ..AccountNames::default()
        };
        assert_eq!(
            read(names.identifiers()),
            "sid:S-1-5-21-1-2-3-1104 upn:jeffl@contoso.azure domainAccount:contoso\\jeffl accountName:jeffl \
             displayName:Jeff Leatherman"
        );
    }

    #[test]
    fn a_display_name_never_becomes_an_account_name_or_a_upn() {
        let names = AccountNames {
            upn_suffix: Some("contoso.azure"),
            domain: Some("CONTOSO"),
            names: [Some("Eugene Jenkins"), None],
            ..AccountNames::default()
        };
        assert_eq!(read(names.identifiers()), "displayName:Eugene Jenkins");
    }

    #[test]
    fn a_qualified_account_brings_its_own_domain() {
        let names = AccountNames {
            domain: Some("elsewhere"),
            names: [Some("domain1.test.local\\fake"), None],
            ..AccountNames::default()
        };
        assert_eq!(read(names.identifiers()), "domainAccount:domain1\\fake accountName:fake");
    }

    #[test]
    fn what_is_no_address_is_no_upn() {
        assert_eq!(upn_of("SecurityComplianceEvent"), None);
        assert!(upn_of("jeffl@contoso.azure").is_some());
    }

    #[test]
    fn a_host_without_domain_has_no_fqdn() {
        let host = |name, dns_domain| {
            let names = HostNames { names: [Some(name), None, None], dns_domain, ..HostNames::default() };
            read(names.identifiers())
        };
        assert_eq!(host("VictimPC", None), "netbiosName:victimpc");
        assert_eq!(host("VictimPC", Some("WORKGROUP")), "netbiosName:victimpc");
        assert_eq!(
            host("VictimPC", Some("contoso.azure")),
            "fqdn:victimpc.contoso.azure netbiosName:victimpc"
        );
        assert_eq!(host("VictimPC.contoso.azure.", None), "fqdn:victimpc.contoso.azure netbiosName:victimpc");
    }

    #[test]
    fn a_process_has_one_key_in_decimal_and_in_hex() {
        let at = EventTime::from_millis(1_700_000_000_000);
        let key = |pid| process_key(Some("Mimikatz.exe"), Some(pid), Some(at)).map(|key| key.value);
        assert_eq!(key("4780"), key("0x12ac"));
        assert_eq!(key("4780").as_deref(), Some("mimikatz.exe:4780:2023-11-14t22:13:20z"));
        assert_eq!(process_key(Some("cmd.exe"), Some("4"), None), None);
    }

    #[test]
    fn an_id_of_nobody_knows_whose_is_its_product_s_own() {
        let falcon = Provider::from_text("CrowdStrike Falcon");
        let id = |id: &str| device_id(&falcon, id).map(|name| name.to_string());
        assert_eq!(id("F00D42").as_deref(), Some("resourceId:crowdstrike falcon/f00d42"));
        assert_eq!(
            id("arn:aws:ec2:eu-west-1:1:instance/i-1").as_deref(),
            Some("resourceId:arn:aws:ec2:eu-west-1:1:instance/i-1")
        );
        assert_eq!(id("i-0abcdef1234567890").as_deref(), Some("resourceId:i-0abcdef1234567890"));
        assert!(id(&"ab".repeat(20)).is_some_and(|name| name.starts_with("defenderDeviceId:")));
        assert_eq!(id("N/A"), None);
    }

    #[test]
    fn a_hash_of_the_wrong_length_is_none() {
        assert_eq!(hash("SHA1", "abc"), None);
        assert_eq!(hash("SHA256AC", &"a".repeat(64)), None);
        assert!(hash("sha256", &"A".repeat(64)).is_some());
    }
}
