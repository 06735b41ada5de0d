use braid_alert::{AlertStatus, EventTime};

use super::json::Object;
use super::{Context, time};
use crate::Refusal;

/// Under which names an alert of an interface carries its times.
pub(super) struct TimeNames {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) created: &'static str,
    pub(super) updated: &'static str,
    pub(super) resolved: &'static str,
}

/// When an alert happened, and what became of it when.
pub(super) struct Activity {
    pub(super) first: EventTime,
    pub(super) last: EventTime,
    pub(super) created: Option<EventTime>,
    pub(super) updated: EventTime,
    pub(super) resolved: Option<EventTime>,
}

impl Activity {
    /// Reads the times. An alert without activity times (they are null at times) happened, as far as one can tell, when it
    /// was created. One that does not say when it was updated is as its creation left it while it is new, and else as its
    /// record found it.
    ///
    /// # Errors
    /// `missing_time` if neither is there, `wrong_type` if the first activity or the update cannot be read.
    pub(super) fn read(
        alert: &Object<'_>,
        names: &TimeNames,
        context: &Context<'_>,
    ) -> Result<Self, Refusal> {
        let timezone = context.rules.timezone;
        let optional = |name: &str| time::optional(alert.text(name).as_deref(), timezone);
        let created = optional(names.created);
        let first = match (alert.strict_text(names.first)?, created) {
            (None, Some(created)) => created,
            (text, _) => time::required(names.first, text, timezone)?,
        };
        let last = optional(names.last).map_or(first, |last| last.max(first));
        let updated = match alert.strict_text(names.updated)? {
            Some(text) => time::required(names.updated, Some(text), timezone)?,
            None if is_new(alert) => created.unwrap_or(last),
            None => context.told_at(created.unwrap_or(last)),
        };
        Ok(Self { first, last, created, updated, resolved: optional(names.resolved) })
    }
}

/// Whether nobody has done anything about it, as all interfaces of Defender say that.
fn is_new(alert: &Object<'_>) -> bool {
    alert.text("status").is_none_or(|status| AlertStatus::from_text(&status) == AlertStatus::New)
}
