use std::net::IpAddr;

use braid_alert::{Alert, Identifier};

use crate::{Refusal, RefusalReason};

/// Alerts that a source leaves out: those of a detector, those about an entity, or those of a detector that are about an
/// entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// In lower case.
    detector: Option<Box<str>>,
    /// A name in its canonical form, in lower case.
    entity: Option<Box<str>>,
}

impl Exclusion {
    /// What both say together, where both are given; `None` if neither is, which would leave out everything. Case does not
    /// count.
    ///
    /// An entity is meant by any name that an alert gives it: an account with or without its domain, a user principal
    /// name, a SID, a host's full name, an address.
    pub fn new(detector: Option<&str>, entity: Option<&str>) -> Option<Self> {
        let given =
            |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase);
        let detector = given(detector).map(Into::into);
        let entity = given(entity).map(|name| match name.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().to_string().into(),
            Err(_) => name.into(),
        });
        (detector.is_some() || entity.is_some()).then_some(Self { detector, entity })
    }

    /// Passes an alert that is not meant.
    ///
    /// # Errors
    /// `excluded_detector` or `excluded_entity`.
    pub(crate) fn pass(&self, alert: &Alert) -> Result<(), Refusal> {
        let is_detector = self.detector.as_deref().is_none_or(|detector| is_of(alert, detector));
        match &self.entity {
            Some(entity) if is_detector && is_about(alert, entity) => Err(Refusal::new(
                RefusalReason::ExcludedEntity,
                format!("it is about {entity}, which the source leaves out"),
            )),
            None if is_detector => Err(Refusal::new(
                RefusalReason::ExcludedDetector,
                format!(
                    "the source leaves out the detector {}",
                    self.detector.as_deref().unwrap_or_default()
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Whether a detector raised an alert. Some feeds name none; there the title is all that tells it.
fn is_of(alert: &Alert, detector: &str) -> bool {
    alert.detector.as_deref().unwrap_or(&alert.title).to_lowercase() == detector
}

fn is_about(alert: &Alert, entity: &str) -> bool {
    let is_meant = |identifier: &Identifier| identifier.value.to_lowercase() == entity;
    alert.evidence.iter().flat_map(|piece| &piece.identifiers).any(is_meant)
}
