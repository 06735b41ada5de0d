use std::hash::BuildHasher;

use braid_alert::{EntityKind, Evidence, Role};
use hashbrown::{DefaultHashBuilder, HashTable};

/// An alert's evidence while it is gathered: in the order of the record, each piece once.
///
/// Products repeat themselves: every process of a tree brings its image again. The hash table keeps a record of
/// thousands of entities from costing their square.
#[derive(Default)]
pub(super) struct EvidenceList {
    evidence: Vec<Evidence>,
    known: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl EvidenceList {
    /// Adds a piece, unless the very same is there, or it says nothing: no name and no label.
    pub(super) fn push(&mut self, piece: Evidence) {
        if piece.identifiers.is_empty()
            && piece.label.is_none()
            && !matches!(piece.kind, EntityKind::Other(_))
        {
            return;
        }
        let Self { evidence, known, hasher } = self;
        let hash = hasher.hash_one(&piece);
        if known.find(hash, |&at| evidence[at] == piece).is_none() {
            known.insert_unique(hash, evidence.len(), |&at| hasher.hash_one(&evidence[at]));
            evidence.push(piece);
        }
    }

    /// Adds several.
    pub(super) fn extend(&mut self, pieces: impl IntoIterator<Item = Evidence>) {
        pieces.into_iter().for_each(|piece| self.push(piece));
    }

    /// Says in the evidence itself that a part of the record's could not be read, so that an analyst sees it: the
    /// alert stands without that part, and it names nothing that could join.
    pub(super) fn push_unreadable(&mut self, what: &str) {
        self.push(unreadable(what));
    }

    /// What has been gathered so far.
    pub(super) fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// What was gathered, as far as an incident has room for it. What is beyond that is told in its stead.
    pub(super) fn into_evidence(self) -> Vec<Evidence> {
        let unread = self.evidence.iter().filter(|piece| is_unreadable(piece)).count();
        let is_within = entity_count(&self.evidence) <= ENTITIES_MAX && unread <= UNREADABLE_MAX;
        if is_within { self.evidence } else { bounded(self.evidence) }
    }
}

fn bounded(evidence: Vec<Evidence>) -> Vec<Evidence> {
    let entities = entity_count(&evidence);
    let (mut unread, mut kept): (Vec<_>, Vec<_>) = evidence.into_iter().partition(is_unreadable);
    let mut told = 0;
    let fits = |piece: &&Evidence| {
        told += entities_of(piece);
        told <= ENTITIES_MAX
    };
    kept.truncate(kept.iter().take_while(fits).count());
    let lost = unread.len().saturating_sub(UNREADABLE_MAX);
    unread.truncate(UNREADABLE_MAX);
    let left = entity_count(&kept);
    kept.extend(unread);
    if left < entities {
        kept.push(unreadable(&format!("{entities} entities, of which {left} are kept")));
    }
    if lost > 0 {
        kept.push(unreadable(&format!("{lost} more parts that could not be read")));
    }
    kept
}

/// How many entities of an incident some evidence is: hosts bring their addresses.
pub(super) fn entity_count(evidence: &[Evidence]) -> usize {
    evidence.iter().filter(|piece| !is_unreadable(piece)).map(entities_of).sum()
}

fn entities_of(piece: &Evidence) -> usize {
    1 + piece.addresses.len()
}

const UNREADABLE: &str = "unreadable";

fn is_unreadable(piece: &Evidence) -> bool {
    matches!(&piece.kind, EntityKind::Other(kind) if &**kind == UNREADABLE)
}

fn unreadable(what: &str) -> Evidence {
    let piece = Evidence::new(EntityKind::Other(UNREADABLE.into()), Role::Related);
    Evidence { label: label(what), ..piece }
}

/// The most entities of an alert that are kept. One that lists everything would be larger than an incident may be, and be
/// rejected as a whole.
pub(super) const ENTITIES_MAX: usize = 256;

/// The most parts of an alert of which it is told one by one that they could not be read.
const UNREADABLE_MAX: usize = 32;

/// The most tags that are kept of a piece; analysts set a few.
pub(super) const TAGS_MAX: usize = 64;

/// The longest label, in characters.
const LABEL_CHARACTERS_MAX: usize = 256;

/// A text for people, cut to the length of a label.
pub(super) fn label(text: &str) -> Option<Box<str>> {
    let text = text.trim();
    let end = text.char_indices().nth(LABEL_CHARACTERS_MAX).map_or(text.len(), |(at, _)| at);
    (end > 0).then(|| text[..end].into())
}

/// The part that a product's words give an entity; the most telling one where there are several, for a host may be
/// `Source` and `Compromised` at once. `None` if it gives none.
pub(super) fn role<'a>(words: impl Iterator<Item = &'a str>) -> Option<Role> {
    let telling = |role: &Role| match role {
        Role::Source => 4,
        Role::Impacted => 3,
        Role::Target => 2,
        Role::Related => 1,
        Role::Other(_) => 0,
    };
    // Of equals the first, so that the record's order decides and nothing else.
    words.map(role_of).reduce(|best, next| if telling(&next) > telling(&best) { next } else { best })
}

/// One word. Those of Graph that the noun does not list come down to it here.
fn role_of(word: &str) -> Role {
    match Role::from_text(word) {
        Role::Other(other) => match other.to_ascii_lowercase().as_str() {
            "commandandcontrol" | "policyviolator" => Role::Source,
            "created" | "added" | "edited" | "loaded" => Role::Related,
            _ => Role::Other(other),
        },
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use braid_alert::{Identifier, IdentifierKind};

    use super::*;

    fn host(name: &str) -> Evidence {
        let mut host = Evidence::new(EntityKind::Host, Role::Source);
        host.identifiers.extend(Identifier::new(IdentifierKind::NetbiosName, name));
        host
    }

    #[test]
    fn the_same_piece_counts_once_and_an_empty_one_not_at_all() {
        let mut list = EvidenceList::default();
        for name in ["client1", "client2", "client1", ""] {
            list.push(host(name));
        }
        assert_eq!(list.into_evidence(), [host("client1"), host("client2")]);
    }

    #[test]
    fn what_no_incident_has_room_for_is_told() {
        let bounded = |hosts: usize, unread: usize| {
            let mut list = EvidenceList::default();
            for place in 0..unread {
                list.push_unreadable(&format!("x[{place}] is null"));
            }
            list.extend((0..hosts).map(|n| {
                let mut host = host(&format!("client{n}"));
                host.addresses.extend(super::super::naming::host_address("10.0.0.5", false));
                host
            }));
            let evidence = list.into_evidence();
            let last =
                evidence.iter().rev().take(2).filter_map(|piece| piece.label.clone()).collect::<Vec<_>>();
            (entity_count(&evidence), evidence.len(), last.join("; "))
        };
        assert_eq!(bounded(128, 1), (256, 129, String::new()));
        assert_eq!(bounded(129, 1).0, 256);
        assert_eq!(bounded(129, 1).2, "258 entities, of which 256 are kept; x[0] is null");
        assert_eq!(bounded(1, 32), (2, 33, "x[31] is null".to_owned()));
        assert_eq!(bounded(1, 33), (2, 34, "1 more parts that could not be read; x[31] is null".to_owned()));
    }

    #[test]
    fn of_several_roles_the_most_telling_one_counts() {
        let role = |words: &[&str]| role(words.iter().copied());
        assert_eq!(role(&["Contextual", "Attacker"]), Some(Role::Source));
        assert_eq!(role(&["Destination", "Compromised"]), Some(Role::Impacted));
        assert_eq!(role(&["created"]), Some(Role::Related));
        assert_eq!(role(&["newWord"]), Some(Role::Other("newWord".into())));
        assert_eq!(role(&[]), None);
    }

    #[test]
    fn a_label_is_cut_between_characters() {
        assert_eq!(label(&"é".repeat(300)).map(|label| label.chars().count()), Some(256));
        assert_eq!(label("  "), None);
    }
}
