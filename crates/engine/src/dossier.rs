//! What directories and people say of an entity, and what was found wrong with its names. Few entities have any of it,
//! so it stands aside from what an alert looks at.

use braid_alert::{DirectoryEntry, Identifier};

use crate::entity::Entity;
use crate::slots::EntityRef;
use crate::state::ListingRecord;
use crate::tenant_state::TenantState;

/// Under how many objects of directories an entity is listed: two forests and a cloud directory with room to spare.
pub(crate) const LISTINGS_MAX: usize = 4;

/// How many names that turned out to stand for several entities an entity remembers; the oldest goes first.
const CONFLICTS_MAX: usize = 16;

/// How many tags people put on an entity.
pub(crate) const OWN_TAGS_MAX: usize = 32;

/// From how many others an entity is kept apart.
pub(crate) const APART_MAX: usize = 64;

/// What a listing and a shorter item are reckoned to cost beside their texts, for the byte budget.
const LISTING_BYTES: u64 = 400;
const ITEM_BYTES: u64 = 32;

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Dossier {
    /// In the order in which directories came to list it.
    pub(crate) listings: Vec<ListingRecord>,
    /// Names that it bore until they turned out to stand for several entities, the oldest first.
    pub(crate) conflicts: Vec<Identifier>,
    /// What people tagged it with.
    pub(crate) own_tags: Vec<Box<str>>,
    /// Names of entities that it must never be united with.
    pub(crate) apart: Vec<Identifier>,
    /// Of an ambiguous name: how many entities have it among their conflicts. While there are any it is remembered, or
    /// the name would unite again what it had to let go.
    pub(crate) disputed_by: u32,
}

impl Dossier {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Logical bytes.
    fn bytes(&self) -> u64 {
        let listings: u64 = self.listings.iter().map(|l| listing_bytes(&l.object, &l.entry)).sum();
        let names = self.conflicts.iter().chain(&self.apart).map(|name| ITEM_BYTES + name.value.len() as u64);
        let tags = self.own_tags.iter().map(|tag| ITEM_BYTES + tag.len() as u64);
        listings + names.sum::<u64>() + tags.sum::<u64>()
    }
}

/// What a listing adds to the state.
pub(crate) fn listing_bytes(object: &str, entry: &DirectoryEntry) -> u64 {
    let texts = [
        &entry.display_name,
        &entry.title,
        &entry.office,
        &entry.mail,
        &entry.phone,
        &entry.domain,
        &entry.sam_name,
        &entry.os,
        &entry.os_build,
    ];
    let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
    let lists =
        entry.identifiers.iter().map(|name| name.value.len()).chain(entry.tags.iter().map(|t| t.len()));
    let lists = lists.chain(entry.products.iter().map(|p| p.portal_url.as_ref().map_or(0, |url| url.len())));
    let (mut count, mut bytes) = (0, 0);
    for length in lists {
        count += 1;
        bytes += length;
    }
    LISTING_BYTES + ITEM_BYTES * count + (object.len() + texts + bytes) as u64
}

impl Entity {
    pub(crate) fn dossier(&self) -> Option<&Dossier> {
        self.rare.as_ref()?.dossier.as_deref()
    }

    pub(crate) fn listings(&self) -> &[ListingRecord] {
        self.dossier().map_or(&[], |dossier| &dossier.listings)
    }

    pub(crate) fn conflicts(&self) -> &[Identifier] {
        self.dossier().map_or(&[], |dossier| &dossier.conflicts)
    }

    pub(crate) fn own_tags(&self) -> &[Box<str>] {
        self.dossier().map_or(&[], |dossier| &dossier.own_tags)
    }

    pub(crate) fn apart(&self) -> &[Identifier] {
        self.dossier().map_or(&[], |dossier| &dossier.apart)
    }

    /// What people call it, as the directory has it that listed it first.
    pub(crate) fn display_name(&self) -> Option<&str> {
        self.listings().iter().find_map(|listing| listing.entry.display_name.as_deref())
    }

    /// Every tag on it: those of products, then those of directories, then those of people; the same word in another
    /// case is the same tag.
    pub(crate) fn all_tags(&self) -> Vec<Box<str>> {
        let mut all: Vec<Box<str>> = Vec::new();
        for tag in self.every_tag() {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
                all.push(tag.clone());
            }
        }
        all
    }

    /// The same, repetitions included.
    pub(crate) fn every_tag(&self) -> impl Iterator<Item = &Box<str>> {
        let listed = self.listings().iter().flat_map(|listing| &listing.entry.tags);
        self.tags().iter().chain(listed).chain(self.own_tags())
    }

    /// Whether it stays though no alert mentions it.
    pub(crate) fn is_kept(&self) -> bool {
        !self.mentions.is_empty()
            || self.ruled
            || self.dossier().is_some_and(|d| !d.listings.is_empty() || d.disputed_by > 0)
    }
}

impl TenantState {
    /// Changes what is said of an entity, and reckons its bytes anew.
    pub(crate) fn amend<R>(&mut self, slot: EntityRef, change: impl FnOnce(&mut Dossier) -> R) -> R {
        self.touch_entity(slot);
        self.reckon(slot, change)
    }

    /// The same, for what the changelog says already.
    pub(crate) fn reckon<R>(&mut self, slot: EntityRef, change: impl FnOnce(&mut Dossier) -> R) -> R {
        let rare = self.entities[slot].rare();
        let dossier = rare.dossier.get_or_insert_default();
        let before = dossier.bytes();
        let result = change(dossier);
        let after = dossier.bytes();
        if dossier.is_empty() {
            rare.dossier = None;
        }
        self.state_bytes = self.state_bytes + after - before;
        self.dossier_bytes = self.dossier_bytes + after - before;
        result
    }

    /// Takes everything that is said of an entity off it.
    pub(crate) fn take_dossier(&mut self, slot: EntityRef) -> Dossier {
        if self.entities[slot].dossier().is_none() {
            return Dossier::default();
        }
        self.amend(slot, std::mem::take)
    }

    /// Notes a name that an entity bore and lost, because it stands for several.
    pub(crate) fn note_conflict(&mut self, slot: EntityRef, name: &Identifier) {
        if self.entities[slot].conflicts().contains(name) {
            return;
        }
        self.dispute(name, 1);
        let oldest = self.amend(slot, |dossier| {
            dossier.conflicts.push(name.clone());
            (dossier.conflicts.len() > CONFLICTS_MAX).then(|| dossier.conflicts.remove(0))
        });
        if let Some(oldest) = oldest {
            self.dispute(&oldest, -1);
        }
    }

    /// One entity more, or fewer, has this ambiguous name among its conflicts; without any it may be forgotten.
    pub(crate) fn dispute(&mut self, name: &Identifier, by: i32) {
        let Some(name) = self.names.find(name) else { return };
        let slot = self.names.bearer(name);
        let left = self.reckon(slot, |dossier| {
            dossier.disputed_by = dossier.disputed_by.saturating_add_signed(by);
            dossier.disputed_by
        });
        if left == 0 {
            self.orphans.push((slot, self.entities[slot].id));
        }
    }

    /// Gives everything that is said of one entity to another, for the two are one.
    pub(crate) fn move_dossier(&mut self, from: EntityRef, to: EntityRef) {
        let gone = self.take_dossier(from);
        if gone.is_empty() {
            return;
        }
        for listing in &gone.listings {
            self.objects.give(&listing.object, from, to);
        }
        let names = self.entities[to].conflicts().to_vec();
        self.amend(to, |kept| {
            kept.listings.extend(gone.listings);
            let room = OWN_TAGS_MAX.saturating_sub(kept.own_tags.len());
            let is_known = |tag: &str| kept.own_tags.iter().any(|known| known.eq_ignore_ascii_case(tag));
            let tags: Vec<_> = gone.own_tags.into_iter().filter(|tag| !is_known(tag)).take(room).collect();
            kept.own_tags.extend(tags);
            let apart: Vec<_> = gone.apart.into_iter().filter(|name| !kept.apart.contains(name)).collect();
            kept.apart.extend(apart);
        });
        for name in gone.conflicts {
            // It was counted for the one that is gone; where both have it, it is counted once from now on.
            if !names.contains(&name) {
                self.note_conflict(to, &name);
            }
            self.dispute(&name, -1);
        }
    }

    /// Gives a part of a divided entity what people said of the whole, and what directories say of the part.
    pub(crate) fn share_dossier(&mut self, owner: EntityRef, part: EntityRef) {
        self.entities[part].excluded = self.entities[owner].excluded;
        let Some(whole) = self.entities[owner].dossier() else { return };
        let (own_tags, apart) = (whole.own_tags.clone(), whole.apart.clone());
        let is_the_parts = |listing: &ListingRecord| self.listed_bearer(&listing.entry) == Some(part);
        let moved: Vec<bool> = whole.listings.iter().map(is_the_parts).collect();
        let mut moved = moved.into_iter();
        let listings: Vec<ListingRecord> = self.amend(owner, |dossier| {
            dossier.listings.extract_if(.., |_| moved.next().unwrap_or(false)).collect()
        });
        for listing in &listings {
            self.objects.give(&listing.object, owner, part);
        }
        self.amend(part, |dossier| {
            dossier.listings.extend(listings);
            (dossier.own_tags, dossier.apart) = (own_tags, apart);
        });
    }
}
