//! The organisation: who and what there is, and by which names each product knows it.

use std::net::Ipv4Addr;

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Role};

use super::settings::WorldSettings;
use crate::Rng;

/// Something that alerts are about, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A computer. Domain controllers come first, then jump hosts, then scanners.
    Host(usize),
    /// A telephone, by the number of its owner.
    Phone(usize),
    /// An account: each host's own user has its host's number, service accounts follow.
    User(usize),
    /// An address outside: the organisation's own egress addresses come first.
    Address(usize),
    /// A host's own address on a day, named without the host.
    HostAddress(usize, i64),
    /// A URL outside.
    Url(usize),
    /// A file, by its hash.
    File(usize),
    /// A mail.
    Mail(usize),
}

/// Which product speaks: each has names of its own for the same things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Identity,
    Endpoint,
    Cloud,
    Mail,
    Suite,
    Mobile,
}

#[derive(Debug)]
pub(super) struct Estate {
    pub(super) settings: WorldSettings,
    seed: u64,
}

impl Estate {
    pub(super) const fn new(settings: WorldSettings, seed: u64) -> Self {
        Self { settings, seed }
    }

    pub(super) const fn domain_controller(&self, rng: &mut Rng) -> Thing {
        Thing::Host(rng.below(self.settings.domain_controllers))
    }

    pub(super) const fn jump_host(&self, rng: &mut Rng) -> usize {
        self.settings.domain_controllers + rng.below(self.settings.jump_hosts)
    }

    pub(super) const fn is_jump_host(&self, host: usize) -> bool {
        let first = self.settings.domain_controllers;
        host >= first && host < first + self.settings.jump_hosts
    }

    pub(super) const fn scanner(&self, rng: &mut Rng) -> usize {
        self.settings.domain_controllers + self.settings.jump_hosts + rng.below(self.settings.scanners)
    }

    /// The hosts that are none of the special ones.
    pub(super) const fn ordinary(&self, rng: &mut Rng) -> usize {
        let special = self.special();
        special + rng.below(self.settings.hosts - special)
    }

    /// A server: the first of the ordinary hosts.
    pub(super) const fn server(&self, rng: &mut Rng) -> usize {
        self.special() + rng.below(self.servers())
    }

    pub(super) const fn service_account(&self, rng: &mut Rng) -> Thing {
        Thing::User(self.settings.hosts + rng.below(self.settings.service_accounts))
    }

    pub(super) const fn egress(&self, rng: &mut Rng) -> Thing {
        Thing::Address(rng.below(self.settings.egress_addresses))
    }

    const fn special(&self) -> usize {
        self.settings.domain_controllers + self.settings.jump_hosts + self.settings.scanners
    }

    const fn servers(&self) -> usize {
        (self.settings.hosts - self.special()) * self.settings.servers_per_mille as usize / 1_000
    }

    const fn moves_daily(&self, host: usize) -> bool {
        host >= self.special() + self.servers()
    }

    fn host_name(&self, host: usize) -> String {
        let settings = &self.settings;
        let jumps = settings.domain_controllers;
        let scanners = jumps + settings.jump_hosts;
        match host {
            _ if host < jumps => format!("dc{:02}", host + 1),
            _ if host < scanners => format!("jump{:02}", host - jumps + 1),
            _ if host < self.special() => format!("scan{:02}", host - scanners + 1),
            _ if self.moves_daily(host) => format!("ws{host:05}"),
            _ => format!("srv{host:05}"),
        }
    }

    fn account_name(&self, user: usize) -> String {
        match user.checked_sub(self.settings.hosts) {
            Some(service) => format!("svc{:02}", service + 1),
            None => format!("user{user:05}"),
        }
    }

    /// The address of a host on a day. Those of the pool are handed on from day to day.
    pub(super) fn address(&self, host: usize, day: i64) -> Ipv4Addr {
        if !self.moves_daily(host) {
            return Ipv4Addr::new(10, 1, (host >> 8) as u8, host as u8);
        }
        // Multiplying by an odd number permutes the pool, so that no two hosts have one address on the same day. It is
        // about twice as large as need be: of the addresses of a day some half were another host's the day before.
        let pool = (2 * self.settings.hosts).next_power_of_two();
        let place = (host * 1_021 + day.unsigned_abs() as usize * 77) % pool;
        Ipv4Addr::new(10, 16 + (place >> 16) as u8, (place >> 8) as u8, place as u8)
    }

    fn hex(&self, thing: &str, number: usize, digits: usize) -> String {
        let mut rng = Rng::new(self.seed ^ thing.bytes().fold(7, |hash: u64, b| hash * 131 + u64::from(b)));
        let mut rng = Rng::new(rng.bits() ^ number as u64);
        let mut text = String::new();
        while text.len() < digits {
            text += &format!("{:016x}", rng.bits());
        }
        text.truncate(digits);
        text
    }

    /// An id in the form of a UUID.
    pub(super) fn uuid(&self, thing: &str, number: usize) -> String {
        let hex = self.hex(thing, number, 32);
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    /// How a product names a thing that it reports on that day.
    pub(super) fn evidence(
        &self,
        product: Product,
        thing: Thing,
        role: Role,
        day: i64,
        rng: &mut Rng,
    ) -> Evidence {
        let kind = match thing {
            Thing::Host(_) => EntityKind::Host,
            Thing::Phone(_) => EntityKind::MobileDevice,
            Thing::User(_) => EntityKind::User,
            Thing::Address(_) | Thing::HostAddress(..) => EntityKind::Address,
            Thing::Url(_) => EntityKind::Url,
            Thing::File(_) => EntityKind::File,
            Thing::Mail(_) => EntityKind::MailMessage,
        };
        let mut evidence = Evidence::new(kind, role);
        evidence.identifiers = self.names(product, thing, rng);
        if let (Thing::Host(host), Product::Endpoint) = (thing, product) {
            evidence.addresses = self.addresses(host, day, rng);
        }
        evidence
    }

    fn names(&self, product: Product, thing: Thing, rng: &mut Rng) -> Vec<Identifier> {
        match thing {
            Thing::Host(host) => self.host_names(product, host, rng),
            Thing::Phone(owner) => {
                vec![name(IdentifierKind::MobileDeviceId, &self.uuid("phone", owner))]
            }
            Thing::User(user) => self.user_names(product, user, rng),
            Thing::Address(n) if n < self.settings.egress_addresses => {
                vec![name(IdentifierKind::Address, &format!("203.0.113.{}", n + 1))]
            }
            Thing::Address(n) => {
                let address = Ipv4Addr::new(185, (n >> 16) as u8, (n >> 8) as u8, n as u8);
                vec![name(IdentifierKind::Address, &address.to_string())]
            }
            Thing::HostAddress(host, day) => {
                vec![name(IdentifierKind::Address, &self.address(host, day).to_string())]
            }
            Thing::Url(n) => vec![name(IdentifierKind::Url, &format!("https://cdn{n}.example/update"))],
            Thing::File(n) => vec![name(IdentifierKind::Sha256, &self.hex("file", n, 64))],
            Thing::Mail(n) => vec![name(IdentifierKind::NetworkMessageId, &self.uuid("mail", n))],
        }
    }

    /// The domain controllers' sensor knows NetBIOS names and mostly the full ones, the endpoint product its device id.
    fn host_names(&self, product: Product, host: usize, rng: &mut Rng) -> Vec<Identifier> {
        let short = self.host_name(host);
        let full = format!("{short}.corp.contoso.example");
        match product {
            Product::Identity if rng.chance(150) => {
                vec![name(IdentifierKind::NetbiosName, &short.to_uppercase())]
            }
            Product::Identity => {
                vec![name(IdentifierKind::Fqdn, &full), name(IdentifierKind::NetbiosName, &short)]
            }
            _ => vec![
                name(IdentifierKind::DefenderDeviceId, &self.hex("device", host, 40)),
                name(IdentifierKind::Fqdn, &full.to_uppercase()),
                name(IdentifierKind::NetbiosName, &short),
            ],
        }
    }

    /// By account name in one product, by SID and principal name in another, by object id in a third.
    fn user_names(&self, product: Product, user: usize, rng: &mut Rng) -> Vec<Identifier> {
        let short = self.account_name(user);
        let domain = Identifier::domain_account("contoso", &short).expect("it is a name");
        let sid = format!("S-1-5-21-2839646386-741382897-445212193-{}", 1_100 + user);
        let upn = name(IdentifierKind::Upn, &format!("{short}@contoso.example"));
        let object_id = name(IdentifierKind::ObjectId, &self.uuid("user", user));
        match product {
            Product::Identity => vec![domain],
            Product::Endpoint if rng.chance(500) => vec![name(IdentifierKind::Sid, &sid), domain, upn],
            Product::Endpoint | Product::Suite => {
                vec![name(IdentifierKind::Sid, &sid), domain, upn, object_id]
            }
            Product::Cloud if rng.chance(300) => vec![object_id],
            Product::Cloud | Product::Mail => vec![object_id, upn],
            Product::Mobile => vec![upn],
        }
    }

    fn addresses(&self, host: usize, day: i64, rng: &mut Rng) -> Vec<HostAddress> {
        let own = HostAddress { address: self.address(host, day).to_string().into(), egress: false };
        let outside = rng.chance(600).then(|| {
            let number = host % self.settings.egress_addresses.max(1) + 1;
            HostAddress { address: format!("203.0.113.{number}").into(), egress: true }
        });
        std::iter::once(own).chain(outside).collect()
    }
}

fn name(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("it is a name")
}
