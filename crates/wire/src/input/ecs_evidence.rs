//! The evidence of an ECS document: its field sets, each in the part that ECS gives it.
//!
//! The host is what the alert is about, the user is who acted, `source` and `client` are where it came from, `destination`
//! and `server` where it went. A list of values is as many entities (see `rows`). `related` repeats names without a part: only what nothing else names is taken from it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Provider, Role};
use jiff::tz::Offset;

use super::ecs_rows::{Row, rows, stand_alike, text};
use super::evidence_list::{EvidenceList, label};
use super::json::{NULL, Object};
use super::json_path::{Found, Place, places_at};
use super::naming::{self, AccountNames, HostNames};
use super::time;

/// The most values that are read of a field.
const VALUES_MAX: usize = 64;

/// The evidence of a document of a product. What is beyond a bound is told in the evidence itself.
pub(super) fn evidence(document: &Object<'_>, provider: &Provider, timezone: Offset) -> Vec<Evidence> {
    let mut fields = Fields { document, provider, timezone, list: EvidenceList::default() };
    fields.hosts();
    fields.users("user", &Role::Source);
    fields.users("user.target", &Role::Target);
    fields.users("user.effective", &Role::Source);
    for (end, role) in [
        ("source", Role::Source),
        ("client", Role::Source),
        ("destination", Role::Target),
        ("server", Role::Target),
    ] {
        fields.ends(end, &role);
        fields.users(&format!("{end}.user"), &role);
    }
    fields.processes();
    for set in ["process", "file", "dll"] {
        fields.files(set);
    }
    fields.urls();
    fields.mails();
    fields.registry();
    fields.resources();
    let known: HashSet<Identifier> = {
        let evidence = fields.list.evidence().iter();
        evidence.flat_map(|piece| piece.identifiers.iter().cloned().chain(addresses_of(piece))).collect()
    };
    let related = fields.related().into_iter();
    let unknown = related.filter(|piece| !piece.identifiers.iter().any(|name| known.contains(name)));
    fields.list.extend(unknown);
    fields.list.into_evidence()
}

fn addresses_of(piece: &Evidence) -> impl Iterator<Item = Identifier> + '_ {
    piece.addresses.iter().filter_map(|at| Identifier::address(&at.address))
}

struct Fields<'o, 'a> {
    document: &'o Object<'a>,
    provider: &'o Provider,
    timezone: Offset,
    list: EvidenceList,
}

impl<'o, 'a> Fields<'o, 'a> {
    /// The values of a field, if any says something; those that do not keep their places. What cannot be read is told.
    fn values(&mut self, path: &str) -> Vec<Place<'o, 'a>> {
        let Found { places, odd } = places_at(self.document, path);
        if let Some((end, value)) = odd {
            let wanted = if end == path.len() { "a value" } else { "an object" };
            self.list.push_unreadable(&format!("{} is {}, not {wanted}", &path[..end], value.type_name()));
        }
        if places.iter().all(|place| place.value.text().is_none()) {
            return Vec::new();
        }
        if places.len() > VALUES_MAX {
            let count = places.len();
            self.list.push_unreadable(&format!("{path} has {count} values, of which {VALUES_MAX} are read"));
        }
        places
    }

    fn texts(&mut self, path: &str) -> Vec<Cow<'o, str>> {
        let values = self.values(path).into_iter().take(VALUES_MAX);
        values.filter_map(|place| place.value.text()).collect()
    }

    /// The texts of the first of some fields that has any.
    fn texts_of(&mut self, paths: &[&str]) -> Vec<Cow<'o, str>> {
        paths.iter().map(|path| self.texts(path)).find(|texts| !texts.is_empty()).unwrap_or_default()
    }

    /// The entities that some fields name.
    fn rows<const N: usize>(
        &mut self,
        set: &str,
        names: [&str; N],
        qualifier: Option<&str>,
    ) -> Vec<Row<'o, 'a, N>> {
        let fields = names.map(|name| self.values(&format!("{set}.{name}")));
        let qualifiers = qualifier.map(|name| self.values(&format!("{set}.{name}"))).unwrap_or_default();
        rows(fields, &qualifiers, VALUES_MAX)
    }

    fn hosts(&mut self) {
        let names = ["name", "hostname", "id"].map(|name| self.values(&format!("host.{name}")));
        let (domains, ips) = (self.values("host.domain"), self.values("host.ip"));
        let goes_by_place = names.iter().all(|values| values.is_empty() || stand_alike(values, &ips));
        let rows = rows(names, &domains, VALUES_MAX);
        let address = |place: Place<'_, '_>| own_address(&place.value.text()?);
        let ips = ips.into_iter().take(VALUES_MAX).map(address);
        let mut hosts: Vec<Evidence> = rows.into_iter().map(|row| self.host(&row)).collect();
        let mut alone: Vec<HostAddress> = Vec::new();
        match hosts.as_mut_slice() {
            [host] if !host.identifiers.is_empty() => host.addresses = ips.flatten().collect(),
            hosts if goes_by_place && hosts.len() > 1 => {
                for (host, at) in hosts.iter_mut().zip(ips) {
                    let named = if host.identifiers.is_empty() { &mut alone } else { &mut host.addresses };
                    named.extend(at);
                }
            }
            // Whose they are nobody says.
            _ => alone.extend(ips.flatten()),
        }
        hosts.iter_mut().for_each(|host| host.addresses.dedup());
        self.list.extend(hosts);
        let telling = alone.into_iter().filter(|at| !is_link_local(at));
        let piece =
            |at: HostAddress| one(EntityKind::Address, IdentifierKind::Address, &at.address, &Role::Impacted);
        self.list.extend(telling.filter_map(piece));
    }

    fn host(&self, row: &Row<'_, '_, 3>) -> Evidence {
        let [name, hostname, id] = row.names.map(text);
        let domain = text(row.qualifier);
        let names =
            [name.as_deref(), hostname.as_deref(), None].map(|name| name.filter(|name| is_host_name(name)));
        let mut identifiers: Vec<_> =
            id.and_then(|id| naming::device_id(self.provider, &id)).into_iter().collect();
        identifiers
            .extend(HostNames { names, dns_domain: domain.as_deref(), ..HostNames::default() }.identifiers());
        Evidence { identifiers, ..Evidence::new(EntityKind::Host, Role::Impacted) }
    }

    fn users(&mut self, set: &str, role: &Role) {
        for row in self.rows(set, ["id", "name", "email", "full_name"], Some("domain")) {
            let identifiers = self.names_of_user(&row);
            self.list.push(Evidence { identifiers, ..Evidence::new(EntityKind::User, role.clone()) });
        }
    }

    fn names_of_user(&self, row: &Row<'_, '_, 4>) -> Vec<Identifier> {
        let [id, name, email, full_name] = row.names.map(text);
        let domain = text(row.qualifier);
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
        identifiers
    }

    /// The ends of connections. Where address or name has no field of its own, the one for either has it; what stands there
    /// and in neither of the two is an end by itself.
    fn ends(&mut self, set: &str, role: &Role) {
        let [either, ip, domain] =
            ["address", "ip", "domain"].map(|name| self.values(&format!("{set}.{name}")));
        let (addresses, names) = (of_either(&either, is_address), of_either(&either, is_no_address));
        let rows: Vec<_> = match (ip.is_empty(), domain.is_empty()) {
            // An address and a name in one list are two ends.
            (true, true) => {
                [rows([addresses, vec![]], &[], VALUES_MAX), rows([vec![], names], &[], VALUES_MAX)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            (true, false) => rows([addresses, domain], &[], VALUES_MAX),
            (false, true) => rows([ip, names], &[], VALUES_MAX),
            (false, false) => rows([ip, domain], &[], VALUES_MAX),
        };
        let mut named: HashSet<String> = HashSet::new();
        for row in &rows {
            let [address, name] = row.names.map(text);
            let [address, name] = [&address, &name].map(|text| text.as_deref().map(bare_end));
            let host = name.and_then(|name| name.split('.').next());
            named.extend([address, name, host].into_iter().flatten().map(str::to_lowercase));
            let address = address.and_then(|text| text.parse().ok());
            self.list.extend(end(address, name.filter(|name| is_host_name(name)), role));
        }
        let rest = either.into_iter().take(VALUES_MAX).filter_map(|place| place.value.text());
        for text in rest {
            let text = bare_end(&text);
            if named.insert(text.to_lowercase()) {
                self.list.extend(end(text.parse().ok(), Some(text).filter(|name| is_host_name(name)), role));
            }
        }
    }

    fn processes(&mut self) {
        for row in self.rows("process", ["name", "pid", "command_line", "start"], None) {
            let [name, pid, line, _] = row.names.map(text);
            let start = row.names[3].and_then(|start| time::optional_millis(start, self.timezone));
            let identifiers = naming::process_key(name.as_deref(), pid.as_deref(), start);
            self.list.push(Evidence {
                identifiers: identifiers.into_iter().collect(),
                label: line.or(name).as_deref().and_then(label),
                ..Evidence::new(EntityKind::Process, Role::Related)
            });
        }
    }

    /// Files, libraries, or the images of processes.
    fn files(&mut self, set: &str) {
        let path = if set == "process" { "executable" } else { "path" };
        for row in self.rows(set, ["hash.sha256", "hash.sha1", "hash.md5", path, "name"], Some("directory")) {
            let [sha256, sha1, md5, path, name] = row.names.map(text);
            let hash = |algorithm, value: Option<Cow<'_, str>>| naming::hash(algorithm, &value?);
            let path = match path {
                Some(path) => Identifier::new(IdentifierKind::FilePath, &path),
                None => naming::file_path(text(row.qualifier).as_deref(), name.as_deref()),
            };
            let names = [hash("sha256", sha256), hash("sha1", sha1), hash("md5", md5), path];
            let identifiers: Vec<_> = names.into_iter().flatten().collect();
            let label =
                name.as_deref().and_then(label).filter(|_| set != "process" || !identifiers.is_empty());
            self.list.push(Evidence { identifiers, label, ..Evidence::new(EntityKind::File, Role::Related) });
        }
    }

    /// Whole addresses, or what there is of them; and what was asked of the name service.
    fn urls(&mut self) {
        let urls = self.texts_of(&["url.full", "url.original", "url.domain"]);
        let asked = self.texts("dns.question.name");
        let url = |url: Cow<'_, str>| one(EntityKind::Url, IdentifierKind::Url, &url, &Role::Related);
        self.list.extend(urls.into_iter().chain(asked).filter_map(url));
    }

    fn mails(&mut self) {
        for row in self.rows("email", ["message_id", "subject"], None) {
            let [id, subject] = row.names.map(text);
            let id = id.as_deref().map(|id| id.trim_matches(['<', '>']));
            let id = id.and_then(|id| Identifier::new(IdentifierKind::NetworkMessageId, id));
            self.list.push(Evidence {
                identifiers: id.into_iter().collect(),
                label: subject.as_deref().and_then(label),
                ..Evidence::new(EntityKind::MailMessage, Role::Related)
            });
        }
        for address in self.texts("email.to.address") {
            let identifiers = naming::upn_of(&address).into_iter().collect();
            self.list.push(Evidence { identifiers, ..Evidence::new(EntityKind::Mailbox, Role::Target) });
        }
        // The sender may be anybody, so its address is shown and is no name.
        for sender in self.texts_of(&["email.from.address", "email.sender.address"]) {
            let label = label(&format!("sender {sender}"));
            self.list.push(Evidence { label, ..Evidence::new(EntityKind::Mailbox, Role::Related) });
        }
    }

    fn registry(&mut self) {
        let paths = self.texts("registry.path").into_iter();
        let key = |path: Cow<'_, str>| {
            one(EntityKind::Registry, IdentifierKind::RegistryPath, &path, &Role::Related)
        };
        self.list.extend(paths.filter_map(key));
    }

    /// The machines of a cloud, if the host has no id of its own; what runs in containers, for people.
    fn resources(&mut self) {
        for row in self.rows("cloud.instance", ["id", "name"], None) {
            let [id, name] = row.names.map(text);
            self.list.push(Evidence {
                identifiers: id.and_then(|id| naming::own_id(self.provider, &id)).into_iter().collect(),
                label: name.as_deref().and_then(label),
                ..Evidence::new(EntityKind::CloudResource, Role::Impacted)
            });
        }
        for name in self.texts_of(&["container.name", "container.id"]) {
            let label = label(&name);
            let piece = Evidence::new(EntityKind::Other("container".into()), Role::Related);
            self.list.push(Evidence { label, ..piece });
        }
    }

    fn related(&mut self) -> Vec<Evidence> {
        let related = &Role::Related;
        let addresses = self.texts("related.ip").into_iter();
        let addresses =
            addresses.filter_map(|ip| one(EntityKind::Address, IdentifierKind::Address, &ip, related));
        let hosts = self.texts("related.hosts").into_iter().filter(|name| is_host_name(name));
        let hosts = hosts.map(|name| Evidence {
            identifiers: HostNames { names: [Some(&name), None, None], ..HostNames::default() }.identifiers(),
            ..Evidence::new(EntityKind::Host, Role::Related)
        });
        let users = self.texts("related.user").into_iter().map(|name| {
            let sid = Some(name.as_ref()).filter(|name| is_sid(name));
            let names = [Some(name.as_ref()).filter(|name| !is_sid(name) && !naming::is_guid(name)), None];
            let names = AccountNames { sid, names, ..AccountNames::default() };
            Evidence { identifiers: names.identifiers(), ..Evidence::new(EntityKind::User, Role::Related) }
        });
        let hashes = self.texts("related.hash").into_iter().filter_map(|hash| {
            let identifiers = vec![naming::hash_by_length(&hash)?];
            Some(Evidence { identifiers, ..Evidence::new(EntityKind::File, Role::Related) })
        });
        addresses.chain(hosts).chain(users).chain(hashes).collect()
    }
}

/// One end of a connection. An inner address is its host's, so its name is; behind a public one is somebody outside.
fn end(address: Option<IpAddr>, name: Option<&str>, role: &Role) -> Vec<Evidence> {
    let is_inside = address.is_some_and(|address| !naming::is_public(&address));
    let text = address.map(|address| address.to_string());
    if let (Some(name), Some(ip)) = (name, text.as_deref().filter(|_| is_inside)) {
        let names = HostNames { names: [Some(name), None, None], ..HostNames::default() };
        return vec![Evidence {
            identifiers: names.identifiers(),
            addresses: own_address(ip).into_iter().collect(),
            ..Evidence::new(EntityKind::Host, role.clone())
        }];
    }
    let url = name.and_then(|name| one(EntityKind::Url, IdentifierKind::Url, name, role));
    let address = text.and_then(|ip| one(EntityKind::Address, IdentifierKind::Address, &ip, role));
    url.into_iter().chain(address).collect()
}

/// An address that hosts give themselves; many have the same.
fn is_link_local(at: &HostAddress) -> bool {
    match at.address.parse() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local(),
        Err(_) => false,
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

/// The values of a field that may be of two kinds, as far as they are of this one. The others leave their places empty.
fn of_either<'o, 'a>(either: &[Place<'o, 'a>], is: fn(&str) -> bool) -> Vec<Place<'o, 'a>> {
    let is = |place: &Place<'_, '_>| place.value.text().is_some_and(|text| is(&text));
    if !either.iter().any(is) {
        return Vec::new();
    }
    either.iter().map(|place| if is(place) { *place } else { Place { value: NULL, ..*place } }).collect()
}

fn is_address(text: &str) -> bool {
    bare_end(text).parse::<IpAddr>().is_ok()
}

fn is_no_address(text: &str) -> bool {
    !is_address(text)
}

/// An end without what may stand behind it: a port, the zone of an IPv6 address, the root of the domain names.
fn bare_end(text: &str) -> &str {
    let text = text.trim();
    let within = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let end = match (within, text.rsplit_once(':')) {
        (Some((end, _)), _) => end,
        (None, Some((end, port))) if !end.contains(':') && is_port(port) => end,
        _ => text,
    };
    let without_zone = end.split_once('%').map(|(ip, _)| ip).filter(|ip| ip.parse::<IpAddr>().is_ok());
    let end = without_zone.unwrap_or(end);
    end.strip_suffix('.').unwrap_or(end)
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty() && !name.contains([' ', ':', '%', '/']) && name.parse::<IpAddr>().is_err()
}

fn is_sid(id: &str) -> bool {
    id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("S-1-"))
}
