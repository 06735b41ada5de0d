//! The evidence of an ECS document: its field sets, each in the part that ECS gives it.
//!
//! The host is what the alert is about, the user is who acted, `source` and `client` are where it came from, `destination`
//! and `server` where it went. `related` repeats names without a part: only what nothing else names is taken from it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Provider, Role};
use jiff::tz::Offset;

use super::evidence_list::{EvidenceList, label};
use super::json::Object;
use super::json_path::{text_at, texts_at, values_at};
use super::naming::{self, AccountNames, HostNames};
use super::time;

/// The most values that are read of a field that lists some.
const VALUES_MAX: usize = 64;

/// The evidence of a document of a product.
pub(super) fn evidence(document: &Object<'_>, provider: &Provider, timezone: Offset) -> Vec<Evidence> {
    let fields = Fields { document, provider, timezone };
    let mut list = EvidenceList::default();
    list.push(fields.host());
    list.push(fields.user("user", Role::Source));
    list.push(fields.user("user.target", Role::Target));
    list.push(fields.user("user.effective", Role::Source));
    for (end, role) in [
        ("source", Role::Source),
        ("client", Role::Source),
        ("destination", Role::Target),
        ("server", Role::Target),
    ] {
        list.extend(fields.end(end, &role));
        list.push(fields.user(&format!("{end}.user"), role));
    }
    list.push(fields.process());
    for set in ["process", "file", "dll"] {
        list.push(fields.file(set));
    }
    list.extend(fields.urls());
    list.extend(fields.mail());
    list.extend(fields.registry());
    list.extend(fields.resource());
    let known: HashSet<Identifier> = {
        let evidence = list.evidence().iter();
        evidence.flat_map(|piece| piece.identifiers.iter().cloned().chain(addresses_of(piece))).collect()
    };
    let related = fields.related().into_iter();
    list.extend(related.filter(|piece| !piece.identifiers.iter().any(|name| known.contains(name))));
    list.into_evidence()
}

fn addresses_of(piece: &Evidence) -> impl Iterator<Item = Identifier> + '_ {
    piece.addresses.iter().filter_map(|at| Identifier::address(&at.address))
}

struct Fields<'o, 'a> {
    document: &'o Object<'a>,
    provider: &'o Provider,
    timezone: Offset,
}

impl<'o> Fields<'o, '_> {
    fn text(&self, path: &str) -> Option<Cow<'o, str>> {
        text_at(self.document, path)
    }

    fn texts(&self, path: &str) -> impl Iterator<Item = Cow<'o, str>> {
        texts_at(self.document, path).take(VALUES_MAX)
    }

    fn host(&self) -> Evidence {
        let text = |name: &str| self.text(&format!("host.{name}"));
        let (name, hostname, domain, id) = (text("name"), text("hostname"), text("domain"), text("id"));
        let names =
            [name.as_deref(), hostname.as_deref(), None].map(|name| name.filter(|name| is_host_name(name)));
        let mut identifiers: Vec<_> =
            id.and_then(|id| naming::device_id(self.provider, &id)).into_iter().collect();
        identifiers
            .extend(HostNames { names, dns_domain: domain.as_deref(), ..HostNames::default() }.identifiers());
        let mut host = Evidence { identifiers, ..Evidence::new(EntityKind::Host, Role::Impacted) };
        host.addresses = self.texts("host.ip").filter_map(|text| own_address(&text)).collect();
        host.addresses.dedup();
        host
    }

    fn user(&self, set: &str, role: Role) -> Evidence {
        let text = |name: &str| self.text(&format!("{set}.{name}"));
        let (id, name, domain) = (text("id"), text("name"), text("domain"));
        let (email, full_name) = (text("email"), text("full_name"));
        let id = id.as_deref();
        let is_entra = !matches!(self.provider, Provider::Other(_));
        let mut identifiers = AccountNames {
            sid: id.filter(|id| is_sid(id)),
            object_id: id.filter(|id| is_entra && naming::is_guid(id)),
            upn: name.as_deref().filter(|name| name.contains('@')).or(email.as_deref()),
            domain: domain.as_deref(),
            names: [name.as_deref(), None],
            display_name: full_name.as_deref(),
            ..AccountNames::default()
        }
        .identifiers();
        let of_cloud = id.filter(|id| id.starts_with("arn:"));
        identifiers.extend(of_cloud.and_then(|id| Identifier::new(IdentifierKind::ResourceId, id)));
        Evidence { identifiers, ..Evidence::new(EntityKind::User, role) }
    }

    /// One end of a connection. An inner address is its host's, so its name is; behind a public one is somebody outside.
    fn end(&self, set: &str, role: &Role) -> Vec<Evidence> {
        let text = |name: &str| self.text(&format!("{set}.{name}"));
        let address = text("ip").or_else(|| text("address")).and_then(|text| text.parse::<IpAddr>().ok());
        let name = text("domain").or_else(|| text("address")).filter(|name| is_host_name(name));
        let mut pieces = Vec::new();
        let is_inside = address.is_some_and(|address| !naming::is_public(&address));
        match (name, address) {
            (Some(name), Some(address)) if is_inside => {
                let names = HostNames { names: [Some(&name), None, None], ..HostNames::default() };
                pieces.push(Evidence {
                    identifiers: names.identifiers(),
                    addresses: own_address(&address.to_string()).into_iter().collect(),
                    ..Evidence::new(EntityKind::Host, role.clone())
                });
                return pieces;
            }
            (Some(name), _) => pieces.extend(one(EntityKind::Url, IdentifierKind::Url, &name, role)),
            (None, _) => {}
        }
        let address = address.map(|address| address.to_string());
        pieces.extend(address.and_then(|ip| one(EntityKind::Address, IdentifierKind::Address, &ip, role)));
        pieces
    }

    fn process(&self) -> Evidence {
        let text = |name: &str| self.text(&format!("process.{name}"));
        let (name, pid, line) = (text("name"), text("pid"), text("command_line"));
        let start = values_at(self.document, "process.start");
        let start = start.first().and_then(|value| time::optional_millis(value, self.timezone));
        Evidence {
            identifiers: naming::process_key(name.as_deref(), pid.as_deref(), start).into_iter().collect(),
            label: line.or(name).as_deref().and_then(label),
            ..Evidence::new(EntityKind::Process, Role::Related)
        }
    }

    /// A file, a library, or the image of the process.
    fn file(&self, set: &str) -> Evidence {
        let text = |name: &str| self.text(&format!("{set}.{name}"));
        let hash = |algorithm: &str| naming::hash(algorithm, &text(&format!("hash.{algorithm}"))?);
        let path = text(if set == "process" { "executable" } else { "path" });
        let (name, directory) = (text("name"), text("directory"));
        let path = match path {
            Some(path) => Identifier::new(IdentifierKind::FilePath, &path),
            None => naming::file_path(directory.as_deref(), name.as_deref()),
        };
        let identifiers: Vec<_> =
            [hash("sha256"), hash("sha1"), hash("md5"), path].into_iter().flatten().collect();
        let label = name.as_deref().and_then(label).filter(|_| set != "process" || !identifiers.is_empty());
        Evidence { identifiers, label, ..Evidence::new(EntityKind::File, Role::Related) }
    }

    /// The whole address, or what there is of it; and what was asked of the name service.
    fn urls(&self) -> impl Iterator<Item = Evidence> {
        let url = ["url.full", "url.original", "url.domain"].iter().find_map(|path| self.text(path));
        let asked = self.text("dns.question.name");
        url.into_iter()
            .chain(asked)
            .filter_map(|url| one(EntityKind::Url, IdentifierKind::Url, &url, &Role::Related))
    }

    fn mail(&self) -> Vec<Evidence> {
        let (id, subject) = (self.text("email.message_id"), self.text("email.subject"));
        let id = id.as_deref().map(|id| id.trim_matches(['<', '>']));
        let mail = Evidence {
            identifiers: id
                .and_then(|id| Identifier::new(IdentifierKind::NetworkMessageId, id))
                .into_iter()
                .collect(),
            label: subject.as_deref().and_then(label),
            ..Evidence::new(EntityKind::MailMessage, Role::Related)
        };
        let recipients = self.texts("email.to.address").map(|address| Evidence {
            identifiers: naming::upn_of(&address).into_iter().collect(),
            ..Evidence::new(EntityKind::Mailbox, Role::Target)
        });
        // The sender may be anybody, so its address is shown and is no name.
        let sender = self.text("email.from.address").or_else(|| self.text("email.sender.address"));
        let sender = sender.map(|sender| Evidence {
            label: label(&format!("sender {sender}")),
            ..Evidence::new(EntityKind::Mailbox, Role::Related)
        });
        std::iter::once(mail).chain(recipients).chain(sender).collect()
    }

    fn registry(&self) -> Option<Evidence> {
        one(EntityKind::Registry, IdentifierKind::RegistryPath, &self.text("registry.path")?, &Role::Related)
    }

    /// The machine of a cloud, if the host has no id of its own; what runs in a container, for people.
    fn resource(&self) -> Vec<Evidence> {
        let instance = self.text("cloud.instance.id").and_then(|id| naming::own_id(self.provider, &id));
        let instance = instance.map(|id| Evidence {
            identifiers: vec![id],
            label: self.text("cloud.instance.name").as_deref().and_then(label),
            ..Evidence::new(EntityKind::CloudResource, Role::Impacted)
        });
        let container = self.text("container.name").or_else(|| self.text("container.id"));
        let container = container.map(|name| Evidence {
            label: label(&name),
            ..Evidence::new(EntityKind::Other("container".into()), Role::Related)
        });
        instance.into_iter().chain(container).collect()
    }

    fn related(&self) -> Vec<Evidence> {
        let related = &Role::Related;
        let addresses = self.texts("related.ip");
        let addresses =
            addresses.filter_map(|ip| one(EntityKind::Address, IdentifierKind::Address, &ip, related));
        let hosts = self.texts("related.hosts").filter(|name| is_host_name(name)).map(|name| Evidence {
            identifiers: HostNames { names: [Some(&name), None, None], ..HostNames::default() }.identifiers(),
            ..Evidence::new(EntityKind::Host, Role::Related)
        });
        let users = self.texts("related.user").map(|name| {
            let sid = Some(name.as_ref()).filter(|name| is_sid(name));
            let names = [Some(name.as_ref()).filter(|name| !is_sid(name) && !naming::is_guid(name)), None];
            let names = AccountNames { sid, names, ..AccountNames::default() };
            Evidence { identifiers: names.identifiers(), ..Evidence::new(EntityKind::User, Role::Related) }
        });
        let hashes = self.texts("related.hash").filter_map(|hash| {
            let identifiers = vec![naming::hash_by_length(&hash)?];
            Some(Evidence { identifiers, ..Evidence::new(EntityKind::File, Role::Related) })
        });
        addresses.chain(hosts).chain(users).chain(hashes).collect()
    }
}

fn one(kind: EntityKind, name: IdentifierKind, value: &str, role: &Role) -> Option<Evidence> {
    let identifiers = vec![Identifier::new(name, value)?];
    Some(Evidence { identifiers, ..Evidence::new(kind, role.clone()) })
}

/// An address of a host: a public one is what the outside sees of it.
fn own_address(text: &str) -> Option<HostAddress> {
    let is_public = text.trim().parse().is_ok_and(|ip| naming::is_public(&ip));
    naming::host_address(text.trim(), is_public)
}

fn is_host_name(name: &str) -> bool {
    !name.contains(' ') && name.parse::<IpAddr>().is_err()
}

fn is_sid(id: &str) -> bool {
    id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("S-1-"))
}
