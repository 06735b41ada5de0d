use std::borrow::Cow;

use braid_alert::{
    Alert, Correlate, EntityKind, EventTime, Evidence, Identifier, IdentifierKind, Role, Severity,
};

use super::{Context, time};
use crate::{Refusal, RefusalReason};

impl Context<'_> {
    /// What the source's rules say about an alert that could be read.
    ///
    /// # Errors
    /// `time_out_of_range` if one of its times cannot be, one of the reasons of stated drops if it is to be left out.
    pub(super) fn accept(&self, alert: Alert) -> Result<Alert, Refusal> {
        self.filter(self.check_times(alert)?)
    }

    /// The first half of [`Self::accept`].
    pub(super) fn check_times(&self, mut alert: Alert) -> Result<Alert, Refusal> {
        for (name, at) in [
            ("the first activity", alert.first_activity),
            ("the last activity", alert.last_activity),
            ("the last update", alert.updated),
        ] {
            time::check_plausible(name, at, self.origin.source_time, self.rules.future_max)?;
        }
        let plausible = |at: &EventTime| {
            time::check_plausible("", *at, self.origin.source_time, self.rules.future_max).is_ok()
        };
        alert.created = alert.created.filter(plausible);
        alert.resolved = alert.resolved.filter(plausible);
        Ok(alert)
    }

    /// When an alert was updated that does not say so: its record told it, and so what it says is news then. Its own times
    /// would make a change of status as old as what it changes.
    pub(super) fn told_at(&self, said: EventTime) -> EventTime {
        said.max(EventTime::from_micros(self.origin.source_time.as_micros()))
    }

    /// The other half: what the source leaves out. A revision is asked like a first one.
    pub(super) fn filter(&self, alert: Alert) -> Result<Alert, Refusal> {
        self.check_severity(&alert.severity)?;
        self.check_preview(&alert.title)?;
        self.rules.exclusions.iter().try_for_each(|exclusion| exclusion.pass(&alert))?;
        Ok(alert)
    }

    fn check_severity(&self, severity: &Severity) -> Result<(), Refusal> {
        match &self.rules.severity_min {
            // Rank 0 is a word that this release does not know: leaving it out would be a guess.
            Some(least) if severity.rank() != 0 && severity.rank() < least.rank() => Err(Refusal::new(
                RefusalReason::BelowMinimumSeverity,
                format!("its severity is {severity}, the source takes {least} and above"),
            )),
            _ => Ok(()),
        }
    }

    /// Defender for Identity puts the mark before the titles of detectors that it still tries out.
    fn check_preview(&self, title: &str) -> Result<(), Refusal> {
        const MARK: &str = "[PREVIEW]";
        let is_preview = title.get(..MARK.len()).is_some_and(|mark| mark.eq_ignore_ascii_case(MARK));
        if self.rules.preview_detectors || !is_preview {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalReason::PreviewDetector,
            "its detector is a preview, and the source takes none",
        ))
    }

    /// The incident that the vendor has the alert in, if the source takes that for a hint: the one that it was merged into,
    /// if it was. All interfaces of Defender number incidents alike.
    pub(super) fn vendor_incident(&self, told: &[Option<Cow<'_, str>>]) -> Option<Evidence> {
        let id = told.iter().flatten().next().filter(|_| self.rules.vendor_incidents)?;
        vendor_group("defender", id)
    }

    /// What the source's rules let correlation do with the alerts of a detector: what stands there for the detector, or
    /// else for the source.
    pub(super) fn correlate(&self, detector: Option<&str>) -> Correlate {
        let rules = self.rules;
        // Most sources name no detector, and none is folded to lower case for them.
        let of_detector = (!rules.detectors.is_empty())
            .then(|| rules.detectors.get(detector?.to_lowercase().as_str()))
            .flatten();
        of_detector.unwrap_or(&rules.correlate).clone()
    }

    /// What correlation may do with an alert that says so itself: the source's rules can take away, never give.
    pub(super) fn stricter(&self, detector: Option<&str>, said: Correlate) -> Correlate {
        match (&self.correlate(detector), said) {
            (Correlate::Off, _) | (_, Correlate::Off) => Correlate::Off,
            (Correlate::Join, _) | (_, Correlate::Join) => Correlate::Join,
            (_, said) => said,
        }
    }
}

/// A piece that ties together what a vendor has grouped.
pub(super) fn vendor_group(vendor: &str, id: &str) -> Option<Evidence> {
    let id = Identifier::new(IdentifierKind::VendorIncidentId, &format!("{vendor}/{id}"))?;
    let mut group = Evidence::new(EntityKind::VendorIncident, Role::Related);
    group.identifiers.push(id);
    Some(group)
}
