//! Dumps of the alerts topic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use braid_alert::{Alert, SourceTime, Tenant};
use braid_engine::{Effect, Input, Partition, Settings};
use braid_wire::incident::{Encoding, encode_change, encode_incident};
use braid_wire::own;

use crate::support::{Files, alert};

fn parsed(line: &str, offset: i64) -> Alert {
    let mut alert = own::alert_from_json(line.as_bytes()).expect("it is an alert");
    alert.origin.offset = offset;
    alert.origin.source_time = SourceTime::from_micros(alert.updated.as_micros());
    alert
}

fn line(partition: i32, offset: i64, value: &[u8]) -> String {
    format!(
        "{{\"topic\":\"braid.alerts\",\"partition\":{partition},\"offset\":{offset},\"timestamp_millis\":1,\"key\":\"Y29udG9zbw==\",\"value\":\"{}\",\"headers\":[]}}\n",
        STANDARD.encode(value)
    )
}

fn alert_line(partition: i32, offset: i64, alert: &Alert) -> String {
    line(partition, offset, &own::alert_to_avro(alert))
}

#[test]
fn a_dump_gives_what_the_engine_gave_partition_by_partition_byte_for_byte() {
    let files = Files::new();
    let day = 24 * 60 * 60 * 1_000;
    let late = SourceTime::from_millis(1_772_445_600_000 + 200 * day);
    let tenant = Tenant::new("contoso");
    let inputs = [
        (0, Input::Alert(Box::new(parsed(&alert("a1", 0, "client1", "ann"), 0)))),
        (0, Input::Alert(Box::new(parsed(&alert("a2", 4, "client1", "ann"), 1)))),
        // Everything before is forgotten, so that the next one founds an incident anew.
        (0, Input::Tick { tenant: tenant.clone(), at: late }),
        (0, Input::Alert(Box::new(parsed(&alert("a3", 5, "client1", "ann"), 3)))),
        (2, Input::Alert(Box::new(parsed(&alert("b1", 1, "client1", "ann"), 0)))),
    ];
    let (mut dump, mut events, mut offsets) = (String::new(), Vec::new(), [0_i64; 3]);
    let mut partitions: [Partition; 3] = std::array::from_fn(|_| Partition::new(Settings::default()));
    let mut incidents = std::collections::BTreeMap::new();
    for (partition, input) in inputs {
        let at = usize::try_from(partition).unwrap();
        let value = match &input {
            Input::Alert(alert) => own::alert_to_avro(alert),
            Input::Tick { tenant, at } => own::tick_to_avro(tenant, *at),
            other => unreachable!("{other:?} is not in this log"),
        };
        dump.push_str(&line(partition, offsets[at], &value));
        offsets[at] += 1;
        let mut effects = Vec::new();
        partitions[at].apply(input, &mut effects);
        for effect in effects {
            let Effect::Incident(change) = effect else { panic!("{effect:?}") };
            events.push(encode_change(&change, Encoding::Json));
            let whole = partitions[at].incident(&tenant, change.incident).unwrap();
            incidents.insert((at, whole.id), encode_incident(&whole, Encoding::Json));
        }
    }
    files.write("alerts.dump", dump);
    let text = |lines: Vec<Vec<u8>>| {
        lines.into_iter().map(|line| String::from_utf8(line).unwrap() + "\n").collect::<String>()
    };
    assert_eq!(files.braid("replay -f braid-dump alerts.dump --output events").good(), text(events));
    let written = files.braid("replay -f braid-dump alerts.dump").good();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(incidents.len(), 3, "one of them has left the engine's memory");
    assert_eq!(sorted(&written), sorted(&text(incidents.into_values().collect())));
}

#[test]
fn a_dump_that_was_put_together_wrongly_is_refused_where_it_goes_wrong() {
    let files = Files::new();
    let one = parsed(&alert("a1", 0, "h", "u"), 0);
    let two = parsed(&alert("b1", 0, "h2", "u2"), 0);
    let other = alert_line(0, 9, &one).replace("braid.alerts", "incidents");
    let cut = &alert_line(0, 8, &one)[..90];
    let lines =
        [alert_line(0, 5, &one), alert_line(1, 2, &two), alert_line(0, 5, &one), other, cut.to_owned()];
    files.write("alerts.dump", lines.concat());
    let ran = files.braid("replay -f braid-dump alerts.dump");
    assert_eq!(ran.code, Some(1));
    let told: Vec<&str> = ran.err.lines().collect();
    assert!(told[0].starts_with("alerts.dump:3: malformed: offset 5 of partition 0"), "{told:?}");
    assert!(told[1].starts_with("alerts.dump:4: malformed: a record of topic incidents"), "{told:?}");
    assert!(told[2].starts_with("alerts.dump:5: malformed: no line of `braid dump`"), "{told:?}");
    assert_eq!((told.len(), ran.out.lines().count()), (3, 2));
}

#[test]
fn a_partition_stands_still_behind_what_a_newer_release_wrote() {
    let files = Files::new();
    let one = parsed(&alert("a1", 0, "h", "u"), 0);
    let newer = [&[0xC3, 0x01][..], &[0; 8], b"what"].concat();
    let lines = [line(0, 0, &newer), alert_line(0, 1, &one), alert_line(1, 0, &one)];
    files.write("alerts.dump", lines.concat());
    let ran = files.braid("replay -f braid-dump alerts.dump");
    assert_eq!((ran.code, ran.out.lines().count()), (Some(1), 1), "{ran:?}");
    let told: Vec<&str> = ran.err.lines().collect();
    assert!(told[0].starts_with("alerts.dump:1: unknown_schema"), "{told:?}");
    assert!(told[1].contains("partition 0 stands still"), "{told:?}");
}

#[test]
fn the_alerts_of_a_dump_decode_with_the_origin_that_they_had() {
    let files = Files::new();
    let one = parsed(&alert("a1", 0, "h", "u"), 42);
    let tick = line(0, 43, &own::tick_to_avro(&Tenant::new("contoso"), SourceTime::from_millis(0)));
    files.write("alerts.dump", alert_line(0, 42, &one) + &tick);
    let ran = files.braid("decode -f braid-dump alerts.dump");
    assert_eq!((ran.code, ran.out.trim_end().as_bytes()), (Some(0), own::alert_to_json(&one).as_slice()));
    assert_eq!(
        ran.err,
        "alerts.dump: directory records, commands and ticks of the clock, which are no alerts: 1\n"
    );
}

#[test]
fn a_dump_is_not_merged_with_other_files() {
    let ran = Files::new().braid("replay -f braid-dump a -f mdi-cef b");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("cannot be merged with other files"), "{}", ran.err);
    assert_eq!(Files::new().braid("replay -f braid-dump a --tenant t").code, Some(2));
}
