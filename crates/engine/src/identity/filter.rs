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

/// The kind of entity and the names that count, strongest first; `None` if there is none.
pub(super) fn names_of(kind: EntityKind, identifiers: Vec<Identifier>) -> Option<(EntityKind, Names)> {
    if let Some(host) = machine_account(&kind, &identifiers) {
        return Some((EntityKind::Host, vec![host]));
    }
    if is_built_in(&kind, &identifiers) {
        return None;
    }
    let mut names = identifiers;
    names.retain(names_somebody);
    if names.len() > 1 {
        if names.iter().any(|name| name.kind.is_strong()) {
            names.retain(|name| name.kind != IdentifierKind::FilePath);
        }
        names.sort_by(|a, b| rank::of(&a.kind).cmp(&rank::of(&b.kind)).then_with(|| a.cmp(b)));
        names.dedup();
    }
    (!names.is_empty()).then_some((kind, names))
}

/// `CLIENT1$` is the host CLIENT1. The rest of what the evidence says about the account is left out: a mangled SID of
/// SYSTEM has been seen beside the accounts of five machines.
fn machine_account(kind: &EntityKind, identifiers: &[Identifier]) -> Option<Identifier> {
    if *kind != EntityKind::User {
        return None;
    }
    let name = identifiers.iter().find_map(|identifier| account_name(identifier)?.strip_suffix('$'))?;
    Identifier::new(IdentifierKind::NetbiosName, name)
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
    *kind == EntityKind::User && identifiers.iter().any(is_built_in_account)
}

/// A bare `administrator` is nobody in particular; `HOST\administrator` is that host's, and a domain's has its SID.
fn is_built_in_account(identifier: &Identifier) -> bool {
    let value = &*identifier.value;
    match identifier.kind {
        IdentifierKind::Sid => Sid::of(value) == Sid::WellKnown,
        IdentifierKind::AccountName => is_built_in_name(value),
        IdentifierKind::DomainAccount => value.split_once('\\').is_some_and(|(domain, account)| {
            BUILT_IN_DOMAINS.contains(&domain) || (is_built_in_name(account) && account != "administrator")
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

impl Sid {
    fn of(sid: &str) -> Self {
        // What nearly all of them are, without taking them apart.
        if sid.starts_with("S-1-5-21-") && sid.bytes().filter(|&b| b == b'-').count() == 7 {
            return Self::Account;
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

/// Whether a name can name one entity: addresses that mean no host do not, nor does a display name by itself.
fn names_somebody(identifier: &Identifier) -> bool {
    match identifier.kind {
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
        let (kind, names) = names_of(EntityKind::User, identifiers.collect())?;
        Some((kind, names.iter().map(ToString::to_string).collect()))
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
            let identifiers = vec![Identifier::address(address).unwrap()];
            assert_eq!(names_of(EntityKind::Address, identifiers), None, "{address}");
        }
    }
}
