use braid_alert::{Action, AlertKey, Command, Identifier, IncidentId, Pair};

use super::{CommandText, KeyText, NameText};

impl From<&Command> for CommandText {
    fn from(command: &Command) -> Self {
        let mut text = Self {
            tenant: Some(command.tenant.as_str().into()),
            id: Some(command.id.clone()),
            author: Some(command.author.clone()),
            reason: command.reason.clone(),
            expected_version: command.expected_version,
            action: Some(command.action.as_str().into()),
            incident: command.action.incident().map(written),
            ..Self::default()
        };
        text.tell(&command.action);
        text
    }
}

fn written(incident: IncidentId) -> Box<str> {
    incident.to_string().into()
}

fn key_text(key: &AlertKey) -> KeyText {
    KeyText { provider: key.provider.as_str().into(), id: key.id.as_str().into() }
}

fn name_text(name: &Identifier) -> NameText {
    NameText { kind: name.kind.as_str().into(), value: name.value.clone() }
}

impl CommandText {
    /// Writes down what an action says beside its incident.
    fn tell(&mut self, action: &Action) {
        match action {
            Action::Assign { assignee, group, .. } => {
                (self.assignee, self.group) = (Some(assignee.clone()), group.clone());
            }
            Action::Classify { classification, determination, .. } => {
                self.classification = Some(classification.as_ref().map(|verdict| verdict.as_str().into()));
                self.determination = determination.as_ref().map(|found| found.as_str().into());
            }
            Action::Comment { text, .. } => self.text = Some(text.clone()),
            Action::Tag { add, remove, .. } => self.tags(add, remove),
            Action::Resolve { .. } | Action::Reopen { .. } => {}
            Action::Merge { from, .. } => self.from = Some(written(*from)),
            Action::Split { alerts, .. } => self.alerts = Some(alerts.iter().map(key_text).collect()),
            Action::Move { alerts, to, .. } => {
                self.alerts = Some(alerts.iter().map(key_text).collect());
                self.to = Some(written(*to));
            }
            Action::MustLink(pair) | Action::CannotLink(pair) => self.pair(pair),
            Action::Exclude { entity, excluded } => {
                (self.entity, self.excluded) = (Some(name_text(entity)), Some(*excluded));
            }
            Action::TagEntity { entity, add, remove } => {
                self.entity = Some(name_text(entity));
                self.tags(add, remove);
            }
        }
    }

    fn tags(&mut self, add: &[Box<str>], remove: &[Box<str>]) {
        let written = |tags: &[Box<str>]| (!tags.is_empty()).then(|| tags.to_vec());
        (self.add, self.remove) = (written(add), written(remove));
    }

    fn pair(&mut self, pair: &Pair) {
        match pair {
            Pair::Alerts(one, other) => self.alerts = Some(vec![key_text(one), key_text(other)]),
            Pair::Entities(one, other) => self.entities = Some(vec![name_text(one), name_text(other)]),
        }
    }
}
