//! What directories say in a small world: of few objects, with the names that alerts give too, in combinations that make
//! one of two entities and two of one.

use braid_alert::{DirectoryEntry, DirectoryRecord, EntityKind, Role};

use crate::draw::Drawing;
use crate::pool::{FAMILIES, fqdn, object_id, piece_of, sid, spelled_id, upn};

impl Drawing {
    /// A record of an object: a new one, another one than before, the same again, or its end.
    pub(crate) fn directory_record(&mut self) -> DirectoryRecord {
        let origin = self.origin_now();
        if self.rng.chance(100)
            && let Some(again) = self.rng.pick(&self.listed)
        {
            return DirectoryRecord { origin, ..again.clone() };
        }
        let tenant = self.tenant();
        let object = ["o0", "o1", "o2", "o3", "o4", "o5"][self.rng.below(6)].into();
        let entry = (!self.rng.chance(200)).then(|| self.directory_entry());
        let record = DirectoryRecord { tenant, object, entry, origin };
        self.listed.push(record.clone());
        record
    }

    fn directory_entry(&mut self) -> DirectoryEntry {
        let family = [0, 1, 2, 3, 4, 6, 7, 8, 9, 15, 17, FAMILIES][self.rng.below(12)];
        let (a, b) = (self.rng.below(5), self.rng.below(5));
        let piece = piece_of(family, a, b, Role::Related);
        let is_host = piece.kind == EntityKind::Host;
        let mut names = piece.identifiers;
        if self.rng.chance(300) {
            let also = [sid(b), upn(a), object_id(b), spelled_id(a)];
            names.push(if is_host { fqdn(a) } else { also[self.rng.below(4)].clone() });
        }
        let text = |yes: bool, text: String| yes.then(|| text.into());
        DirectoryEntry {
            kind: piece.kind,
            identifiers: names,
            on_premises: self.rng.chance(600),
            display_name: text(self.rng.chance(300), format!("User {b}")),
            title: None,
            office: None,
            mail: None,
            phone: None,
            domain: None,
            sam_name: text(
                self.rng.chance(300),
                if is_host { format!("host{b}$") } else { format!("user{b}") },
            ),
            os: None,
            os_build: None,
            created: None,
            first_seen: None,
            tags: if self.rng.chance(200) {
                vec![["SENSITIVE", "serviceAccount"][self.rng.below(2)].into()]
            } else {
                Vec::new()
            },
            products: Vec::new(),
        }
    }
}
