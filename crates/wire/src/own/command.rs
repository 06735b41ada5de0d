//! A command as people and programs write it: one flat object, of which `action` says which fields it has.
//!
//! Strict, unlike an alert: a typo in a command must not do something else. A field that is unknown, that stands twice
//! or that belongs to another action is refused, and so is a word that this release does not know.

mod reading;
mod writing;

use braid_alert::{Command, Origin};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Refusal;

pub use reading::COMMAND_ID_CHARACTERS_MAX;

/// Which fields an action has beside `tenant`, `id`, `author`, `reason`, `expectedVersion` and `action`.
#[derive(Debug, Clone, Copy)]
pub struct ActionFields {
    /// The action.
    pub action: &'static str,
    /// What must be there, in JSON's spelling.
    pub required: &'static [&'static str],
    /// What may be there.
    pub optional: &'static [&'static str],
}

const fn fields(
    action: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> ActionFields {
    ActionFields { action, required, optional }
}

/// Every action with its fields. `mustLink` and `cannotLink` have one of the two that may be there.
pub const ACTIONS: [ActionFields; 13] = [
    fields("assign", &["incident", "assignee"], &["group"]),
    fields("classify", &["incident", "classification"], &["determination"]),
    fields("comment", &["incident", "text"], &[]),
    fields("tag", &["incident"], &["add", "remove"]),
    fields("resolve", &["incident"], &[]),
    fields("reopen", &["incident"], &[]),
    fields("merge", &["incident", "from"], &[]),
    fields("split", &["incident", "alerts"], &[]),
    fields("move", &["incident", "alerts", "to"], &[]),
    fields("mustLink", &[], &["alerts", "entities"]),
    fields("cannotLink", &[], &["alerts", "entities"]),
    fields("excludeEntity", &["entity", "excluded"], &[]),
    fields("tagEntity", &["entity"], &["add", "remove"]),
];

/// A command as it stands in JSON. The outer option says whether a field is there, the inner one whether it is null:
/// `"assignee": null` takes an assignee away, and no assignee at all is a command that forgot one.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default, expecting = "a command")]
pub(super) struct CommandText {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Box<str>>,
    id: Option<Box<str>>,
    author: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_version: Option<i64>,
    action: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    assignee: Option<Option<Box<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    classification: Option<Option<Box<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    determination: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add: Option<Vec<Box<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remove: Option<Vec<Box<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<Vec<KeyText>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<NameText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entities: Option<Vec<NameText>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<bool>,
}

/// A field that is there, even if it is null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An alert by its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename = "AlertKey", deny_unknown_fields, expecting = "an alert: {\"provider\", \"id\"}")]
struct KeyText {
    provider: Box<str>,
    id: Box<str>,
}

/// An entity by one of its names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename = "Identifier", deny_unknown_fields, expecting = "a name of an entity: {\"kind\", \"value\"}")]
struct NameText {
    kind: Box<str>,
    value: Box<str>,
}

/// A command as it stands in Avro: the same fields, all of them, and where it came from. The codec wants a struct to
/// have the name of its schema.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "Command")]
pub(super) struct CommandRecord {
    tenant: Box<str>,
    id: Box<str>,
    author: Box<str>,
    reason: Option<Box<str>>,
    expected_version: Option<i64>,
    action: Box<str>,
    incident: Option<Box<str>>,
    assignee: Option<Box<str>>,
    group: Option<Box<str>>,
    classification: Option<Box<str>>,
    determination: Option<Box<str>>,
    text: Option<Box<str>>,
    add: Option<Vec<Box<str>>>,
    remove: Option<Vec<Box<str>>>,
    from: Option<Box<str>>,
    to: Option<Box<str>>,
    alerts: Option<Vec<KeyText>>,
    entity: Option<NameText>,
    entities: Option<Vec<NameText>>,
    excluded: Option<bool>,
    origin: Origin,
}

impl CommandRecord {
    /// The command that it says; a blank tenant is left to the source's rule.
    pub(super) fn into_command(self) -> Result<Command, Refusal> {
        // Avro has no fields that are not there: null is what the action makes of it.
        let nullable = |field: Option<Box<str>>, action| match field {
            None if &*self.action == action => Some(None),
            field => field.map(Some),
        };
        let text = CommandText {
            tenant: Some(self.tenant),
            id: Some(self.id),
            author: Some(self.author),
            reason: self.reason,
            expected_version: self.expected_version,
            incident: self.incident,
            assignee: nullable(self.assignee, "assign"),
            group: self.group,
            classification: nullable(self.classification, "classify"),
            determination: self.determination,
            text: self.text,
            add: self.add,
            remove: self.remove,
            from: self.from,
            to: self.to,
            alerts: self.alerts,
            entity: self.entity,
            entities: self.entities,
            excluded: self.excluded,
            action: Some(self.action),
        };
        text.into_command(None).map(|command| Command { origin: self.origin, ..command })
    }
}

impl From<&Command> for CommandRecord {
    fn from(command: &Command) -> Self {
        let text = CommandText::from(command);
        let written =
            |field: Option<Box<str>>| field.expect("every command has a tenant, an id and an author");
        Self {
            tenant: written(text.tenant),
            id: written(text.id),
            author: written(text.author),
            reason: text.reason,
            expected_version: text.expected_version,
            action: command.action.as_str().into(),
            incident: text.incident,
            assignee: text.assignee.flatten(),
            group: text.group,
            classification: text.classification.flatten(),
            determination: text.determination,
            text: text.text,
            add: text.add,
            remove: text.remove,
            from: text.from,
            to: text.to,
            alerts: text.alerts,
            entity: text.entity,
            entities: text.entities,
            excluded: text.excluded,
            origin: command.origin.clone(),
        }
    }
}
