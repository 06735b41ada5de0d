//! What of an alert a rule may look at.

use braid_alert::{EntityKind, Role};

/// A field of an alert, as rules name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The product, by its name in records or by its name for people.
    Provider,
    /// The one line for people.
    Title,
    /// How grave.
    Severity,
    /// What became of it at the source.
    Status,
    /// Which rule or detector raised it.
    Detector,
    /// The product's own category.
    Category,
    /// Where on the way of an attack it stands.
    Phase,
    /// ATT&CK techniques.
    Technique,
    /// An analyst's verdict at the source.
    Classification,
    /// What the analyst found it to be.
    Determination,
    /// Who works on it at the source.
    Assignee,
    /// The configured source that it came from.
    Source,
    /// Entities that it mentions: all names of each in a condition, the entity itself in `group-by`.
    Entity(EntityField),
    /// Tags of entities that it mentions.
    Tag(EntityField),
}

/// Which of the entities that an alert mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityField {
    /// Of this kind; any, if none is given.
    pub kind: Option<EntityKind>,
    /// In this role; any, if none is given.
    pub role: Option<Role>,
}

/// Fields that hold text.
const TEXTS: [(&str, Field); 12] = [
    ("provider", Field::Provider),
    ("title", Field::Title),
    ("severity", Field::Severity),
    ("status", Field::Status),
    ("detector", Field::Detector),
    ("category", Field::Category),
    ("phase", Field::Phase),
    ("technique", Field::Technique),
    ("classification", Field::Classification),
    ("determination", Field::Determination),
    ("assignee", Field::Assignee),
    ("source", Field::Source),
];

/// Fields that hold entities, by their kind.
const KINDS: [(&str, Option<EntityKind>); 19] = [
    ("user", Some(EntityKind::User)),
    ("host", Some(EntityKind::Host)),
    ("mobile_device", Some(EntityKind::MobileDevice)),
    ("mailbox", Some(EntityKind::Mailbox)),
    ("mail", Some(EntityKind::MailMessage)),
    ("mail_cluster", Some(EntityKind::MailCluster)),
    ("address", Some(EntityKind::Address)),
    ("url", Some(EntityKind::Url)),
    ("file", Some(EntityKind::File)),
    ("process", Some(EntityKind::Process)),
    ("registry", Some(EntityKind::Registry)),
    ("cloud_application", Some(EntityKind::CloudApplication)),
    ("oauth_application", Some(EntityKind::OauthApplication)),
    ("cloud_resource", Some(EntityKind::CloudResource)),
    ("logon", Some(EntityKind::CloudLogon)),
    ("group", Some(EntityKind::SecurityGroup)),
    ("vendor_incident", Some(EntityKind::VendorIncident)),
    ("threat", Some(EntityKind::Threat)),
    ("entity", None),
];

/// What may stand before a kind, and a dot.
const ROLES: [(&str, Role); 4] = [
    ("source", Role::Source),
    ("target", Role::Target),
    ("impacted", Role::Impacted),
    ("related", Role::Related),
];

/// What may stand behind a kind, and a dot.
const TAG: &str = "tag";

impl Field {
    /// Reads a field's name: `title`, `user`, `source.host`, `user.tag`, `target.user.tag`.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some((_, field)) = TEXTS.iter().find(|(text, _)| *text == name) {
            return Some(field.clone());
        }
        let parts: Vec<&str> = name.split('.').collect();
        let role = |name: &str| ROLES.iter().find(|(text, _)| *text == name).map(|(_, role)| role.clone());
        let kind = |name: &str| KINDS.iter().find(|(text, _)| *text == name).map(|(_, kind)| kind.clone());
        let of = |role, kind| EntityField { kind, role };
        match parts[..] {
            [k] => Some(Self::Entity(of(None, kind(k)?))),
            [k, TAG] => Some(Self::Tag(of(None, kind(k)?))),
            [r, k] => Some(Self::Entity(of(Some(role(r)?), kind(k)?))),
            [r, k, TAG] => Some(Self::Tag(of(Some(role(r)?), kind(k)?))),
            _ => None,
        }
    }

    /// Every name that there is: what a mistyped one is compared with.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        for (kind, _) in KINDS {
            names.extend([kind.to_owned(), format!("{kind}.{TAG}")]);
            for (role, _) in ROLES {
                names.extend([format!("{role}.{kind}"), format!("{role}.{kind}.{TAG}")]);
            }
        }
        names
    }

    pub(crate) const fn is_entity(&self) -> bool {
        matches!(self, Self::Entity(_))
    }

    /// Whether an address may be among its values.
    pub fn holds_addresses(&self) -> bool {
        let Self::Entity(field) = self else { return false };
        matches!(field.kind, None | Some(EntityKind::Address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_as_a_field_of_its_own() {
        let names = Field::names();
        let fields: Vec<Field> =
            names.iter().map(|name| Field::from_name(name).unwrap_or_else(|| panic!("{name}"))).collect();
        for (place, field) in fields.iter().enumerate() {
            assert!(!fields[..place].contains(field), "{}", names[place]);
        }
        assert_eq!(Field::from_name("source.title"), None);
        assert_eq!(Field::from_name("users"), None);
        assert_eq!(Field::from_name("user.source"), None);
    }
}
