//! The names of a small world, and what evidence makes of them: pools so small that nearly all names are shared, in
//! combinations that unite entities and contradict each other.

use braid_alert::{EntityKind, Evidence, HostAddress, Identifier, IdentifierKind, Role};

/// How many families of evidence there are.
pub(crate) const FAMILIES: usize = 20;

/// A piece of evidence of a family; `a` and `b` are the numbers in its names.
pub(crate) fn piece_of(family: usize, a: usize, b: usize, role: Role) -> Evidence {
    let (user, host) = (EntityKind::User, EntityKind::Host);
    let piece = |kind: EntityKind, names: Vec<Identifier>| {
        let mut evidence = Evidence::new(kind, role.clone());
        evidence.identifiers = names;
        evidence
    };
    let with_address = |mut evidence: Evidence| {
        evidence
            .addresses
            .push(HostAddress { address: format!("10.0.0.{b}").into(), egress: a == 4 && b == 4 });
        evidence
    };
    match family {
        0 => piece(user, vec![sid(a), account(b)]),
        1 => piece(user, vec![upn(a), account_name(b)]),
        2 => piece(user, vec![account(a)]),
        3 => piece(user, vec![object_id(a), upn(b)]),
        4 => piece(user, vec![sid(a)]),
        5 => piece(EntityKind::Mailbox, vec![upn(a)]),
        6 => with_address(piece(host, vec![fqdn(a), netbios(b)])),
        7 => piece(host, vec![device(a), fqdn(b)]),
        8 => with_address(piece(host, vec![netbios(a)])),
        9 => piece(host, vec![device(a), netbios(b)]),
        10 => piece(EntityKind::Address, vec![Identifier::address(&format!("10.0.0.{a}")).unwrap()]),
        11 => piece(
            EntityKind::File,
            vec![name(IdentifierKind::Sha256, &format!("{a:064}")), name(IdentifierKind::FilePath, "c:\\a")],
        ),
        12 => piece(EntityKind::Process, vec![name(IdentifierKind::ProcessKey, &format!("p{a}"))]),
        13 => piece(EntityKind::MailMessage, vec![name(IdentifierKind::NetworkMessageId, &format!("m{a}"))]),
        14 if b == 0 => piece(
            EntityKind::VendorIncident,
            vec![name(IdentifierKind::VendorIncidentId, &format!("defender/{a}"))],
        ),
        14 if b == 1 => piece(EntityKind::Threat, vec![threat(a), suspected_threat(a)]),
        14 if b == 2 => piece(EntityKind::Threat, vec![suspected_threat(a)]),
        14 => piece(EntityKind::Url, vec![Identifier::url(&format!("https://evil{a}.example/x")).unwrap()]),
        15 => piece(user, vec![cloud_sid(a), upn(b), account_name(1)]),
        16 => piece(user, vec![sid(a), sid(b), account(a)]),
        17 => piece(user, vec![account(a), display_name(b)]),
        18 => piece(user, vec![display_name(a)]),
        _ => nobody(a, b, &role),
    }
}

/// Names of nobody in particular, and machines' accounts.
fn nobody(a: usize, b: usize, role: &Role) -> Evidence {
    let mut evidence = Evidence::new(EntityKind::User, role.clone());
    evidence.identifiers = match a {
        0 => vec![
            name(IdentifierKind::Sid, "S-1-5-18"),
            Identifier::domain_account("nt authority", "system").unwrap(),
        ],
        1 => vec![
            name(IdentifierKind::AccountName, &format!("host{b}$")),
            name(IdentifierKind::Sid, "S-2-2-78"),
        ],
        2 => vec![name(IdentifierKind::AccountName, "krbtgt")],
        3 => vec![
            name(IdentifierKind::Sid, "S-1-5-11-1-2-3-4"),
            Identifier::domain_account("contoso", &format!("user{b}")).unwrap(),
        ],
        _ => vec![Identifier::domain_account(&format!("host{b}"), "administrator").unwrap()],
    };
    evidence
}

pub(crate) fn sid(n: usize) -> Identifier {
    name(IdentifierKind::Sid, &format!("S-1-5-21-1-2-3-{n}"))
}

pub(crate) fn cloud_sid(n: usize) -> Identifier {
    name(IdentifierKind::Sid, &format!("S-1-12-1-1-2-3-{n}"))
}

pub(crate) fn object_id(n: usize) -> Identifier {
    name(IdentifierKind::ObjectId, &format!("oid-{n}"))
}

/// The object id that [`cloud_sid`] spells in numbers.
pub(crate) fn spelled_id(n: usize) -> Identifier {
    name(IdentifierKind::ObjectId, &format!("00000001-0002-0000-0300-00000{n}000000"))
}

pub(crate) fn display_name(n: usize) -> Identifier {
    name(IdentifierKind::DisplayName, &format!("User {n}"))
}

pub(crate) fn upn(n: usize) -> Identifier {
    name(IdentifierKind::Upn, &format!("user{n}@contoso.com"))
}

pub(crate) fn account(n: usize) -> Identifier {
    Identifier::domain_account("contoso", &format!("user{n}")).unwrap()
}

pub(crate) fn account_name(n: usize) -> Identifier {
    name(IdentifierKind::AccountName, &format!("user{n}"))
}

pub(crate) fn fqdn(n: usize) -> Identifier {
    name(IdentifierKind::Fqdn, &format!("host{n}.contoso.com"))
}

pub(crate) fn netbios(n: usize) -> Identifier {
    name(IdentifierKind::NetbiosName, &format!("host{n}"))
}

pub(crate) fn device(n: usize) -> Identifier {
    name(IdentifierKind::DefenderDeviceId, &format!("dev{n}"))
}

fn threat(n: usize) -> Identifier {
    name(IdentifierKind::ThreatName, &format!("actor {n}"))
}

fn suspected_threat(n: usize) -> Identifier {
    name(IdentifierKind::SuspectedThreatName, &format!("actor {n}"))
}

pub(crate) fn name(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).unwrap()
}
