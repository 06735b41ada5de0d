//! What a source leaves out, whatever its format: counted, and no fault of the record.

use braid_wire::{Exclusion, Format, RefusalReason, SourceRules, decode};

use crate::fixture::{origin, rules};

const LINE: &str = "<36>1 2026-02-03T10:04:30Z DC1 CEF 1 X CEF:0|Microsoft|Azure ATP|2.1|DnsReconnaissanceSecurityAlert|A name|5|\
    start=2026-02-03T10:00:00Z suser=JeffL shost=VICTIMPC externalId=2007 cs3Label=shostfqdn cs3=victimpc.contoso.azure \
    cs1Label=url cs1=https\\://c/alerts/aa7d0e1c2b-1111-4222-8333-0123456789ab";

fn read(record: &str, rules: &SourceRules) -> Result<(), RefusalReason> {
    let mut results = decode(record.as_bytes(), &origin(), rules);
    assert_eq!(results.len(), 1);
    results.remove(0).map(|_| ()).map_err(|refusal| refusal.reason)
}

fn excluded(detector: Option<&str>, entity: Option<&str>) -> Result<(), RefusalReason> {
    let exclusion = Exclusion::new(detector, entity).expect("it names something");
    read(LINE, &SourceRules { exclusions: vec![exclusion], ..rules(Format::MdiCef) })
}

#[test]
fn an_entity_is_left_out_by_any_of_its_names_in_any_case() {
    for name in ["jeffl", r"CONTOSO\JeffL", "VictimPC.contoso.azure", " victimpc "] {
        assert_eq!(excluded(None, Some(name)), Err(RefusalReason::ExcludedEntity), "{name}");
    }
    for other in ["jeff", "victimpc.contoso.com", "10.0.24.5"] {
        assert_eq!(excluded(None, Some(other)), Ok(()), "{other}");
    }
}

#[test]
fn an_address_is_left_out_however_it_is_written() {
    let record = LINE.replace("shost=VICTIMPC", "src=2001:db8::1");
    let exclusion = Exclusion::new(None, Some("2001:0DB8:0:0:0:0:0:1")).expect("it names something");
    let rules = SourceRules { exclusions: vec![exclusion], ..rules(Format::MdiCef) };
    assert_eq!(read(&record, &rules), Err(RefusalReason::ExcludedEntity));
}

#[test]
fn a_detector_is_left_out_altogether_or_for_an_entity() {
    assert_eq!(excluded(Some("2007"), None), Err(RefusalReason::ExcludedDetector));
    assert_eq!(excluded(Some("2021"), None), Ok(()));
    assert_eq!(excluded(Some("2007"), Some("jeffl")), Err(RefusalReason::ExcludedEntity));
    assert_eq!(excluded(Some("2007"), Some("ronhd")), Ok(()));
    assert_eq!(excluded(Some("2021"), Some("jeffl")), Ok(()));
    assert_eq!(Exclusion::new(Some(" "), None), None, "this would leave out everything");
}

#[test]
fn an_alert_whose_feed_names_no_detector_is_known_by_its_title() {
    let record = r#"{"tenant":"t","provider":"zimperium","id":"1","title":"Sideloaded App(s)","severity":"high",
        "first_activity":"2026-02-03T10:00:00Z"}"#;
    let exclusion = Exclusion::new(Some("sideloaded app(s)"), None).expect("it names something");
    let rules = SourceRules { exclusions: vec![exclusion], ..rules(Format::BraidJson) };
    assert_eq!(read(record, &rules), Err(RefusalReason::ExcludedDetector));
}

#[test]
fn previews_are_taken_unless_the_source_says_otherwise() {
    let none = SourceRules { preview_detectors: false, ..rules(Format::MdiCef) };
    let preview = LINE.replace("|A name|", "|[PREVIEW] A name|");
    assert_eq!(read(&preview, &rules(Format::MdiCef)), Ok(()));
    assert_eq!(read(&preview, &none), Err(RefusalReason::PreviewDetector));
    assert_eq!(read(LINE, &none), Ok(()));
    assert_eq!(read(&LINE.replace("|A name|", "|é[PREVIEW]|"), &none), Ok(()));
}
