use braid_alert::{
    Action, AlertKey, Classification, Command, Determination, Identifier, IdentifierKind, IncidentId, Pair,
    Tenant,
};

use super::{ACTIONS, ActionFields, CommandText, KeyText, NameText};
use crate::json::shortened;
use crate::own::canon::canonical_identifier;
use crate::own::text::blank_origin;
use crate::{Refusal, RefusalReason};

/// The longest id of a command, in characters: it stands in headers.
pub const COMMAND_ID_CHARACTERS_MAX: usize = 128;
/// The longest name of an author, in characters.
const AUTHOR_CHARACTERS_MAX: usize = 256;
/// The longest reason, in characters: it stands on every change that the command makes.
const REASON_CHARACTERS_MAX: usize = 4_096;
/// The most alerts that one command names: as many as an incident has by default.
const ALERTS_MAX: usize = 1_000;

impl CommandText {
    /// The command that it says, for the tenant that the source says or, if it says none, that the text names. The
    /// origin is blank.
    ///
    /// # Errors
    /// `missing_id`, `missing_field`, `unexpected_field`, `unknown_value`, `wrong_type` or `too_large`, with the field.
    pub(in crate::own) fn into_command(self, tenant: Option<&Tenant>) -> Result<Command, Refusal> {
        let id = bounded("id", self.id.as_deref(), COMMAND_ID_CHARACTERS_MAX)?
            .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "id is missing or empty"))?;
        let author = bounded("author", self.author.as_deref(), AUTHOR_CHARACTERS_MAX)?;
        let reason = bounded("reason", self.reason.as_deref(), REASON_CHARACTERS_MAX)?;
        let tenant =
            tenant.cloned().unwrap_or_else(|| Tenant::new(self.tenant.as_deref().unwrap_or_default()));
        let action = self.action()?;
        Ok(Command {
            id,
            tenant,
            author: author.ok_or_else(|| missing("author"))?,
            reason,
            expected_version: self.version(&action)?,
            action,
            origin: blank_origin(),
        })
    }

    fn version(&self, action: &Action) -> Result<Option<i64>, Refusal> {
        match self.expected_version {
            Some(version) if version < 1 => {
                Err(wrong("expectedVersion", &format!("{version}; versions count from 1")))
            }
            Some(_) if action.incident().is_none() => Err(unexpected("expectedVersion", action.as_str())),
            version => Ok(version),
        }
    }

    fn action(&self) -> Result<Action, Refusal> {
        let name = self.action.as_deref().ok_or_else(|| missing("action"))?;
        let known = ACTIONS.iter().find(|known| known.action == name).ok_or_else(|| unknown_action(name))?;
        self.check_fields(known)?;
        Ok(match known.action {
            "assign" => Action::Assign {
                incident: self.incident()?,
                assignee: self
                    .person("assignee", self.assignee.as_ref().and_then(|given| given.as_deref()))?,
                group: self.person("group", self.group.as_deref())?,
            },
            "classify" => self.classify()?,
            "comment" => {
                Action::Comment { incident: self.incident()?, text: self.said("text", self.text.as_deref())? }
            }
            "tag" => {
                let (add, remove) = self.changed_tags()?;
                Action::Tag { incident: self.incident()?, add, remove }
            }
            "resolve" => Action::Resolve { incident: self.incident()? },
            "reopen" => Action::Reopen { incident: self.incident()? },
            "merge" => {
                Action::Merge { incident: self.incident()?, from: incident("from", self.from.as_deref())? }
            }
            "split" => Action::Split { incident: self.incident()?, alerts: self.alerts()? },
            "move" => Action::Move {
                incident: self.incident()?,
                alerts: self.alerts()?,
                to: incident("to", self.to.as_deref())?,
            },
            "mustLink" => Action::MustLink(self.linked()?),
            "cannotLink" => Action::CannotLink(self.linked()?),
            "excludeEntity" => Action::Exclude {
                entity: self.entity()?,
                excluded: self.excluded.ok_or_else(|| missing("excluded"))?,
            },
            "tagEntity" => {
                let (add, remove) = self.changed_tags()?;
                Action::TagEntity { entity: self.entity()?, add, remove }
            }
            other => return Err(unknown_action(other)),
        })
    }

    /// Which of the fields of actions are there.
    fn present(&self) -> [(&'static str, bool); 14] {
        [
            ("incident", self.incident.is_some()),
            ("assignee", self.assignee.is_some()),
            ("group", self.group.is_some()),
            ("classification", self.classification.is_some()),
            ("determination", self.determination.is_some()),
            ("text", self.text.is_some()),
            ("add", self.add.is_some()),
            ("remove", self.remove.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
            ("alerts", self.alerts.is_some()),
            ("entity", self.entity.is_some()),
            ("entities", self.entities.is_some()),
            ("excluded", self.excluded.is_some()),
        ]
    }

    fn check_fields(&self, action: &ActionFields) -> Result<(), Refusal> {
        for (name, present) in self.present() {
            let required = action.required.contains(&name);
            if present && !required && !action.optional.contains(&name) {
                return Err(unexpected(name, action.action));
            }
            if required && !present {
                return Err(Refusal::new(
                    RefusalReason::MissingField,
                    format!("{name} is missing, without which {} says nothing", action.action),
                ));
            }
        }
        Ok(())
    }

    fn incident(&self) -> Result<IncidentId, Refusal> {
        incident("incident", self.incident.as_deref())
    }

    fn classify(&self) -> Result<Action, Refusal> {
        let verdict = self.classification.as_ref().and_then(|given| given.as_deref());
        let classification = match verdict.map(Classification::from_text) {
            Some(Classification::Other(word)) => {
                return Err(unknown(
                    "classification",
                    &word,
                    Classification::KNOWN.iter().map(Classification::as_str),
                ));
            }
            known => known,
        };
        let determination = match self.determination.as_deref().map(Determination::from_text) {
            Some(Determination::Other(word)) => {
                return Err(unknown(
                    "determination",
                    &word,
                    Determination::KNOWN.iter().map(Determination::as_str),
                ));
            }
            known => known,
        };
        Ok(Action::Classify { incident: self.incident()?, classification, determination })
    }

    /// Who is to do it; null is nobody, and an empty name is a mistake.
    fn person(&self, field: &str, name: Option<&str>) -> Result<Option<Box<str>>, Refusal> {
        match bounded(field, name, AUTHOR_CHARACTERS_MAX)? {
            None if name.is_some() => Err(wrong(field, "empty; null stands for nobody")),
            person => Ok(person),
        }
    }

    fn said(&self, field: &str, text: Option<&str>) -> Result<Box<str>, Refusal> {
        text.filter(|text| !text.trim().is_empty()).map(Box::from).ok_or_else(|| missing(field))
    }

    fn changed_tags(&self) -> Result<(Tags, Tags), Refusal> {
        let tags = |field: &'static str, tags: &Option<Vec<Box<str>>>| {
            let tags = tags.as_deref().unwrap_or_default().iter();
            tags.map(|tag| self.said(field, Some(tag)).map(|tag| tag.trim().into()))
                .collect::<Result<Vec<_>, _>>()
        };
        let (add, remove) = (tags("add", &self.add)?, tags("remove", &self.remove)?);
        if add.is_empty() && remove.is_empty() {
            return Err(Refusal::new(RefusalReason::MissingField, "neither add nor remove names a tag"));
        }
        Ok((add, remove))
    }

    fn alerts(&self) -> Result<Vec<AlertKey>, Refusal> {
        let alerts = self.alerts.as_deref().unwrap_or_default();
        if alerts.is_empty() {
            return Err(missing("alerts"));
        }
        if alerts.len() > ALERTS_MAX {
            return Err(Refusal::new(
                RefusalReason::TooLarge,
                format!("{} alerts; at most {ALERTS_MAX}", alerts.len()),
            ));
        }
        alerts.iter().map(key).collect()
    }

    fn linked(&self) -> Result<Pair, Refusal> {
        match (&self.alerts, &self.entities) {
            (Some(alerts), None) => match &**alerts {
                [one, other] => Ok(Pair::Alerts(key(one)?, key(other)?)),
                all => Err(wrong("alerts", &format!("{} alerts; it takes two", all.len()))),
            },
            (None, Some(entities)) => match &**entities {
                [one, other] => Ok(Pair::Entities(name("entities", one)?, name("entities", other)?)),
                all => Err(wrong("entities", &format!("{} entities; it takes two", all.len()))),
            },
            (Some(_), Some(_)) => Err(Refusal::new(
                RefusalReason::UnexpectedField,
                "alerts and entities: it is about one or the other",
            )),
            (None, None) => {
                Err(Refusal::new(RefusalReason::MissingField, "neither alerts nor entities are named"))
            }
        }
    }

    fn entity(&self) -> Result<Identifier, Refusal> {
        self.entity.as_ref().ok_or_else(|| missing("entity")).and_then(|entity| name("entity", entity))
    }
}

/// Tags to add, or to take off.
type Tags = Vec<Box<str>>;

fn incident(field: &str, id: Option<&str>) -> Result<IncidentId, Refusal> {
    let id = id.ok_or_else(|| missing(field))?;
    IncidentId::parse(id.trim())
        .ok_or_else(|| wrong(field, &format!("{:?}, which is no incident's id", shortened(id, 64))))
}

fn key(key: &KeyText) -> Result<AlertKey, Refusal> {
    let text = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let provider = text(&key.provider).ok_or_else(|| missing("alerts.provider"))?;
    let id = text(&key.id).ok_or_else(|| missing("alerts.id"))?;
    Ok(AlertKey { provider: provider.as_str().into(), id: braid_alert::AlertId::new(&id) })
}

fn name(field: &str, name: &NameText) -> Result<Identifier, Refusal> {
    let kind = match IdentifierKind::from_text(name.kind.trim()) {
        IdentifierKind::Other(word) => {
            let known = IdentifierKind::KNOWN.iter().map(IdentifierKind::as_str);
            return Err(unknown(&format!("{field}.kind"), &word, known));
        }
        kind => kind,
    };
    canonical_identifier(&Identifier { kind, value: name.value.clone() }).ok_or_else(|| {
        wrong(&format!("{field}.value"), &format!("{:?}, which names nobody", shortened(&name.value, 64)))
    })
}

/// A text without the white space around it; `None` if nothing is left.
fn bounded(field: &str, text: Option<&str>, characters_max: usize) -> Result<Option<Box<str>>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.chars().count() {
        count if count > characters_max => Err(Refusal::new(
            RefusalReason::TooLarge,
            format!("{field} has {count} characters; at most {characters_max}"),
        )),
        _ => Ok(Some(text.into())),
    }
}

fn missing(field: &str) -> Refusal {
    Refusal::new(RefusalReason::MissingField, format!("{field} is missing or empty"))
}

fn unexpected(field: &str, action: &str) -> Refusal {
    Refusal::new(RefusalReason::UnexpectedField, format!("{field} has no place in {action}"))
}

fn wrong(field: &str, found: &str) -> Refusal {
    Refusal::new(RefusalReason::WrongType, format!("{field} is {found}"))
}

fn unknown<'a>(field: &str, word: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let known: Vec<_> = known.collect();
    let detail = format!("{field} is {:?}; one of: {}", shortened(word, 64), known.join(", "));
    Refusal::new(RefusalReason::UnknownValue, detail)
}

fn unknown_action(name: &str) -> Refusal {
    unknown("action", name, Action::NAMES.into_iter())
}
