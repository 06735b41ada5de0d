//! What names nobody in particular, and names that belong to another kind of entity than they stand on.

use std::net::IpAddr;

use braid_alert::{EntityKind, Identifier, IdentifierKind};

use super::{Names, rank};

/// Accounts that every Windows host or every directory has, by their bare name.
const BUILT_IN_ACCOUNTS: [&str; 17] = [
    "system",
    "localsystem",
    "local service",
    "network service",
    "localservice",
    "networkservice",
    "anonymous logon",
    "anonymous",
    "everyone",
    "authenticated users",
    "administrator",
    "guest",
    "krbtgt",
    "defaultaccount",
    "wdagutilityaccount",
    "trustedinstaller",
    "iusr",
];

/// Prefixes of per-session accounts of the window manager and the font driver: `DWM-1`, `UMFD-0`.
const BUILT_IN_PREFIXES: [&str; 2] = ["dwm-", "umfd-"];

/// Domains whose accounts are built in.
const BUILT_IN_DOMAINS: [&str; 5] =
    ["nt authority", "nt service", "window manager", "font driver host", "builtin"];

/// Keeps the names that count, strongest first, and says whether there are any; the kind of entity may turn out to be
/// another one. Names that contradict each other go to `rivals`. A name that ends in `$` is a host's, unless something
/// says that it is an account's (`is_managed`, as a group managed service account is), which is asked only of such names.
pub(super) fn keep_names(
    kind: &mut EntityKind,
    names: &mut Names,
    is_managed: impl Fn(&EntityKind, &[Identifier]) -> bool,
    rivals: &mut Vec<Identifier>,
) -> bool {
    if let Some(host) = machine_account(kind, names).filter(|_| !is_managed(kind, names)) {
        *kind = EntityKind::Host;
        *names = vec![host];
        return true;
    }
    if is_built_in(kind, names) {
        return false;
    }
    match kind {
        EntityKind::Host => names.iter_mut().for_each(respell_machine),
        EntityKind::User | EntityKind::Mailbox => spell_out_object_id(names),
        EntityKind::CloudResource => {
            if let Some(container) = names.iter().find_map(container) {
                *kind = EntityKind::Other(container.into());
            }
        }
        _ => {}
    }
    names.retain(|name| names_somebody(kind, name));
    if names.len() > 1 {
        if names.iter().any(|name| name.kind.is_strong()) {
            names.retain(|name| name.kind != IdentifierKind::FilePath);
        }
        names.sort_by(|a, b| rank::of(a).cmp(&rank::of(b)).then_with(|| a.cmp(b)));
        names.dedup();
        part_rivals(names, rivals);
    }
    !names.is_empty()
}

/// What holds resources is none itself: two alerts of one subscription have no more in common than two of one domain. It
/// is shown as what it is, and a kind that only Azure knows joins nothing.
fn container(name: &Identifier) -> Option<&'static str> {
    let mut parts =
        name.value.strip_prefix('/').filter(|_| name.kind == IdentifierKind::ResourceId)?.split('/');
    match [(); 5].map(|()| parts.next().filter(|part| !part.is_empty())) {
        [Some("subscriptions"), Some(_), None, ..] => Some("subscription"),
        [Some("subscriptions"), Some(_), Some("resourcegroups"), Some(_), None] => Some("resourceGroup"),
        [Some("providers"), Some("microsoft.management"), Some("managementgroups"), Some(_), None] => {
            Some("managementGroup")
        }
        _ => None,
    }
}

/// What an entity has only one of and stands here twice: one of the two is somebody else's, and nothing says which.
fn part_rivals(names: &mut Names, rivals: &mut Vec<Identifier>) {
    let is_rival = |a: &Identifier, b: &Identifier| a != b && rank::same_sort(a, b);
    // Strongest first, so that those of one sort stand together at the head.
    let is_contested = names.windows(2).any(|pair| rank::is_final(&pair[0]) && is_rival(&pair[0], &pair[1]));
    if is_contested {
        let all = names.clone();
        names.retain(|name| {
            let contested = rank::is_final(name) && all.iter().any(|other| is_rival(name, other));
            if contested {
                rivals.push(name.clone());
            }
            !contested
        });
    }
}

/// Leaves out bare names that stand beside a cloud identity's and no domain's. `ann` of the cloud directory and `ann` of
/// a domain may be two people; they are one by their object id or by what a directory says, never by that name.
pub(super) fn leave_out_mere_names(kind: &EntityKind, names: &mut Names) {
    if !matches!(kind, EntityKind::User | EntityKind::Mailbox) || names.len() < 2 {
        return;
    }
    let of_cloud = |name: &Identifier| {
        matches!(name.kind, IdentifierKind::ObjectId | IdentifierKind::Upn) || is_cloud_sid(name)
    };
    let of_domain = |name: &Identifier| match name.kind {
        IdentifierKind::Sid => !is_cloud_sid(name),
        IdentifierKind::DomainAccount => !name.value.starts_with(CLOUD_DOMAIN),
        _ => false,
    };
    if names.iter().any(of_cloud) && !names.iter().any(of_domain) {
        names.retain(|name| !matches!(name.kind, IdentifierKind::AccountName | IdentifierKind::DisplayName));
    }
}

/// The domain under which Windows shows accounts of Entra ID.
pub(super) const CLOUD_DOMAIN: &str = "azuread\\";

fn is_cloud_sid(name: &Identifier) -> bool {
    name.kind == IdentifierKind::Sid && name.value.starts_with(rank::CLOUD_SID)
}

/// A host's account is the host's bare name, wherever it stands.
fn respell_machine(name: &mut Identifier) {
    let machine = account_name(name)
        .filter(|_| name.kind != IdentifierKind::Upn)
        .map(|account| account.strip_suffix('$').unwrap_or(account))
        .and_then(|account| Identifier::new(IdentifierKind::NetbiosName, account));
    if let Some(machine) = machine {
        *name = machine;
    }
}

/// The SID of an account of Entra ID is its object id in four numbers: whoever is known by the one is known by the other.
fn spell_out_object_id(names: &mut Names) {
    let spelled = names.iter().filter(|name| is_cloud_sid(name)).find_map(|sid| object_id_of(&sid.value));
    if let Some(id) = spelled.filter(|id| !names.contains(id)) {
        names.push(id);
    }
}

/// The four numbers are the sixteen bytes of the GUID, four at a time, the least significant first.
fn object_id_of(sid: &str) -> Option<Identifier> {
    let mut parts = sid.strip_prefix(rank::CLOUD_SID)?.split('-').map(str::parse::<u32>);
    let mut next = || parts.next()?.ok();
    let (a, b, c, d) = (next()?, next()?, next()?, next()?);
    let [c0, c1, c2, c3] = c.to_le_bytes();
    let tail: String = [c2, c3].iter().chain(&d.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect();
    let (b_low, b_high) = (b & 0xffff, b >> 16);
    let guid = format!("{a:08x}-{b_low:04x}-{b_high:04x}-{c0:02x}{c1:02x}-{tail}");
    Identifier::new(IdentifierKind::ObjectId, &guid)
}

/// What kind of entity bears names of this kind, where nothing else says so.
pub(super) fn kind_of(name: &IdentifierKind) -> EntityKind {
    match name {
        IdentifierKind::Sid
        | IdentifierKind::ObjectId
        | IdentifierKind::Upn
        | IdentifierKind::DomainAccount
        | IdentifierKind::AccountName
        | IdentifierKind::DisplayName => EntityKind::User,
        IdentifierKind::DefenderDeviceId
        | IdentifierKind::EntraDeviceId
        | IdentifierKind::Fqdn
        | IdentifierKind::NetbiosName => EntityKind::Host,
        IdentifierKind::MobileDeviceId => EntityKind::MobileDevice,
        IdentifierKind::Address => EntityKind::Address,
        IdentifierKind::Url => EntityKind::Url,
        IdentifierKind::Sha256 | IdentifierKind::Sha1 | IdentifierKind::Md5 | IdentifierKind::FilePath => {
            EntityKind::File
        }
        IdentifierKind::NetworkMessageId => EntityKind::MailMessage,
        IdentifierKind::MailCluster => EntityKind::MailCluster,
        IdentifierKind::ResourceId => EntityKind::CloudResource,
        IdentifierKind::ApplicationId => EntityKind::CloudApplication,
        IdentifierKind::SessionId => EntityKind::CloudLogon,
        IdentifierKind::GroupId => EntityKind::SecurityGroup,
        IdentifierKind::ProcessKey => EntityKind::Process,
        IdentifierKind::RegistryPath => EntityKind::Registry,
        IdentifierKind::VendorIncidentId => EntityKind::VendorIncident,
        IdentifierKind::ThreatName | IdentifierKind::SuspectedThreatName => EntityKind::Threat,
        IdentifierKind::Other(text) => EntityKind::Other(text.clone()),
    }
}

/// `CLIENT1$` is the host CLIENT1. The rest of what the evidence says about the account is left out: a mangled SID of
/// SYSTEM has been seen beside the accounts of five machines.
fn machine_account(kind: &EntityKind, identifiers: &[Identifier]) -> Option<Identifier> {
    let name = account_name(like_machines(kind, identifiers).next()?)?.strip_suffix('$')?;
    Identifier::new(IdentifierKind::NetbiosName, name)
}

/// The names that look like a machine's account: `svc$` of an account that Windows manages looks so too.
pub(super) fn like_machines<'a>(
    kind: &EntityKind,
    identifiers: &'a [Identifier],
) -> impl Iterator<Item = &'a Identifier> {
    let of_user = *kind == EntityKind::User;
    // Most accounts have no such sign at all, which is sooner seen than where their name ends.
    let has_sign = |name: &Identifier| holds_account(name) && name.value.as_bytes().contains(&b'$');
    identifiers.iter().filter(move |name| {
        of_user && has_sign(name) && account_name(name).is_some_and(|name| name.ends_with('$'))
    })
}

fn holds_account(name: &Identifier) -> bool {
    matches!(name.kind, IdentifierKind::AccountName | IdentifierKind::DomainAccount | IdentifierKind::Upn)
}

/// The account's bare name, where the identifier holds one.
fn account_name(identifier: &Identifier) -> Option<&str> {
    match identifier.kind {
        IdentifierKind::AccountName => Some(&identifier.value),
        IdentifierKind::DomainAccount => identifier.value.rsplit('\\').next(),
        IdentifierKind::Upn => identifier.value.split('@').next(),
        _ => None,
    }
}

fn is_built_in(kind: &EntityKind, identifiers: &[Identifier]) -> bool {
    // A domain's own administrator is somebody: its SID says which domain's.
    let has_sid = |identifiers: &[Identifier]| {
        identifiers.iter().any(|i| i.kind == IdentifierKind::Sid && Sid::of(&i.value) == Sid::Account)
    };
    let is_it = |identifier: &Identifier| {
        is_built_in_account(identifier)
            && !(identifier.kind == IdentifierKind::AccountName
                && &*identifier.value == ADMINISTRATOR
                && has_sid(identifiers))
    };
    *kind == EntityKind::User && identifiers.iter().any(is_it)
}

/// The one built-in account that people use.
const ADMINISTRATOR: &str = "administrator";

/// A bare `administrator` is nobody in particular; `HOST\administrator` is that host's, and a domain's has its SID.
fn is_built_in_account(identifier: &Identifier) -> bool {
    let value = &*identifier.value;
    match identifier.kind {
        IdentifierKind::Sid => Sid::of(value) == Sid::WellKnown,
        IdentifierKind::AccountName => is_built_in_name(value),
        IdentifierKind::DomainAccount => value.split_once('\\').is_some_and(|(domain, account)| {
            BUILT_IN_DOMAINS.contains(&domain) || (is_built_in_name(account) && account != ADMINISTRATOR)
        }),
        _ => false,
    }
}

fn is_built_in_name(account: &str) -> bool {
    BUILT_IN_ACCOUNTS.contains(&account) || BUILT_IN_PREFIXES.iter().any(|prefix| account.starts_with(prefix))
}

/// What a SID says about who bears it.
#[derive(Debug, PartialEq, Eq)]
enum Sid {
    /// One account: `S-1-5-21-` and the three parts of its domain or host, or `S-1-12-1-` for one of Entra ID.
    Account,
    /// Nobody in particular: the same on every host, as `S-1-5-18` (SYSTEM), or derived from a service's name, as
    /// `S-1-5-80-…`.
    WellKnown,
    /// Neither form. It is not trusted as a name, and it does not make its bearer a built-in account either.
    Odd,
}

/// The first sub-authorities of SIDs that the system makes up: `BUILTIN`, and the ranges of services, application pools,
/// virtual machines, window managers and font drivers (32 and 80 to 111; Microsoft, "Well-known SIDs").
const SYSTEM_AUTHORITIES: std::ops::RangeInclusive<u32> = 80..=111;

/// Accounts that every domain has and nobody in particular is: Guest, krbtgt, DefaultAccount, WDAGUtilityAccount.
const SHARED_ACCOUNTS: [&str; 4] = ["-501", "-502", "-503", "-504"];

impl Sid {
    fn of(sid: &str) -> Self {
        // What nearly all of them are, without taking them apart.
        if let Some(rest) = sid.strip_prefix("S-1-5-21-")
            && rest.bytes().fold(0u32, |dashes, byte| dashes + u32::from(byte == b'-')) == 3
        {
            let is_shared = SHARED_ACCOUNTS.iter().any(|account| sid.ends_with(account));
            return if is_shared { Self::WellKnown } else { Self::Account };
        }
        let mut parts = sid.split('-').skip(2);
        let (authority, first) = (parts.next(), parts.next());
        let rest = parts.count();
        match (authority, first.and_then(|first| first.parse::<u32>().ok())) {
            (_, Some(21)) if rest == 4 => Self::Account,
            (Some("12"), Some(1)) if rest == 4 => Self::Account,
            (_, Some(first)) if first == 32 || SYSTEM_AUTHORITIES.contains(&first) => Self::WellKnown,
            _ if rest <= 1 => Self::WellKnown,
            _ => Self::Odd,
        }
    }
}

/// Whether a name can name one entity of this kind: an address that means no host does not, nor does the administrator
/// without a domain.
fn names_somebody(kind: &EntityKind, identifier: &Identifier) -> bool {
    match identifier.kind {
        IdentifierKind::AccountName if *kind == EntityKind::User => !is_built_in_name(&identifier.value),
        IdentifierKind::Address => is_somewhere(&identifier.value),
        IdentifierKind::Sid => Sid::of(&identifier.value) == Sid::Account,
        IdentifierKind::NetbiosName | IdentifierKind::Fqdn => {
            !matches!(&*identifier.value, "localhost" | "workgroup")
        }
        _ => true,
    }
}

/// Whether an address may be some host's. Most are ordinary ones of version 4, which the first octet tells; only the
/// others are taken apart.
fn is_somewhere(address: &str) -> bool {
    const SPECIAL: [&str; 4] = ["0.", "127.", "169.254.", "255.255.255.255"];
    let first_octet = address.split('.').next().and_then(|octet| octet.parse::<u8>().ok());
    match first_octet {
        Some(octet) => {
            !SPECIAL.iter().any(|special| address.starts_with(special)) && !(224..240).contains(&octet)
        }
        None => address.parse::<IpAddr>().is_ok_and(|address| match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(v6) => {
                !v6.is_loopback() && !v6.is_unspecified() && !v6.is_multicast() && !v6.is_unicast_link_local()
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(names: &[(IdentifierKind, &str)]) -> Option<(EntityKind, Vec<String>)> {
        let identifiers =
            names.iter().map(|(kind, value)| Identifier { kind: kind.clone(), value: (*value).into() });
        let (mut kind, mut names) = (EntityKind::User, identifiers.collect());
        let names_somebody = keep_names(&mut kind, &mut names, |_, _| false, &mut Vec::new());
        names_somebody.then(|| (kind, names.iter().map(ToString::to_string).collect()))
    }

    use IdentifierKind::{AccountName, DomainAccount, ObjectId, Upn};

    #[test]
    fn built_in_accounts_name_nobody() {
        assert_eq!(user(&[(DomainAccount, "nt authority\\system"), (IdentifierKind::Sid, "S-1-5-18")]), None);
        assert_eq!(user(&[(AccountName, "administrator")]), None);
        assert_eq!(user(&[(AccountName, "krbtgt")]), None);
        assert_eq!(user(&[(DomainAccount, "window manager\\dwm-1")]), None);
        assert_eq!(user(&[(IdentifierKind::Sid, "S-2-2-78")]), None, "a mangled well-known SID");
        assert!(
            user(&[(DomainAccount, "avoriaz-sql1\\administrator")]).is_some(),
            "a host's own administrator"
        );
    }

    #[test]
    fn a_sid_names_somebody_only_in_the_form_of_an_account() {
        assert_eq!(Sid::of("S-1-5-21-2839646386-741382897-445212193-1104"), Sid::Account);
        assert_eq!(Sid::of("S-1-12-1-1111111111-2222222222-333333333-4444444444"), Sid::Account);
        for service in
            ["S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", "S-1-5-90-0-1", "S-1-5-32-544"]
        {
            assert_eq!(Sid::of(service), Sid::WellKnown, "{service}");
        }
        assert_eq!(Sid::of("S-1-5-11-3872243504-3939183670-852091915-300"), Sid::Odd);
        let odd = [
            (IdentifierKind::Sid, "S-1-5-11-3872243504-3939183670-852091915-300"),
            (DomainAccount, "sql1\\defender"),
        ];
        assert_eq!(user(&odd).unwrap().1, ["domainAccount:sql1\\defender"]);
    }

    #[test]
    fn a_machine_account_is_its_host_whatever_sid_stands_beside_it() {
        let host = user(&[(IdentifierKind::Sid, "S-2-2-78"), (DomainAccount, "vnevado\\vnevado-win10s$")]);
        assert_eq!(host, Some((EntityKind::Host, vec!["netbiosName:vnevado-win10s".into()])));
    }

    #[test]
    fn names_come_strongest_first() {
        let names = user(&[
            (DomainAccount, "contoso\\jeffl"),
            (Upn, "jeffl@contoso.azure"),
            (ObjectId, "o"),
            (IdentifierKind::Sid, "S-1-5-21-1-2-3-1104"),
        ]);
        let kinds: Vec<_> =
            names.unwrap().1.iter().map(|n| n.split(':').next().unwrap().to_owned()).collect();
        assert_eq!(kinds, ["sid", "objectId", "upn", "domainAccount"]);
    }

    #[test]
    fn addresses_that_mean_no_host_are_left_out() {
        for address in
            ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "169.254.3.4", "::1", "fe80::1"]
        {
            let mut names = vec![Identifier::address(address).unwrap()];
            let mut kind = EntityKind::Address;
            assert!(!keep_names(&mut kind, &mut names, |_, _| false, &mut Vec::new()), "{address}");
        }
    }
}
