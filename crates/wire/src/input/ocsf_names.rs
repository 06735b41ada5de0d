//! What OCSF's objects name: the identifiers in each.

use std::net::IpAddr;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Provider, Role};
use jiff::tz::Offset;

use super::json::{Json, Object};
use super::naming::{self, AccountNames, HostNames};
use super::time;

/// The most interfaces, or hashes, that are read. A device has a handful; each is a name that the index keeps for a time.
pub(super) const WITHIN_MAX: usize = 64;

/// The number of an account of Entra ID among the types of accounts.
const ENTRA_ACCOUNT: &str = "6";

/// A user. Its id is of whatever kind the product has: a SID and a cloud's own name are told by their form, a GUID is the
/// object id where product or account is Microsoft's, and any other is not compared.
pub(super) fn user(user: &Object<'_>, provider: &Provider) -> Vec<Identifier> {
    let ids = [user.text("uid"), user.text("uid_alt")];
    let id = |is: &dyn Fn(&str) -> bool| ids.iter().flatten().map(AsRef::as_ref).find(|id: &&str| is(id));
    let account = user.object("account");
    let of_entra = !matches!(provider, Provider::Other(_))
        || account.and_then(|account| account.text("type_id")).as_deref() == Some(ENTRA_ACCOUNT);
    let person = user.object("ldap_person");
    let name = user.text("name");
    let mails = person.map_or(&[][..], |person| person.several("email_addrs"));
    let mail = user.text("email_addr").or_else(|| mails.iter().find_map(Json::text));
    let display = user.text_of(&["display_name", "full_name"]);
    let display = display.or_else(|| person.and_then(|person| person.text("display_name")));
    let domain = user.text("domain");
    let upn = name.as_deref().filter(|name| name.contains('@')).or_else(|| id(&|id| id.contains('@')));
    let mut identifiers = AccountNames {
        sid: id(&|id| id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("S-1-"))),
        object_id: id(&naming::is_guid).filter(|_| of_entra),
        upn: upn.or(mail.as_deref()),
        domain: domain.as_deref(),
        names: [name.as_deref(), None],
        display_name: display.as_deref(),
        ..AccountNames::default()
    }
    .identifiers();
    let of_cloud = id(&|id| id.starts_with("arn:"));
    identifiers.extend(of_cloud.and_then(|id| Identifier::new(IdentifierKind::ResourceId, id)));
    identifiers
}

/// A host or an address, as far as an endpoint says.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    is_mobile: bool,
    names: Vec<Identifier>,
    addresses: Vec<HostAddress>,
    /// What is no host of ours, or no host that has a name.
    outside: Vec<Evidence>,
}

impl Endpoint {
    /// A device: its public address is what the outside sees of it.
    pub(super) fn device(device: &Object<'_>, provider: &Provider) -> Self {
        let mut endpoint = Self { is_mobile: is_mobile(device), ..Self::default() };
        endpoint.names = host_names(device, provider, endpoint.is_mobile);
        let interfaces =
            device.several("network_interfaces").iter().take(WITHIN_MAX).filter_map(Json::object);
        let told =
            device.text("ip").into_iter().chain(interfaces.filter_map(|interface| interface.text("ip")));
        for text in told {
            endpoint.add_address(&text, endpoint.names.is_empty());
        }
        endpoint
    }

    /// One end of a connection. Behind a public address is somebody outside, whose name is a name of the net and no host.
    pub(super) fn of_network(end: &Object<'_>, provider: &Provider) -> Self {
        let ip = end.text_of(&["ip", "hostname"]).and_then(|text| text.trim().parse::<IpAddr>().ok());
        if !ip.as_ref().is_some_and(naming::is_public) {
            return Self::device(end, provider);
        }
        let mut endpoint = Self::default();
        endpoint.add_address(&ip.map_or_else(String::new, |ip| ip.to_string()), true);
        let name = end.text_of(&["hostname", "domain"]).filter(|name| name.parse::<IpAddr>().is_err());
        let url = name.and_then(|name| Identifier::new(IdentifierKind::Url, &name));
        let piece = Evidence::new(EntityKind::Url, Role::Related);
        endpoint.outside.extend(url.map(|url| Evidence { identifiers: vec![url], ..piece }));
        endpoint
    }

    fn add_address(&mut self, text: &str, alone: bool) {
        if alone {
            let mut piece = Evidence::new(EntityKind::Address, Role::Related);
            piece.identifiers.extend(Identifier::address(text));
            self.outside.push(piece);
        } else {
            let is_public = text.trim().parse().is_ok_and(|ip| naming::is_public(&ip));
            let address = naming::host_address(text.trim(), is_public);
            self.addresses.extend(address.filter(|address| !self.addresses.contains(address)));
        }
    }

    /// The pieces in which it is said, all in one role.
    pub(super) fn into_evidence(self, role: &Role) -> Vec<Evidence> {
        let kind = if self.is_mobile { EntityKind::MobileDevice } else { EntityKind::Host };
        let host = Evidence {
            identifiers: self.names,
            addresses: self.addresses,
            ..Evidence::new(kind, role.clone())
        };
        let outside = self.outside.into_iter().map(|piece| Evidence { role: role.clone(), ..piece });
        std::iter::once(host).chain(outside).collect()
    }
}

/// Tablets and phones.
fn is_mobile(device: &Object<'_>) -> bool {
    matches!(device.text("type_id").as_deref(), Some("4" | "5"))
}

fn host_names(device: &Object<'_>, provider: &Provider, is_mobile: bool) -> Vec<Identifier> {
    let is_name = |name: &str| !name.contains(' ') && name.parse::<IpAddr>().is_err();
    let (hostname, name) = (device.text("hostname"), device.text("name"));
    let names = [hostname.as_deref(), name.as_deref()].map(|name| name.filter(|name| is_name(name)));
    let domain = device.text("domain");
    // What somebody calls it counts only where it does not say how it is called on the network.
    let name = names[0].or(names[1]);
    let uid = device.text_of(&["uid", "instance_uid"]);
    let uid = uid.as_deref();
    let mut identifiers: Vec<_> = if is_mobile {
        uid.and_then(|uid| Identifier::new(IdentifierKind::MobileDeviceId, uid)).into_iter().collect()
    } else {
        uid.and_then(|uid| naming::device_id(provider, uid)).into_iter().collect()
    };
    if !is_mobile {
        let names =
            HostNames { names: [name, None, None], dns_domain: domain.as_deref(), ..HostNames::default() };
        identifiers.extend(names.identifiers());
    }
    identifiers
}

/// A file, by its hashes and its path.
pub(super) fn file(file: &Object<'_>) -> Vec<Identifier> {
    let hashes =
        file.several("hashes").iter().take(WITHIN_MAX).filter_map(Json::object).filter_map(fingerprint);
    let (path, folder, name) = (file.text("path"), file.text("parent_folder"), file.text("name"));
    let path = match path {
        Some(path) => Identifier::new(IdentifierKind::FilePath, &path),
        None => naming::file_path(folder.as_deref(), name.as_deref()),
    };
    let mut identifiers: Vec<_> = hashes.chain(path).collect();
    identifiers.sort_by_key(|name| !name.kind.is_strong());
    identifiers.dedup();
    identifiers
}

fn fingerprint(hash: &Object<'_>) -> Option<Identifier> {
    let value = hash.text("value")?;
    match hash.text("algorithm_id").as_deref() {
        Some("1") => naming::hash("md5", &value),
        Some("2") => naming::hash("sha1", &value),
        Some("3") => naming::hash("sha256", &value),
        _ => naming::hash(&hash.text("algorithm")?.replace('-', ""), &value),
    }
}

/// A process, if image, number and beginning are all known.
pub(super) fn process(process: &Object<'_>, timezone: Offset) -> Vec<Identifier> {
    let created = ["created_time", "created_time_dt"]
        .into_iter()
        .find_map(|name| time::optional_millis(process.field(name), timezone));
    let image = process.object("file").and_then(|file| file.text("name")).or_else(|| process.text("name"));
    naming::process_key(image.as_deref(), process.text("pid").as_deref(), created).into_iter().collect()
}

/// A mail, by the id that its system gave it and by that which its sender did.
pub(super) fn mail(mail: &Object<'_>) -> Vec<Identifier> {
    let own = mail.text("uid").filter(|uid| naming::is_guid(uid));
    let message = mail.text("message_uid");
    let message = message.as_deref().map(|id| id.trim_matches(['<', '>']));
    let ids = own.as_deref().into_iter().chain(message);
    ids.filter_map(|id| Identifier::new(IdentifierKind::NetworkMessageId, id)).collect()
}

/// `Jeff Leatherman <jeffl@contoso.azure>` or the bare address.
pub(super) fn address_of_mail(text: &str) -> Option<Identifier> {
    let bare = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end().trim_end_matches('>'));
    naming::upn_of(bare)
}

/// A resource. An account, a project or a subscription is everybody's in it, and no name of what was hit.
pub(super) fn resource(resource: &Object<'_>, provider: &Provider) -> Vec<Identifier> {
    const EVERYBODY_S: [&str; 5] = ["account", "organization", "project", "region", "subscription"];
    let kind = resource.text("type").unwrap_or_default().to_ascii_lowercase();
    if EVERYBODY_S.iter().any(|word| kind.ends_with(word)) {
        return Vec::new();
    }
    resource.text("uid").and_then(|uid| naming::own_id(provider, &uid)).into_iter().collect()
}

/// A value that was seen, by the number of its type. Those of objects have no value, and most others no entity.
pub(super) fn observable(observable: &Object<'_>) -> Option<Evidence> {
    let value = observable.text("value")?;
    let one = |kind: EntityKind, name: IdentifierKind| {
        let identifiers = vec![Identifier::new(name, &value)?];
        Some(Evidence { identifiers, ..Evidence::new(kind, Role::Related) })
    };
    match observable.text("type_id").as_deref()? {
        "1" => {
            let names = HostNames { names: [Some(&value), None, None], ..HostNames::default() };
            let is_name = !value.contains(' ') && value.parse::<IpAddr>().is_err();
            let identifiers = names.identifiers();
            let host = Evidence { identifiers, ..Evidence::new(EntityKind::Host, Role::Related) };
            Some(host).filter(|_| is_name)
        }
        "2" => one(EntityKind::Address, IdentifierKind::Address),
        "4" | "34" => {
            let names = AccountNames { names: [Some(&value), None], ..AccountNames::default() };
            Some(Evidence {
                identifiers: names.identifiers(),
                ..Evidence::new(EntityKind::User, Role::Related)
            })
        }
        "5" => {
            let identifiers = vec![address_of_mail(&value)?];
            Some(Evidence { identifiers, ..Evidence::new(EntityKind::Mailbox, Role::Related) })
        }
        "6" => one(EntityKind::Url, IdentifierKind::Url),
        "8" => {
            let identifiers = vec![naming::hash_by_length(&value)?];
            Some(Evidence { identifiers, ..Evidence::new(EntityKind::File, Role::Related) })
        }
        "31" => {
            let is_sid = value.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("S-1-"));
            one(EntityKind::User, IdentifierKind::Sid).filter(|_| is_sid)
        }
        "45" => one(EntityKind::File, IdentifierKind::FilePath),
        _ => None,
    }
}
