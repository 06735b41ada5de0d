//! OCSF 1.5.0: Incident Finding, class 2005, with the profile `incident`.
//!
//! An incident's id is the `correlation_uid` of each of its records and its version their `sequence`; both together are
//! the record's own `uid`. Only attributes of that version are written. What OCSF has no attribute for stands in
//! `unmapped` under braid's own names, as OCSF wants it.

mod attack;
mod code;
mod observable;

use braid_alert::*;
use serde::Serialize;

use super::rest::{ChangeRest, IncidentRest, words};
use super::{PRODUCT, PRODUCT_VERSION};

use attack::Attack;
use code::Code;
use observable::Observable;

/// The version of OCSF that is written.
pub const OCSF_VERSION: &str = "1.5.0";

/// The class wants somebody who works on the incident, if only a group that nobody is in.
const NOBODY: &str = "unassigned";
/// A change does not say who works on the incident.
const UNSAID: &str = "unknown";

/// An Incident Finding. Times are milliseconds since 1970 in UTC.
#[derive(Debug, Serialize)]
struct IncidentFinding<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    start_time: i64,
    end_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'a str>,
    desc: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attacks: Vec<Attack<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    observables: Vec<Observable<'a>>,
    unmapped: Unmapped<'a>,
}

/// A change of an incident as an Incident Finding of its own: the alert that it is about is its one finding.
#[derive(Debug, Serialize)]
struct ChangeFinding<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    unmapped: ChangeRest<'a>,
}

/// What both have.
#[derive(Debug, Serialize)]
struct Head<'a> {
    metadata: Metadata<'a>,
    category_uid: u32,
    category_name: &'static str,
    class_uid: u32,
    class_name: &'static str,
    activity_id: u32,
    activity_name: &'a str,
    type_uid: u32,
    type_name: String,
    time: i64,
    severity_id: u32,
    severity: &'a str,
    status_id: u32,
    status: &'a str,
    status_code: &'a str,
    verdict_id: u32,
    verdict: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee_group: Option<Group<'a>>,
    finding_info_list: Vec<FindingInfo<'a>>,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    version: &'static str,
    profiles: [&'static str; 1],
    product: Product,
    tenant_uid: &'a str,
    uid: String,
    correlation_uid: String,
    sequence: i64,
    modified_time: i64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    labels: &'a [Box<str>],
}

#[derive(Debug, Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct User<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_addr: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Group<'a> {
    name: &'a str,
}

/// An alert of the incident.
#[derive(Debug, Serialize)]
struct FindingInfo<'a> {
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid_alt: Option<&'a str>,
    product_uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attacks: Vec<Attack<'a>>,
}

#[derive(Debug, Serialize)]
struct Unmapped<'a> {
    /// By the alerts' places in `finding_info_list`.
    alerts: Vec<AlertRest<'a>>,
    #[serde(flatten)]
    rest: IncidentRest<'a>,
}

/// What of an alert OCSF's `finding_info` has no attribute for.
#[derive(Debug, Serialize)]
struct AlertRest<'a> {
    severity: &'a Severity,
    status: &'a AlertStatus,
    phase: Option<&'a Phase>,
    entities: &'a [EntityId],
}

/// An incident as an Incident Finding.
pub(super) fn incident(incident: &Incident) -> impl Serialize {
    IncidentFinding {
        head: head_of_incident(incident),
        start_time: incident.first_activity.as_millis(),
        end_time: incident.last_activity.as_millis(),
        status_detail: incident.closed.as_ref().map(CloseReason::as_str),
        desc: &incident.title,
        src_url: incident.incident_url.as_deref(),
        assignee: incident.assignee.as_deref().map(user),
        comment: incident.comments.last().map(|comment| &*comment.text),
        attacks: attack::attacks(incident.phases.iter().map(|entry| &entry.phase), &incident.techniques),
        observables: observable::observables(&incident.entities),
        unmapped: Unmapped {
            alerts: incident.alerts.iter().map(alert_rest).collect(),
            rest: IncidentRest::from(incident),
        },
    }
}

/// A change as an Incident Finding.
pub(super) fn change(change: &IncidentChange) -> impl Serialize {
    let codes = Codes {
        status: code::status_of_change(&change.status, &change.reason),
        verdict: code::verdict(&change.status, None, None),
    };
    let group = Some(Group { name: UNSAID });
    let findings = change.alert.iter().map(finding_of_key).collect();
    let metadata = metadata(&change.tenant, change.incident, change.version, change.at);
    let what = What { status: &change.status, severity: &change.severity, reason: &change.reason };
    ChangeFinding {
        head: head(what, codes, change.at, metadata, group, findings),
        unmapped: ChangeRest::from(change),
    }
}

/// The codes that need more than the incident's status.
struct Codes<'a> {
    status: Code<'a>,
    verdict: Code<'a>,
}

/// What happened, and what the incident is after it.
struct What<'a> {
    status: &'a IncidentStatus,
    severity: &'a Severity,
    reason: &'a ChangeReason,
}

fn head_of_incident(incident: &Incident) -> Head<'_> {
    let taken = incident.assignee.is_some() || incident.assigned_group.is_some();
    let codes = Codes {
        status: code::status(&incident.status, taken),
        verdict: code::verdict(
            &incident.status,
            incident.classification.as_ref(),
            incident.determination.as_ref(),
        ),
    };
    let named = incident.assigned_group.as_deref().or((!taken).then_some(NOBODY));
    let metadata = Metadata {
        labels: &incident.tags,
        ..metadata(&incident.tenant, incident.id, incident.version, incident.last_changed)
    };
    let what = What { status: &incident.status, severity: &incident.severity, reason: &incident.changed };
    let findings = incident.alerts.iter().map(finding).collect();
    head(what, codes, incident.first_emitted, metadata, named.map(|name| Group { name }), findings)
}

fn head<'a>(
    What { status, severity, reason }: What<'a>,
    codes: Codes<'a>,
    time: SourceTime,
    metadata: Metadata<'a>,
    assignee_group: Option<Group<'a>>,
    finding_info_list: Vec<FindingInfo<'a>>,
) -> Head<'a> {
    const CATEGORY: u32 = 2;
    const CLASS: u32 = 2_005;
    const CLASS_NAME: &str = "Incident Finding";
    let (activity, graveness) = (code::activity(status, metadata.sequence), code::severity(severity));
    let message = format!("Incident {}, version {}", words(reason.as_str()), metadata.sequence);
    Head {
        metadata,
        category_uid: CATEGORY,
        category_name: "Findings",
        class_uid: CLASS,
        class_name: CLASS_NAME,
        activity_id: activity.id,
        activity_name: activity.caption,
        type_uid: CLASS * 100 + activity.id,
        type_name: format!("{CLASS_NAME}: {}", activity.caption),
        time: time.as_millis(),
        severity_id: graveness.id,
        severity: graveness.caption,
        status_id: codes.status.id,
        status: codes.status.caption,
        status_code: status.as_str(),
        verdict_id: codes.verdict.id,
        verdict: codes.verdict.caption,
        message,
        assignee_group,
        finding_info_list,
    }
}

fn metadata(tenant: &Tenant, id: IncidentId, version: i64, at: SourceTime) -> Metadata<'_> {
    Metadata {
        version: OCSF_VERSION,
        profiles: ["incident"],
        product: Product { name: PRODUCT, vendor_name: PRODUCT, version: PRODUCT_VERSION },
        tenant_uid: tenant.as_str(),
        uid: format!("{id}/{version}"),
        correlation_uid: id.to_string(),
        sequence: version,
        modified_time: at.as_millis(),
        labels: &[],
    }
}

fn user(name: &str) -> User<'_> {
    User { name, email_addr: name.contains('@').then_some(name) }
}

fn finding(alert: &IncidentAlert) -> FindingInfo<'_> {
    FindingInfo {
        uid: alert.id.as_str(),
        uid_alt: alert.source_alert_id.as_deref(),
        product_uid: alert.provider.as_str(),
        title: Some(&alert.title),
        first_seen_time: Some(alert.first_activity.as_millis()),
        last_seen_time: Some(alert.last_activity.as_millis()),
        src_url: alert.portal_url.as_deref(),
        attacks: attack::attacks(alert.phase.iter(), &alert.techniques),
    }
}

fn finding_of_key(key: &AlertKey) -> FindingInfo<'_> {
    FindingInfo {
        uid: key.id.as_str(),
        uid_alt: None,
        product_uid: key.provider.as_str(),
        title: None,
        first_seen_time: None,
        last_seen_time: None,
        src_url: None,
        attacks: Vec::new(),
    }
}

fn alert_rest(alert: &IncidentAlert) -> AlertRest<'_> {
    AlertRest {
        severity: &alert.severity,
        status: &alert.status,
        phase: alert.phase.as_ref(),
        entities: &alert.entities,
    }
}
