//! Commands from a topic.

use std::collections::BTreeMap;

use braid_alert::{Command, Tenant};
use braid_engine::Input;
use braid_wire::{Format, RefusalReason, SourceRecord, SourceRules, TenantRule, decode, own, read};

use crate::fixture::{origin, rules};

const RESOLVE: &str = r#"{"id":"c-1","tenant":"fabrikam","author":"ann","action":"resolve","incident":"0d0d0d0d-0000-5000-8000-000000000001"}"#;

fn taken(value: &[u8], rules: &SourceRules) -> Vec<Result<Command, (RefusalReason, i32)>> {
    let results = read(SourceRecord { value: Some(value), ..SourceRecord::default() }, &origin(), rules);
    let command = |result| match result {
        Ok(Input::Command(command)) => Ok(*command),
        Ok(other) => panic!("{other:?} is no command"),
        Err(braid_wire::Refusal { reason, element, .. }) => Err((reason, element)),
    };
    results.into_iter().map(command).collect()
}

#[test]
fn the_source_says_whose_it_is_and_where_it_came_from() {
    let fixed = taken(RESOLVE.as_bytes(), &rules(Format::BraidCommandJson)).remove(0).expect("it is good");
    assert_eq!((fixed.tenant, fixed.origin), (Tenant::new("contoso"), origin()));
    let rule = TenantRule::Field { name: None, aliases: BTreeMap::new() };
    let rules = SourceRules::new(Format::BraidCommandJson, rule);
    let own = taken(RESOLVE.as_bytes(), &rules).remove(0).expect("it is good");
    assert_eq!(own.tenant, Tenant::new("fabrikam"));
    let nobodys = RESOLVE.replace(r#""tenant":"fabrikam","#, "");
    assert_eq!(taken(nobodys.as_bytes(), &rules), [Err((RefusalReason::MissingTenant, 0))]);
}

#[test]
fn of_several_commands_each_is_answered_by_itself() {
    let bad = RESOLVE.replace("resolve", "dissolve");
    for record in
        [format!("[{RESOLVE},{bad},{RESOLVE}]"), format!(r#"{{"records":[{RESOLVE},{bad},{RESOLVE}]}}"#)]
    {
        let results = taken(record.as_bytes(), &rules(Format::BraidCommandJson));
        let places: Vec<_> = results.into_iter().map(|result| result.map(|c| c.origin.element)).collect();
        assert_eq!(places, [Ok(0), Err((RefusalReason::UnknownValue, 1)), Ok(2)]);
    }
}

#[test]
fn the_same_command_comes_in_as_avro() {
    let json = taken(RESOLVE.as_bytes(), &rules(Format::BraidCommandJson)).remove(0).expect("it is good");
    let avro = own::command_to_avro(&json);
    assert_eq!(taken(&avro, &rules(Format::BraidCommandAvro)), [Ok(json)]);
}

#[test]
fn a_command_is_no_alert_and_a_tombstone_is_no_command() {
    let format = Format::BraidCommandJson;
    let alerts = decode(RESOLVE.as_bytes(), &origin(), &rules(format));
    assert_eq!(
        alerts.into_iter().map(|r| r.map_err(|r| r.reason)).collect::<Vec<_>>(),
        [Err(RefusalReason::NotAnAlert)]
    );
    let tombstone =
        read(SourceRecord { key: Some(b"k"), ..SourceRecord::default() }, &origin(), &rules(format));
    assert_eq!(
        tombstone.into_iter().map(|r| r.map_err(|r| r.reason)).collect::<Vec<_>>(),
        [Err(RefusalReason::Empty)]
    );
}
