//! Somebody or something that alerts are about.

use braid_alert::{DirectoryEntry, EntityId, EntityKind, Identifier};

/// How many names that stand for several an entity remembers.
const CONFLICTS_MAX: usize = 16;

/// How many tags of products an entity keeps, and how many that people put on it.
pub(super) const TAGS_MAX: usize = 32;

/// What is known of an entity beside what alerts say of it.
#[derive(Debug)]
pub(super) struct EntityFacts {
    pub(super) id: EntityId,
    pub(super) kind: EntityKind,
    /// In the order in which it got them.
    pub(super) names: Vec<Identifier>,
    /// Its one name stands for several entities.
    pub(super) ambiguous: bool,
    /// An address that the outside sees.
    pub(super) egress: bool,
    /// Names that it had until they turned out to stand for several, the oldest first.
    pub(super) conflicts: Vec<Identifier>,
    /// Tags that products put on it.
    pub(super) tags: Vec<Box<str>>,
    /// What directories say of it, in the order in which they came to.
    pub(super) listings: Vec<Listing>,
    /// Somebody said that it joins nothing.
    pub(super) excluded: bool,
    /// Tags that people put on it.
    pub(super) own_tags: Vec<Box<str>>,
    /// Names of those whom somebody said it is not.
    pub(super) apart: Vec<Identifier>,
}

/// What a directory says of one of its objects.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listing {
    pub(super) object: Box<str>,
    pub(super) entry: DirectoryEntry,
}

impl EntityFacts {
    pub(super) fn new(id: EntityId, kind: EntityKind) -> Self {
        Self {
            id,
            kind,
            names: Vec::new(),
            ambiguous: false,
            egress: false,
            conflicts: Vec::new(),
            tags: Vec::new(),
            listings: Vec::new(),
            excluded: false,
            own_tags: Vec::new(),
            apart: Vec::new(),
        }
    }

    /// Whether it can be a reason for a join.
    pub(super) fn joins(&self) -> bool {
        !self.ambiguous && !self.egress && !self.excluded
    }

    /// Every tag on it: those of products, of directories, of people. The same word in another case is the same tag.
    pub(super) fn all_tags(&self) -> Vec<Box<str>> {
        let mut all = Vec::new();
        let listed = self.listings.iter().flat_map(|listing| &listing.entry.tags);
        for tag in self.tags.iter().chain(listed).chain(&self.own_tags) {
            if !has_tag(&all, tag) {
                all.push(tag.clone());
            }
        }
        all
    }

    pub(super) fn take_tags(&mut self, tags: &[Box<str>]) {
        for tag in tags {
            if self.tags.len() < TAGS_MAX && !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
    }

    /// Remembers a name that it bore, or could have borne, and that stands for several.
    pub(super) fn note_conflict(&mut self, name: &Identifier) {
        if !self.conflicts.contains(name) {
            self.conflicts.push(name.clone());
        }
        if self.conflicts.len() > CONFLICTS_MAX {
            self.conflicts.remove(0);
        }
    }

    /// The two are one: all that was the other's is this one's.
    pub(super) fn take_over(&mut self, gone: Self) {
        self.names.extend(gone.names);
        self.egress |= gone.egress;
        self.excluded |= gone.excluded;
        gone.conflicts.iter().for_each(|name| self.note_conflict(name));
        self.tags.extend(gone.tags.into_iter().filter(|tag| !self.tags.contains(tag)).collect::<Vec<_>>());
        self.listings.extend(gone.listings);
        for tag in gone.own_tags {
            if self.own_tags.len() < TAGS_MAX && !has_tag(&self.own_tags, &tag) {
                self.own_tags.push(tag);
            }
        }
        for name in gone.apart {
            if !self.apart.contains(&name) {
                self.apart.push(name);
            }
        }
    }
}

/// Whether a tag is there, in whatever case.
pub(super) fn has_tag(tags: &[Box<str>], tag: &str) -> bool {
    tags.iter().any(|known| known.eq_ignore_ascii_case(tag))
}
