//! Bad input, each with the reason that it is refused for. None of it is dropped, and none of it is an alert.

use std::collections::BTreeMap;

use braid_alert::Tenant;
use braid_wire::{
    Format, RECORD_BYTES_MAX, RECORD_ELEMENTS_MAX, RefusalReason, SourceRules, TenantRule, decode,
};

use crate::fixture::{decode_all, origin, rules};

const CEF: &str = "<36>1 2026-02-03T10:04:30Z DC1 CEF 1 X CEF:0|Microsoft|Azure ATP|2.1|XSecurityAlert|A name|5|\
    start=2026-02-03T10:00:00Z cs1Label=url cs1=https\\://c/alerts/aa7d0e1c2b-1111-4222-8333-0123456789ab";

const ROW: &str = r#"{"TenantId":"t-1","ProviderName":"MDATP","VendorOriginalId":"v-1","SystemAlertId":"s-1",
    "StartTime":"2026-02-03 10:00:00+00:00","TimeGenerated":"2026-02-03 10:05:00+00:00","AlertName":"A name"}"#;

const GRAPH: &str = r#"{"tenantId":"t-1","serviceSource":"microsoftDefenderForEndpoint","id":"g-1",
    "firstActivityDateTime":"2026-02-03T10:00:00Z","lastUpdateDateTime":"2026-02-03T10:05:00Z","title":"A name"}"#;

const STREAMED: &str = r#"{"records":[{"category":"AdvancedHunting-AlertInfo","tenantId":"t-1","time":"2026-02-03T10:05:00Z","properties":
    {"AlertId":"s-1","ServiceSource":"Microsoft Defender for Endpoint","Timestamp":"2026-02-03T10:00:00Z","Title":"A name"}}]}"#;

const GRAPH_INCIDENT: &str = r#"{"id":"5","displayName":"x","alerts":[{"tenantId":"t-1","serviceSource":"microsoftDefenderForEndpoint",
    "id":"g-1","firstActivityDateTime":"2026-02-03T10:00:00Z","lastUpdateDateTime":"2026-02-03T10:05:00Z","title":"A name"}]}"#;

const ENDPOINT: &str = r#"{"aadTenantId":"t-1","id":"e-1","machineId":"m","title":"A name",
    "firstEventTime":"2026-02-03T10:00:00Z","lastUpdateTime":"2026-02-03T10:05:00Z"}"#;

const INCIDENT: &str = r#"{"incidentId":1,"tenant":"t-1","alerts":[{"alertId":"i-1","serviceSource":"MicrosoftDefenderATP",
    "firstActivity":"2026-02-03T10:00:00Z","lastUpdatedTime":"2026-02-03T10:05:00Z","title":"A name"}]}"#;

const CLOUD: &str = r#"{"AadTenantId":"t-1","SystemAlertId":"c-1","AlertType":"x","AlertDisplayName":"A name",
    "StartTimeUtc":"2026-02-03T10:00:00Z","TimeGenerated":"2026-02-03T10:05:00Z"}"#;

const THREAT: &str = r#"{"account_id":"t-1","threat_uuid":"z-1","threat_name":"X","threat_display_name":"A name",
    "severity_name":"CRITICAL","device_id":"d","device_time":"2026-02-03T10:00:00Z"}"#;

const FINDING: &str = r#"{"class_uid":2004,"time_dt":"2026-02-03T10:05:00Z","metadata":{"tenant_uid":"t-1","product":{"name":"Falcon"}},
    "finding_info":{"uid":"f-1","title":"A name","first_seen_time_dt":"2026-02-03T10:00:00Z"}}"#;

const DOCUMENT: &str = r#"{"@timestamp":"2026-02-03T10:05:00Z","organization":{"id":"t-1"},"rule.name":"A name",
    "event":{"kind":"alert","id":"d-1","module":"suricata","start":"2026-02-03T10:00:00Z"}}"#;

/// A good record of each format that is JSON and not braid's own.
pub(crate) const JSON: [(Format, &str); 10] = [
    (Format::SentinelSecurityAlert, ROW),
    (Format::GraphAlert, GRAPH),
    (Format::GraphIncident, GRAPH_INCIDENT),
    (Format::DefenderXdrStreaming, STREAMED),
    (Format::DefenderXdrIncident, INCIDENT),
    (Format::DefenderEndpointAlert, ENDPOINT),
    (Format::DefenderCloudAlert, CLOUD),
    (Format::ZimperiumMtd, THREAT),
    (Format::OcsfDetectionFinding, FINDING),
    (Format::EcsAlert, DOCUMENT),
];

fn reason_of(format: Format, record: &[u8]) -> RefusalReason {
    let results = decode(record, &origin(), &rules(format));
    let [Err(refusal)] = &results[..] else { panic!("{format}: {results:?}") };
    assert!(!refusal.detail.is_empty(), "{refusal:?}");
    assert!(refusal.detail.chars().count() < 400, "{refusal:?}");
    refusal.reason
}

/// A good record, with one text in it replaced.
fn reason_with(format: Format, record: &str, from: &str, to: &str) -> RefusalReason {
    assert!(record.contains(from), "{from} is not in {record}");
    reason_of(format, record.replacen(from, to, 1).as_bytes())
}

fn json_formats() -> impl Iterator<Item = Format> {
    JSON.into_iter().map(|(format, _)| format).chain([Format::BraidJson])
}

fn text_formats() -> impl Iterator<Item = Format> {
    json_formats().chain([Format::MdiCef])
}

#[test]
fn the_records_of_this_table_are_good_before_they_are_broken() {
    for (format, record) in JSON.into_iter().chain([(Format::MdiCef, CEF)]) {
        assert!(decode_all(format, record)[0].is_ok(), "{format}: {:?}", decode_all(format, record));
    }
}

#[test]
fn nothing_is_empty() {
    for format in Format::ALL {
        assert_eq!(reason_of(format, b""), RefusalReason::Empty);
    }
    for format in text_formats() {
        assert_eq!(reason_of(format, b" \r\n\t "), RefusalReason::Empty);
    }
}

#[test]
fn a_record_beyond_the_bound_is_not_even_tried() {
    let large = vec![b'['; RECORD_BYTES_MAX + 1];
    for format in Format::ALL {
        assert_eq!(reason_of(format, &large), RefusalReason::TooLarge);
    }
    let many = format!("[{}1]", "1,".repeat(RECORD_ELEMENTS_MAX));
    for format in json_formats() {
        assert_eq!(reason_of(format, many.as_bytes()), RefusalReason::TooLarge);
    }
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_place() {
    for format in text_formats() {
        assert_eq!(reason_of(format, b"{\"a\":\"\xff\xfe\"}"), RefusalReason::InvalidUtf8);
    }
    let results = decode(b"{\"a\":\"\xff\"}", &origin(), &rules(Format::GraphAlert));
    assert_eq!(results[0].as_ref().expect_err("it is bad").detail.as_ref(), "byte 6 (0xff) is not UTF-8");
}

#[test]
fn a_record_that_ends_in_the_middle_is_truncated() {
    for (format, record) in JSON {
        assert_eq!(reason_of(format, &record.as_bytes()[..record.len() / 2]), RefusalReason::Truncated);
    }
    assert_eq!(reason_of(Format::MdiCef, &CEF.as_bytes()[..70]), RefusalReason::Truncated);
}

#[test]
fn broken_grammar_is_malformed() {
    for format in json_formats() {
        assert_eq!(reason_of(format, b"{\"a\":}"), RefusalReason::Malformed);
        assert_eq!(reason_of(format, b"{\"a\":1 trailing}"), RefusalReason::Malformed);
    }
    // Deeper than the parser goes, so that no record can exhaust the stack.
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    for (format, _) in JSON {
        assert_eq!(reason_of(format, deep.as_bytes()), RefusalReason::Malformed);
    }
    assert!(decode_all(Format::BraidJson, &deep)[0].is_err());
}

#[test]
fn a_record_of_another_format_says_so() {
    for format in json_formats() {
        assert_eq!(reason_of(format, CEF.as_bytes()), RefusalReason::UnknownFormat);
    }
    assert_eq!(reason_of(Format::MdiCef, ROW.as_bytes()), RefusalReason::UnknownFormat);
    for (format, _) in JSON {
        assert_eq!(reason_of(format, b"{\"hello\":1}"), RefusalReason::UnknownFormat, "{format}");
    }
}

#[test]
fn an_empty_page_is_no_fault_of_the_one_who_sent_it() {
    for format in json_formats() {
        assert_eq!(reason_of(format, b"[]"), RefusalReason::BesideAlerts, "{format}");
        assert_eq!(reason_of(format, b"{\"records\":[]}"), RefusalReason::BesideAlerts, "{format}");
    }
    assert_eq!(reason_of(Format::GraphAlert, b"{\"value\":[]}"), RefusalReason::BesideAlerts);
    assert_eq!(reason_of(Format::ZimperiumMtd, b"{\"content\":[]}"), RefusalReason::BesideAlerts);
}

/// JSON by its grammar that no parser of texts, numbers or trees takes.
fn unreadable() -> [String; 3] {
    let deep = format!(r#"{{"deep":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    [r#"{"id":"x","title":"\ud83d"}"#.to_owned(), r#"{"id":"x","n":1e999}"#.to_owned(), deep]
}

/// What becomes of each element: its number, and the reason for which it is refused, if it is.
fn told(format: Format, record: &str) -> Vec<(i32, Option<RefusalReason>)> {
    let told = |result: Result<braid_alert::Alert, braid_wire::Refusal>| match result {
        Ok(alert) => (alert.origin.element, None),
        Err(refusal) => (refusal.element, Some(refusal.reason)),
    };
    decode_all(format, record).into_iter().map(told).collect()
}

#[test]
fn an_element_that_cannot_be_read_costs_itself_alone() {
    let expected = [(0, None), (1, Some(RefusalReason::Malformed)), (2, None)];
    for bad in unreadable() {
        // The rows of a stream that are of one alert are put together; it has a test of its own.
        for (format, good) in JSON.into_iter().filter(|(format, _)| *format != Format::DefenderXdrStreaming) {
            let (list, what) = (format!("[{good},{bad},\n{good}]"), &bad[..18]);
            assert_eq!(told(format, &list), expected, "{format} {what}");
            let page = format!(r#"{{"count":3,"records": {list},"last":true}}"#);
            assert_eq!(told(format, &page), expected, "{format} {what}");
        }
        let page = format!(r#"{{"@odata.context":"\ud83d","value":[{GRAPH},{bad},{GRAPH}]}}"#);
        assert_eq!(told(Format::GraphAlert, &page), expected);
        let page = format!(r#"{{"content":[{THREAT},{bad},{THREAT}],"totalPages":12}}"#);
        assert_eq!(told(Format::ZimperiumMtd, &page), expected);
    }
}

#[test]
fn an_alert_of_an_incident_that_cannot_be_read_costs_itself_alone() {
    for bad in unreadable() {
        for (format, incident) in
            [(Format::GraphIncident, GRAPH_INCIDENT), (Format::DefenderXdrIncident, INCIDENT)]
        {
            let broken = incident.replace("\"alerts\":[", &format!("\"alerts\":[{bad},"));
            let expected = [(0, Some(RefusalReason::Malformed)), (1, None)];
            assert_eq!(told(format, &broken), expected, "{format}");
            let page = format!(r#"{{"value":[{incident},{broken},{bad}]}}"#);
            let (good, bad) = (None, Some(RefusalReason::Malformed));
            assert_eq!(told(format, &page), [(0, good), (1, bad), (2, good), (3, bad)], "{format}");
        }
    }
}

#[test]
fn a_list_that_breaks_the_grammar_costs_what_cannot_be_told_apart() {
    let bad = r#"{"title":"\ud83d"}"#;
    let (good, malformed) = (None, Some(RefusalReason::Malformed));
    let truncated = Some(RefusalReason::Truncated);
    for (broken, expected) in [
        ("[{GRAPH},{bad},]", &[good, malformed][..]),
        ("[{GRAPH} {bad}]", &[malformed]),
        ("[{GRAPH},{bad}", &[good, malformed, truncated]),
        ("[{GRAPH},{GRAPH", &[good, truncated]),
        ("{\"value\":[{bad}],}", &[malformed]),
        ("[{bad}] x", &[malformed, Some(RefusalReason::UnknownFormat)]),
        (
            "{\"value\":[{GRAPH},{\"a\":]},{GRAPH}]}",
            &[good, malformed, malformed, Some(RefusalReason::UnknownFormat)],
        ),
    ] {
        let record = broken.replace("{GRAPH}", GRAPH).replace("{GRAPH", &GRAPH[..40]).replace("{bad}", bad);
        let expected: Vec<_> = (0..).zip(expected.iter().copied()).collect();
        assert_eq!(told(Format::GraphAlert, &record), expected, "{broken}");
    }
    let many = format!("[{}{bad}]", "1,".repeat(RECORD_ELEMENTS_MAX));
    assert_eq!(told(Format::GraphAlert, &many), [(0, Some(RefusalReason::TooLarge))]);
    let many = format!("[{}NaN]", "1,".repeat(RECORD_ELEMENTS_MAX));
    assert_eq!(told(Format::GraphAlert, &many), [(0, Some(RefusalReason::TooLarge))]);
}

#[test]
fn what_is_no_alert_says_so() {
    let incident = r##"{"@odata.type":"#microsoft.graph.security.incident","id":"5"}"##;
    assert_eq!(reason_of(Format::GraphAlert, incident.as_bytes()), RefusalReason::NotAnAlert);
    let incident = r#"{"Type":"SecurityIncident","IncidentName":"5"}"#;
    assert_eq!(reason_of(Format::SentinelSecurityAlert, incident.as_bytes()), RefusalReason::NotAnAlert);
}

#[test]
fn an_alert_in_a_source_of_incidents_or_of_rows_is_no_drop_and_says_which_format_reads_it() {
    let incident = |record: &str| {
        let fields =
            r#"{"incidentId":"7","incidentWebUrl":"x","category":"DefenseEvasion","Type":"SecurityAlert","#;
        record.replacen('{', fields, 1)
    };
    let without_alerts = INCIDENT.replace(r#""alerts":["#, r#""entities":["#);
    for (source, record, reads) in [
        (Format::GraphIncident, incident(GRAPH), "graph-alert"),
        (Format::GraphIncident, incident(ENDPOINT), "defender-endpoint-alert"),
        (
            Format::GraphIncident,
            without_alerts.replacen('{', r#"{"displayName":"x","#, 1),
            "defender-xdr-incident",
        ),
        (Format::DefenderXdrIncident, incident(GRAPH), "graph-alert"),
        (Format::DefenderXdrIncident, incident(ENDPOINT), "defender-endpoint-alert"),
        (Format::DefenderXdrStreaming, incident(GRAPH), "graph-alert"),
        (Format::DefenderXdrStreaming, incident(ROW), "sentinel-security-alert"),
        (Format::DefenderXdrStreaming, incident(ROW).replace("category", "x"), "sentinel-security-alert"),
    ] {
        assert_eq!(reason_of(source, record.as_bytes()), RefusalReason::UnknownFormat, "{source} {record}");
        let refusal = decode_all(source, &record).remove(0).expect_err("it is of another format");
        assert!(refusal.detail.contains(&format!("another format: {reads} reads")), "{source}: {refusal}");
    }
    for source in [Format::GraphIncident, Format::DefenderXdrIncident] {
        let text = r#"{"incidentId":7,"displayName":"x","alerts":"none"}"#;
        assert_eq!(reason_of(source, text.as_bytes()), RefusalReason::WrongType);
    }
    let one = INCIDENT.replace(r#""alerts":["#, r#""alerts":"#).replace("}]}", "}}");
    assert!(
        decode_all(Format::DefenderXdrIncident, &one)[0].is_ok(),
        "one alert where its list belongs: {one}"
    );
}

#[test]
fn an_alert_without_id_provider_or_time_is_refused() {
    let row = Format::SentinelSecurityAlert;
    assert_eq!(reason_with(row, &ROW.replace("v-1", ""), "s-1", " "), RefusalReason::MissingId);
    assert_eq!(reason_with(row, ROW, "\"MDATP\"", "null"), RefusalReason::MissingProvider);
    assert_eq!(reason_with(row, ROW, "2026-02-03 10:00:00+00:00", ""), RefusalReason::MissingTime);
    assert_eq!(reason_with(Format::GraphAlert, GRAPH, "g-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(Format::GraphAlert, GRAPH, "serviceSource", "x"), RefusalReason::MissingProvider);
    assert_eq!(reason_with(Format::GraphAlert, GRAPH, "firstActivity", "x"), RefusalReason::MissingTime);
    let streamed = Format::DefenderXdrStreaming;
    assert_eq!(reason_with(streamed, STREAMED, "s-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(streamed, STREAMED, "ServiceSource", "x"), RefusalReason::MissingProvider);
    assert_eq!(reason_with(streamed, STREAMED, "Timestamp", "x"), RefusalReason::MissingTime);
    let endpoint = Format::DefenderEndpointAlert;
    assert_eq!(reason_with(endpoint, ENDPOINT, "e-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(endpoint, ENDPOINT, "firstEventTime", "x"), RefusalReason::MissingTime);
    let incident = Format::DefenderXdrIncident;
    assert_eq!(reason_with(incident, INCIDENT, "i-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(incident, INCIDENT, "serviceSource", "x"), RefusalReason::MissingProvider);
    assert_eq!(reason_with(incident, INCIDENT, "firstActivity", "x"), RefusalReason::MissingTime);
    let cloud = Format::DefenderCloudAlert;
    assert_eq!(reason_with(cloud, CLOUD, "c-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(cloud, CLOUD, "StartTimeUtc", "x"), RefusalReason::MissingTime);
    assert_eq!(reason_with(Format::ZimperiumMtd, THREAT, "z-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(Format::ZimperiumMtd, THREAT, "device_time", "x"), RefusalReason::MissingTime);
    let finding = Format::OcsfDetectionFinding;
    assert_eq!(reason_with(finding, FINDING, "f-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(finding, FINDING, "finding_info", "x"), RefusalReason::MissingId);
    assert_eq!(reason_with(finding, FINDING, "\"name\"", "\"x\""), RefusalReason::MissingProvider);
    assert_eq!(reason_with(finding, FINDING, "\"time_dt\"", "\"x\""), RefusalReason::MissingTime);
    let document = Format::EcsAlert;
    assert_eq!(reason_with(document, DOCUMENT, "d-1", ""), RefusalReason::MissingId);
    assert_eq!(reason_with(document, DOCUMENT, "module", "x"), RefusalReason::MissingProvider);
    assert_eq!(reason_with(document, DOCUMENT, "@timestamp", "x"), RefusalReason::MissingTime);
    assert_eq!(reason_with(Format::MdiCef, CEF, "cs1=https", "cs9=https"), RefusalReason::MissingId);
    assert_eq!(
        reason_with(Format::MdiCef, CEF, "/alerts/aa7d0e1c2b-1111-4222-8333-0123456789ab", ""),
        RefusalReason::MissingId
    );
    assert_eq!(
        reason_with(Format::MdiCef, CEF, "start=2026-02-03T10:00:00Z", ""),
        RefusalReason::MissingTime
    );
}

#[test]
fn a_wrong_type_where_identity_depends_on_it_is_refused() {
    let row = Format::SentinelSecurityAlert;
    assert_eq!(reason_with(row, ROW, "\"v-1\"", "17"), RefusalReason::WrongType);
    assert_eq!(reason_with(row, ROW, "2026-02-03 10:00:00+00:00", "yesterday"), RefusalReason::WrongType);
    assert_eq!(reason_with(row, ROW, "\"2026-02-03 10:05:00+00:00\"", "[1]"), RefusalReason::WrongType);
    assert_eq!(reason_with(Format::GraphAlert, GRAPH, "\"g-1\"", "{}"), RefusalReason::WrongType);
    let finding = Format::OcsfDetectionFinding;
    assert_eq!(reason_with(finding, FINDING, "\"f-1\"", "17"), RefusalReason::WrongType);
    assert_eq!(reason_with(finding, FINDING, "2026-02-03T10:00:00Z", "yesterday"), RefusalReason::WrongType);
    assert_eq!(reason_with(Format::EcsAlert, DOCUMENT, "\"d-1\"", "17"), RefusalReason::WrongType);
    assert_eq!(
        reason_with(Format::EcsAlert, DOCUMENT, "2026-02-03T10:05:00Z", "now"),
        RefusalReason::WrongType
    );
    for (format, _) in JSON {
        assert_eq!(reason_of(format, b"[7]"), RefusalReason::WrongType, "{format}");
    }
    assert_eq!(reason_with(Format::MdiCef, CEF, "start=2026-02-03T10", "start=x"), RefusalReason::WrongType);
}

#[test]
fn an_event_of_1601_or_of_next_week_is_a_broken_clock() {
    for (format, record) in JSON.into_iter().chain([(Format::MdiCef, CEF)]) {
        for day in ["1601-01-01", "0001-01-01", "1970-01-01", "2026-02-10"] {
            let late = record.replace("2026-02-03T10:00", &format!("{day}T10:00"));
            let late = late.replace("2026-02-03 10:00", &format!("{day} 10:00"));
            assert_eq!(reason_of(format, late.as_bytes()), RefusalReason::TimeOutOfRange, "{format} {day}");
        }
        let tomorrow = record
            .replace("2026-02-03T10:00", "2026-02-04T10:00")
            .replace("2026-02-03 10:00", "2026-02-04 10:00");
        assert!(
            decode_all(format, &tomorrow)[0].is_ok(),
            "{format}: up to a day ahead is the vendor's clock"
        );
    }
}

#[test]
fn an_update_from_the_future_would_make_every_later_one_look_old() {
    // A threat has one time, which is both.
    for (format, record) in JSON.into_iter().filter(|(format, _)| *format != Format::ZimperiumMtd) {
        let updated = record
            .replace("2026-02-03T10:05", "2027-02-03T10:05")
            .replace("2026-02-03 10:05", "2027-02-03 10:05");
        assert_eq!(reason_of(format, updated.as_bytes()), RefusalReason::TimeOutOfRange, "{format}");
    }
    // Of a CEF line only the sensor's syslog clock is wrong, which is no part of the alert.
    let results = decode_all(Format::MdiCef, &CEF.replace("2026-02-03T10:04", "2027-02-03T10:04"));
    let alert = results[0].as_ref().expect("the alert itself is good");
    assert_eq!(alert.updated, alert.last_activity);
}

#[test]
fn an_alert_of_nobody_or_of_somebody_unknown_is_refused() {
    let aliases =
        |known: &[&str]| known.iter().map(|alias| ((*alias).into(), Tenant::new("contoso"))).collect();
    let read = |format, record: &str, name: Option<&str>, aliases: BTreeMap<Box<str>, Tenant>| {
        let tenant = TenantRule::Field { name: name.map(Into::into), aliases };
        let result = decode(record.as_bytes(), &origin(), &SourceRules::new(format, tenant)).remove(0);
        result.map(|alert| alert.tenant.as_str().to_owned()).map_err(|refusal| refusal.reason)
    };
    // An incident has no field for it, so the source names one of its collector's.
    let named = JSON.into_iter().filter(|(format, _)| *format != Format::DefenderXdrIncident);
    assert_eq!(
        read(Format::DefenderXdrIncident, INCIDENT, Some("tenant"), aliases(&[])).as_deref(),
        Ok("t-1")
    );
    assert_eq!(
        read(Format::DefenderXdrIncident, INCIDENT, None, aliases(&[])),
        Err(RefusalReason::MissingTenant)
    );
    for (format, record) in named {
        assert_eq!(read(format, record, None, aliases(&[])).as_deref(), Ok("t-1"));
        assert_eq!(read(format, record, None, aliases(&["t-1"])).as_deref(), Ok("contoso"));
        assert_eq!(read(format, record, None, aliases(&["t-2"])), Err(RefusalReason::UnmappedTenant));
        assert_eq!(read(format, record, Some("workspace"), aliases(&[])), Err(RefusalReason::MissingTenant));
        assert_eq!(
            read(format, &record.replace("t-1", ""), None, aliases(&[])),
            Err(RefusalReason::MissingTenant)
        );
    }
    assert_eq!(read(Format::MdiCef, CEF, Some("shost"), aliases(&[])), Err(RefusalReason::MissingTenant));
}
