//! Directory records drawn at random, of the names that the alerts bear too.

use braid_alert::{
    DirectoryEntry, DirectoryRecord, EntityKind, Identifier, IdentifierKind, Origin, SourceTime, Tenant,
};
use proptest::prelude::*;

/// A directory record in few numbers.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    object: u8,
    minutes: i64,
    tenant: bool,
    /// What it says, if the object is not deleted: its kind, two numbers that make its names, and whether it is a
    /// directory on premises.
    said: Option<(u8, u8, u8, bool)>,
    tag: u8,
}

pub(crate) fn listing() -> impl Strategy<Value = Listing> {
    let said = prop::option::weighted(0.8, (0u8..6, 0u8..5, 0u8..5, prop::bool::ANY));
    (0u8..12, 0i64..4_600, prop::bool::weighted(0.15), said, 0u8..4)
        .prop_map(|(object, minutes, tenant, said, tag)| Listing { object, minutes, tenant, said, tag })
}

impl Listing {
    pub(crate) fn record(&self) -> DirectoryRecord {
        let at = SourceTime::from_millis(1_772_409_600_000 + self.minutes * 60_000);
        DirectoryRecord {
            tenant: Tenant::new(if self.tenant { "small" } else { "large" }),
            object: format!("object{}", self.object).into(),
            entry: self.said.map(|said| self.entry(said)),
            origin: Origin {
                source: "s".into(),
                topic: "directory".into(),
                partition: 0,
                offset: 0,
                element: 0,
                source_time: at,
                source_time_capped: false,
            },
        }
    }

    fn entry(&self, (kind, a, b, on_premises): (u8, u8, u8, bool)) -> DirectoryEntry {
        let name = |kind: IdentifierKind, value: String| Identifier::new(kind, &value).unwrap();
        let identifiers = match kind {
            0 => vec![
                name(IdentifierKind::Sid, format!("S-1-5-21-1-2-3-{a}")),
                name(IdentifierKind::Upn, format!("user{b}@contoso.com")),
            ],
            1 => vec![
                name(IdentifierKind::ObjectId, format!("oid{a}")),
                Identifier::domain_account("contoso", &format!("user{b}")).unwrap(),
            ],
            2 => vec![
                name(IdentifierKind::Upn, format!("user{a}@contoso.com")),
                name(IdentifierKind::Upn, format!("user{b}@contoso.com")),
            ],
            3 => vec![name(IdentifierKind::Sid, format!("S-1-5-21-1-2-3-{a}"))],
            4 => vec![
                name(IdentifierKind::Fqdn, format!("host{a}.contoso.com")),
                Identifier::domain_account("contoso", &format!("host{b}$")).unwrap(),
            ],
            _ => vec![
                name(IdentifierKind::DefenderDeviceId, format!("dev{a}")),
                name(IdentifierKind::NetbiosName, format!("host{b}")),
            ],
        };
        DirectoryEntry {
            kind: if kind < 4 { EntityKind::User } else { EntityKind::Host },
            identifiers,
            on_premises,
            display_name: Some(format!("User {a}").into()),
            title: None,
            office: None,
            mail: None,
            phone: None,
            domain: None,
            sam_name: Some(format!("user{b}").into()),
            os: None,
            os_build: None,
            created: None,
            first_seen: None,
            tags: if self.tag == 0 { vec!["sensitive".into()] } else { Vec::new() },
            products: Vec::new(),
        }
    }
}
