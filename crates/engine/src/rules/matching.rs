//! Whether an alert satisfies a condition.

use std::ops::ControlFlow;

use crate::alert_state::{AlertState, Mention, Part};
use crate::rule::{EntityField, Expression, Field, Match, Test};
use crate::slots::AlertRef;
use crate::tenant_state::TenantState;

/// What is shown each value of a field; it says when it has seen enough.
type See<'a> = dyn FnMut(&str) -> ControlFlow<()> + 'a;

impl TenantState {
    /// Whether a condition holds of an alert as it is known now.
    pub(super) fn satisfies(&self, alert: AlertRef, condition: &Expression) -> bool {
        match condition {
            Expression::Match(wanted) => self.matches(&self.alerts[alert], wanted),
            Expression::All(all) => all.iter().all(|inner| self.satisfies(alert, inner)),
            Expression::Any(any) => any.iter().any(|inner| self.satisfies(alert, inner)),
            Expression::Not(inner) => !self.satisfies(alert, inner),
        }
    }

    fn matches(&self, alert: &AlertState, wanted: &Match) -> bool {
        let passed = |test: &Test| match test {
            Test::Exists(exists) => self.has_value(alert, &wanted.field, |_| true) == *exists,
            test => self.has_value(alert, &wanted.field, |value| test.passes(value)),
        };
        if wanted.all { wanted.tests.iter().all(passed) } else { wanted.tests.iter().any(passed) }
    }

    pub(super) fn has_value(&self, alert: &AlertState, field: &Field, wanted: impl Fn(&str) -> bool) -> bool {
        let mut see =
            |value: &str| if wanted(value) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        self.each_value(alert, field, &mut see).is_break()
    }

    /// Shows every value of a field, in every form in which rules may name it.
    pub(super) fn each_value(&self, state: &AlertState, field: &Field, see: &mut See<'_>) -> ControlFlow<()> {
        let alert = &state.alert;
        match field {
            Field::Provider => {
                see(alert.provider.as_str())?;
                see(alert.provider.display_name())
            }
            Field::Title => see(&alert.title),
            Field::Severity => see(alert.severity.as_str()),
            Field::Status => see(alert.status.as_str()),
            Field::Detector => alert.detector.iter().try_for_each(|text| see(text)),
            Field::Category => alert.category.iter().try_for_each(|text| see(text)),
            Field::Phase => alert.phase.iter().try_for_each(|phase| {
                see(phase.as_str())?;
                see(phase.words())
            }),
            Field::Technique => alert.techniques.iter().try_for_each(|technique| see(technique.as_str())),
            Field::Classification => alert.classification.iter().try_for_each(|word| see(word.as_str())),
            Field::Determination => alert.determination.iter().try_for_each(|word| see(word.as_str())),
            Field::Assignee => alert.assignee.iter().try_for_each(|text| see(text)),
            Field::Source => see(&alert.origin.source),
            Field::Entity(field) => self.each_name(state, field, see),
            Field::Tag(field) => self
                .mentioned(state, field)
                .flat_map(|mention| self.entities[mention.entity].tags())
                .try_for_each(|tag| see(tag)),
        }
    }

    fn each_name(&self, state: &AlertState, field: &EntityField, see: &mut See<'_>) -> ControlFlow<()> {
        for mention in self.mentioned(state, field) {
            let entity = &self.entities[mention.entity];
            for &name in &entity.names {
                see(&self.names.identifier(name).value)?;
            }
            entity.label.as_deref().into_iter().try_for_each(&mut *see)?;
        }
        ControlFlow::Continue(())
    }

    /// The mentions that a field is about.
    pub(super) fn mentioned<'a>(
        &'a self,
        state: &'a AlertState,
        field: &'a EntityField,
    ) -> impl Iterator<Item = &'a Mention> {
        let part = field.role.as_ref().map(Part::from);
        state.mentions.iter().filter(move |mention| {
            part.is_none_or(|part| mention.part == part)
                && field.kind.as_ref().is_none_or(|kind| self.entities[mention.entity].kind == *kind)
        })
    }
}
