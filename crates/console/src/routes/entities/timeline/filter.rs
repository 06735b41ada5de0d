use braid_alert::{
    DirectoryEntry, EntityKind, Flood, Incident, IncidentAlert, IncidentEntity, Provider, Severity,
};
use braid_runtime::hot_index::{ChangeHead, Telling, TimelineEntry};

use crate::problem::Problem;
use crate::routes::parameters::{given, list, searched};

/// The types of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Alert,
    Change,
    Comment,
    Directory,
}

impl Type {
    const ALL: [Self; 4] = [Self::Alert, Self::Change, Self::Comment, Self::Directory];

    const fn as_str(&self) -> &str {
        match self {
            Self::Alert => "alert",
            Self::Change => "change",
            Self::Comment => "comment",
            Self::Directory => "directory",
        }
    }

    const fn of(telling: &Telling<'_>) -> Self {
        match telling {
            Telling::Alert(..) | Telling::Flood(..) => Self::Alert,
            Telling::Change(..) => Self::Change,
            Telling::Comment(..) => Self::Comment,
            Telling::Created(_) | Telling::FirstSeen(_) | Telling::ListedBy(..) => Self::Directory,
        }
    }
}

/// What is looked for. An entry that has nothing of a kind that is asked for does not match: a comment is of no
/// product.
#[derive(Debug)]
pub(super) struct Filter {
    products: Vec<Provider>,
    severities: Vec<Severity>,
    types: Vec<Type>,
    /// In lower case.
    user: Option<String>,
    /// In lower case.
    text: Option<String>,
}

impl Filter {
    /// Reads the parameters: the first three are lists with commas.
    pub(super) fn read(
        product: Option<String>,
        severity: Option<String>,
        types: Option<String>,
        user: Option<String>,
        text: Option<String>,
    ) -> Result<Self, Problem> {
        // Any word may be a product: braid takes alerts of products that it has never heard of.
        let products = given(product).unwrap_or_default();
        let products = products.split(',').map(str::trim).filter(|word| !word.is_empty());
        Ok(Self {
            products: products.map(Provider::from_text).collect(),
            severities: list(given(severity), "severity", Severity::KNOWN, Severity::as_str)?
                .unwrap_or_default(),
            types: list(given(types), "type", &Type::ALL, Type::as_str)?.unwrap_or_default(),
            user: given(user).map(|user| user.to_lowercase()),
            text: searched(text)?,
        })
    }

    pub(super) fn admits(&self, entry: &TimelineEntry<'_>) -> bool {
        let telling = &entry.telling;
        (self.types.is_empty() || self.types.contains(&Type::of(telling)))
            && (self.products.is_empty() || product(telling).is_some_and(|it| self.products.contains(it)))
            && (self.severities.is_empty()
                || severity(telling).is_some_and(|it| self.severities.contains(&it)))
            && self.user.as_deref().is_none_or(|user| is_by_or_about(telling, user))
            && self.text.as_deref().is_none_or(|text| mentions(telling, text))
    }
}

const fn product<'t>(telling: &Telling<'t>) -> Option<&'t Provider> {
    match telling {
        Telling::Alert(_, alert) => Some(&alert.provider),
        Telling::Flood(_, flood) => Some(&flood.provider),
        Telling::ListedBy(_, product) => Some(&product.provider),
        Telling::Change(..) | Telling::Comment(..) | Telling::Created(_) | Telling::FirstSeen(_) => None,
    }
}

/// How grave: of an alert, or of the incident that something is said of. A flood is as grave as the alerts of it that
/// are listed.
fn severity(telling: &Telling<'_>) -> Option<Severity> {
    match telling {
        Telling::Alert(_, alert) => Some(alert.severity.clone()),
        Telling::Flood(incident, flood) => {
            representative(incident, flood).map(|alert| alert.severity.clone())
        }
        Telling::Change(_, head) => Some(head.severity.clone()),
        Telling::Comment(incident, _) => Some(incident.severity.clone()),
        Telling::Created(_) | Telling::FirstSeen(_) | Telling::ListedBy(..) => None,
    }
}

/// The first alert of a flood that is listed; what is folded is like it.
fn representative<'t>(incident: &'t Incident, flood: &Flood) -> Option<&'t IncidentAlert> {
    let key = flood.representatives.first()?;
    incident.alerts.iter().find(|alert| alert.id == key.id && alert.provider == key.provider)
}

/// Whether an alert mentions this user, or a command or comment is this person's.
fn is_by_or_about(telling: &Telling<'_>, user: &str) -> bool {
    let is_user = |text: &str| text.to_lowercase() == user;
    let is_named = |entity: &IncidentEntity| {
        entity.kind == EntityKind::User
            && (is_user(&entity.name)
                || entity.identifiers.iter().any(|name| is_user(&name.value) || is_user(&name.to_string())))
    };
    match telling {
        Telling::Alert(incident, alert) => mentioned(incident, alert).any(is_named),
        Telling::Flood(incident, flood) => {
            representative(incident, flood).is_some_and(|alert| mentioned(incident, alert).any(is_named))
        }
        Telling::Change(_, head) => head.command.as_ref().is_some_and(|command| is_user(&command.author)),
        Telling::Comment(_, comment) => is_user(&comment.author),
        Telling::Created(_) | Telling::FirstSeen(_) | Telling::ListedBy(..) => false,
    }
}

fn mentioned<'t>(
    incident: &'t Incident,
    alert: &'t IncidentAlert,
) -> impl Iterator<Item = &'t IncidentEntity> {
    incident.entities.iter().filter(|entity| alert.entities.contains(&entity.id))
}

/// Whether a text stands in what a person would search. In any case.
fn mentions(telling: &Telling<'_>, text: &str) -> bool {
    let holds = |field: &str| field.to_lowercase().contains(text);
    let listed = |entry: &DirectoryEntry| {
        entry.display_name.as_deref().is_some_and(holds)
            || entry.identifiers.iter().any(|name| holds(&name.value))
    };
    match telling {
        Telling::Alert(incident, alert) => stands_in_alert(incident, alert, &holds),
        Telling::Flood(incident, flood) => {
            holds(&flood.title)
                || representative(incident, flood)
                    .is_some_and(|alert| stands_in_alert(incident, alert, &holds))
        }
        Telling::Change(incident, head) => holds(&incident.title) || stands_in_change(head, &holds),
        Telling::Comment(incident, comment) => {
            holds(&comment.text) || holds(&comment.author) || holds(&incident.id.to_string())
        }
        Telling::Created(entry) | Telling::FirstSeen(entry) => listed(entry),
        Telling::ListedBy(entry, product) => listed(entry) || holds(product.provider.display_name()),
    }
}

fn stands_in_alert(incident: &Incident, alert: &IncidentAlert, holds: &impl Fn(&str) -> bool) -> bool {
    holds(&alert.title)
        || holds(alert.id.as_str())
        || alert.source_alert_id.as_deref().is_some_and(holds)
        || holds(alert.provider.display_name())
        || alert.techniques.iter().any(|technique| holds(technique.as_str()))
        || mentioned(incident, alert)
            .any(|entity| holds(&entity.name) || entity.identifiers.iter().any(|name| holds(&name.value)))
}

fn stands_in_change(head: &ChangeHead, holds: &impl Fn(&str) -> bool) -> bool {
    holds(head.reason.as_str())
        || holds(&head.incident.to_string())
        || head
            .command
            .as_ref()
            .is_some_and(|command| holds(&command.author) || command.reason.as_deref().is_some_and(holds))
}
