//! What names nobody in particular.

use std::net::IpAddr;

use braid_alert::{EntityKind, Evidence, Identifier, IdentifierKind};

use super::naming;

const BUILT_IN_ACCOUNTS: [&str; 17] = [
    "administrator",
    "anonymous",
    "anonymous logon",
    "authenticated users",
    "defaultaccount",
    "everyone",
    "guest",
    "iusr",
    "krbtgt",
    "local service",
    "localservice",
    "localsystem",
    "network service",
    "networkservice",
    "system",
    "trustedinstaller",
    "wdagutilityaccount",
];

const BUILT_IN_DOMAINS: [&str; 5] =
    ["builtin", "font driver host", "nt authority", "nt service", "window manager"];

/// Who is meant.
pub(super) struct Meant {
    pub(super) kind: EntityKind,
    /// The names that count, strongest first; at least one.
    pub(super) names: Vec<Identifier>,
}

/// Who is meant by names, if anybody; with the names that contradict each other, which do not count.
///
/// `CLIENT1$` is the host CLIENT1, unless somebody has said that it is an account (`managed`).
pub(super) fn meant(
    kind: &EntityKind,
    identifiers: &[Identifier],
    managed: bool,
) -> (Option<Meant>, Vec<Identifier>) {
    if *kind == EntityKind::User {
        if let Some(machine) = machine_of(identifiers).filter(|_| !managed) {
            return (Some(Meant { kind: EntityKind::Host, names: vec![machine] }), Vec::new());
        }
        if identifiers.iter().any(|name| is_built_in(name, identifiers)) {
            return (None, Vec::new());
        }
    }
    let spelled = respell(kind, identifiers);
    let mut names: Vec<Identifier> = spelled.into_iter().filter(|name| means_somebody(kind, name)).collect();
    if names.len() > 1 && names.iter().any(|name| name.kind.is_strong()) {
        names.retain(|name| name.kind != IdentifierKind::FilePath);
    }
    names.sort_by_key(|name| (naming::rank(name), name.clone()));
    names.dedup();
    let is_rival = |name: &&Identifier| {
        naming::is_final(name) && names.iter().any(|other| other != *name && naming::same_sort(name, other))
    };
    let (rivals, names): (Vec<_>, Vec<_>) = names.iter().partition(is_rival);
    let owned = |names: Vec<&Identifier>| names.into_iter().cloned().collect::<Vec<_>>();
    let meant = (!names.is_empty()).then(|| Meant { kind: kind.clone(), names: owned(names) });
    (meant, owned(rivals))
}

/// Who is meant by a piece of evidence. Bare names beside a cloud identity's, without any of a domain, do not count.
pub(super) fn meant_by_evidence(evidence: &Evidence, known: bool) -> (Option<Meant>, Vec<Identifier>) {
    let managed = known || evidence.tags.iter().any(|tag| tag.eq_ignore_ascii_case("serviceAccount"));
    let (mut meant, rivals) = meant(&evidence.kind, &evidence.identifiers, managed);
    if let Some(Meant { kind: EntityKind::User | EntityKind::Mailbox, names }) = &mut meant
        && names.len() > 1
        && names.iter().any(is_of_the_cloud)
        && !names.iter().any(is_of_a_domain)
    {
        names.retain(|n| !matches!(n.kind, IdentifierKind::AccountName | IdentifierKind::DisplayName));
    }
    (meant, rivals)
}

fn is_of_the_cloud(name: &Identifier) -> bool {
    matches!(name.kind, IdentifierKind::ObjectId | IdentifierKind::Upn) || naming::is_cloud_sid(name)
}

fn is_of_a_domain(name: &Identifier) -> bool {
    match name.kind {
        IdentifierKind::Sid => !naming::is_cloud_sid(name),
        IdentifierKind::DomainAccount => !name.value.starts_with("azuread\\"),
        _ => false,
    }
}

/// Whether a name is written as a machine's account is.
pub(super) fn is_like_a_machine(name: &Identifier) -> bool {
    account_of(name).is_some_and(|account| account.ends_with('$'))
}

/// `CLIENT1$` is the account of the host CLIENT1.
fn machine_of(names: &[Identifier]) -> Option<Identifier> {
    let host = names.iter().find_map(|name| account_of(name)?.strip_suffix('$'))?;
    Identifier::new(IdentifierKind::NetbiosName, host)
}

fn account_of(name: &Identifier) -> Option<&str> {
    match name.kind {
        IdentifierKind::AccountName => Some(&name.value),
        IdentifierKind::DomainAccount => name.value.split('\\').next_back(),
        IdentifierKind::Upn => name.value.split('@').next(),
        _ => None,
    }
}

/// A host's account is its bare name; whoever has the SID of a cloud account has the object id that it spells.
fn respell(kind: &EntityKind, names: &[Identifier]) -> Vec<Identifier> {
    let mut names = names.to_vec();
    match kind {
        EntityKind::Host => {
            for name in names.iter_mut().filter(|name| name.kind != IdentifierKind::Upn) {
                let host = account_of(name).map(|account| account.strip_suffix('$').unwrap_or(account));
                if let Some(host) = host.and_then(|h| Identifier::new(IdentifierKind::NetbiosName, h)) {
                    *name = host;
                }
            }
        }
        EntityKind::User | EntityKind::Mailbox => {
            let spelled = names.iter().filter(|name| naming::is_cloud_sid(name)).find_map(object_id);
            names.extend(spelled.filter(|id| !names.contains(id)));
        }
        _ => {}
    }
    names
}

/// The GUID whose sixteen bytes are the four numbers of a cloud account's SID, in the order in which memory has them.
fn object_id(sid: &Identifier) -> Option<Identifier> {
    let numbers: Vec<u32> =
        sid.value.split('-').skip(4).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let bytes: Vec<u8> = numbers.get(..4)?.iter().flat_map(|number| number.to_le_bytes()).collect();
    let guid = uuid::Uuid::from_bytes_le(bytes.try_into().ok()?);
    Identifier::new(IdentifierKind::ObjectId, &guid.hyphenated().to_string())
}

/// Accounts that every host or directory has. An administrator with a domain is somebody.
fn is_built_in(name: &Identifier, beside: &[Identifier]) -> bool {
    let has_sid =
        || beside.iter().any(|name| name.kind == IdentifierKind::Sid && sid(&name.value) == Sid::Account);
    match name.kind {
        IdentifierKind::Sid => sid(&name.value) == Sid::WellKnown,
        IdentifierKind::AccountName if &*name.value == "administrator" => !has_sid(),
        IdentifierKind::AccountName => is_built_in_account(&name.value),
        IdentifierKind::DomainAccount => name.value.split_once('\\').is_some_and(|(domain, account)| {
            BUILT_IN_DOMAINS.contains(&domain) || (account != "administrator" && is_built_in_account(account))
        }),
        _ => false,
    }
}

fn is_built_in_account(account: &str) -> bool {
    BUILT_IN_ACCOUNTS.contains(&account) || account.starts_with("dwm-") || account.starts_with("umfd-")
}

#[derive(PartialEq)]
enum Sid {
    Account,
    WellKnown,
    Odd,
}

/// An account's SID is `S-1-5-21-` and four numbers, or `S-1-12-1-` and four; of a domain's, 501 to 504 are nobody's in
/// particular. The system's own are short, or begin with
/// one of its authorities (32, 80 to 111). Everything else is no name, and says nothing of who bears it.
fn sid(text: &str) -> Sid {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |place: usize| parts.get(place).and_then(|part| part.parse::<u32>().ok());
    let beyond = parts.len().saturating_sub(4);
    let of_a_domain = number(3) == Some(21) && beyond == 4;
    let of_entra = parts.get(2) == Some(&"12") && number(3) == Some(1) && beyond == 4;
    match number(3) {
        _ if of_a_domain && (501..=504).contains(&number(7).unwrap_or(0)) => Sid::WellKnown,
        _ if of_a_domain || of_entra => Sid::Account,
        Some(32 | 80..=111) => Sid::WellKnown,
        _ if beyond <= 1 => Sid::WellKnown,
        _ => Sid::Odd,
    }
}

fn means_somebody(kind: &EntityKind, name: &Identifier) -> bool {
    match name.kind {
        IdentifierKind::AccountName if *kind == EntityKind::User => !is_built_in_account(&name.value),
        IdentifierKind::Sid => sid(&name.value) == Sid::Account,
        IdentifierKind::NetbiosName | IdentifierKind::Fqdn => {
            !["localhost", "workgroup"].contains(&&*name.value)
        }
        IdentifierKind::Address => name.value.parse().is_ok_and(is_some_hosts),
        _ => true,
    }
}

/// Neither unspecified, loopback, link-local, multicast nor broadcast.
fn is_some_hosts(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.octets()[0] != 0
                && !v4.is_loopback()
                && !v4.is_link_local()
                && !v4.is_multicast()
                && !v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            !v6.is_unspecified() && !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_multicast()
        }
    }
}
