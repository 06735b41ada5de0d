//! Commands and directory records go the way of alerts: each is answered once, whatever goes wrong.

use std::collections::BTreeMap;

use braid_alert::IncidentId;
use braid_log::Record;
use braid_runtime::StageKind;
use braid_sim::Rng;

use crate::exactly_once::{disturbed, seeds};
use crate::world::{COMMANDS, DIRECTORY, World, alert_json};

/// Sends commands about incidents that there are, and some that cannot be carried out.
#[derive(Default)]
struct People {
    sent: u64,
    told: u64,
}

impl People {
    fn act(&mut self, world: &mut World, rng: &mut Rng) {
        match rng.below(40) {
            0 => self.command(world, rng),
            1 => self.list(world, rng),
            _ => {}
        }
    }

    fn command(&mut self, world: &mut World, rng: &mut Rng) {
        let snapshots = world.snapshots();
        let known: Vec<_> = snapshots.values().filter_map(|versions| versions.last()).collect();
        let Some(incident) = (!known.is_empty()).then(|| known[rng.below(known.len())]) else { return };
        let other = known[rng.below(known.len())].id;
        let alert = incident.alerts.first().map(|alert| alert.id.to_string()).unwrap_or_default();
        let (id, version) = (incident.id, incident.version);
        let action = match rng.below(8) {
            0 => {
                format!(r#""action":"assign","incident":"{id}","assignee":"ann","expectedVersion":{version}"#)
            }
            1 => format!(r#""action":"comment","incident":"{id}","text":"seen""#),
            2 => format!(r#""action":"resolve","incident":"{id}""#),
            3 => format!(r#""action":"reopen","incident":"{id}""#),
            4 => format!(r#""action":"merge","incident":"{id}","from":"{other}""#),
            5 => format!(
                r#""action":"split","incident":"{id}","alerts":[{{"provider":"zimperium","id":"{alert}"}}]"#
            ),
            6 => r#""action":"resolve","incident":"00000000-0000-5000-8000-000000000000""#.to_owned(),
            _ => r#""action":"resolve","incidnet":"x""#.to_owned(),
        };
        let (tenant, number) = (&incident.tenant, self.sent);
        let command = format!(r#"{{"id":"c-{number}","tenant":"{tenant}","author":"ann",{action}}}"#);
        world.tell(COMMANDS, None, Some(&command));
        self.sent += 1;
    }

    /// A user's names, which unite what alerts name differently; sometimes the object is deleted.
    fn list(&mut self, world: &mut World, rng: &mut Rng) {
        let (tenant, user) = (rng.below(5), rng.below(7));
        let key = format!("tenant-{tenant}/user-{user}");
        let value = format!(
            r#"{{"kind":"user","onPremises":true,"sid":"S-1-5-21-1-2-3-{user}","upn":"user{user}@contoso.azure","title":"T{}"}}"#,
            self.told
        );
        world.tell(DIRECTORY, Some(&key), rng.chance(800).then_some(&*value));
        self.told += 1;
    }
}

fn header<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    let (_, value) = record.headers.iter().find(|(header, _)| **header == *name)?;
    std::str::from_utf8(value.as_deref()?).ok()
}

/// How often each command was answered: by the changes that name it, of each incident, or by a dead letter.
fn answers(world: &World) -> BTreeMap<String, BTreeMap<Option<IncidentId>, usize>> {
    let mut answers: BTreeMap<String, BTreeMap<_, usize>> = BTreeMap::new();
    let changes = world.events().into_values().flatten();
    for change in changes {
        if let Some(command) = &change.command {
            *answers.entry(command.id.to_string()).or_default().entry(Some(change.incident)).or_default() +=
                1;
        }
    }
    for letter in world.dead_letters() {
        if let Some(id) = header(&letter, "braid.command.id") {
            *answers.entry(id.to_owned()).or_default().entry(None).or_default() += 1;
        }
    }
    answers
}

#[test]
fn every_command_is_answered_once_whatever_goes_wrong() {
    let (mut carried_out, mut refused) = (0, 0);
    for seed in seeds().into_iter().take(20) {
        eprintln!("seed {seed}");
        let mut people = People::default();
        let world = disturbed(seed, 80, |world, rng| people.act(world, rng));
        world.assert_as_replayed();
        let unread =
            world.dead_letters().iter().filter(|letter| header(letter, "braid.command.id").is_none()).count();
        let answers = answers(&world);
        assert_eq!(
            (answers.len() + unread) as u64,
            people.sent,
            "each is answered (seed {seed}): {answers:?}"
        );
        for (id, answer) in answers {
            if let Some(letters) = answer.get(&None) {
                assert_eq!(
                    (*letters, answer.len()),
                    (1, 1),
                    "{id} is refused once (seed {seed}): {answer:?}"
                );
            }
            *(if answer.contains_key(&None) { &mut refused } else { &mut carried_out }) += 1;
        }
    }
    println!("commands carried out: {carried_out}, refused: {refused}");
    assert!(carried_out > 0 && refused > 0, "carried out {carried_out}, refused {refused}");
}

fn calm() -> World {
    let mut world = World::new();
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    let json = alert_json(1, world.broker.now_millis());
    world.produce(json.as_bytes());
    world.settle();
    world
}

#[test]
fn a_refused_command_is_a_dead_letter_that_can_be_sent_again() {
    let mut world = calm();
    let incident = *world.snapshots().keys().next().expect("the alert founded one");
    let command = format!(
        r#"{{"id":"c-1","tenant":"tenant-1","author":"ann","expectedVersion":7,"action":"resolve","incident":"{incident}"}}"#
    );
    world.tell(COMMANDS, None, Some(&command));
    world.settle();
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    let told = |name| header(&letters[0], name);
    assert_eq!(told("braid.error.reason"), Some("version_mismatch"));
    assert_eq!((told("braid.command.id"), told("braid.command.action")), (Some("c-1"), Some("resolve")));
    assert_eq!(
        (told("braid.command.author"), told("braid.error.format")),
        (Some("ann"), Some("braid-command-avro"))
    );
    assert!(told("braid.error.detail").is_some_and(|detail| detail.contains("people.commands/0, offset 0")));
    let value = letters[0].value.as_deref().expect("it has one");
    let again = braid_wire::own::command_from_avro(value).expect("it is a command");
    assert_eq!((&*again.id, again.expected_version), ("c-1", Some(7)));
    let text = world.seats[1].around.metrics.render();
    let counted = "braid_commands_total{action=\"resolve\",outcome=\"version_mismatch\"} 1\n";
    assert!(text.contains(counted), "{text}");
}

#[test]
fn a_command_is_answered_by_the_change_that_names_it() {
    let mut world = calm();
    let incident = *world.snapshots().keys().next().expect("the alert founded one");
    let command = format!(
        r#"{{"id":"c-1","tenant":"tenant-1","author":"ann","reason":"mine","action":"assign","incident":"{incident}","assignee":"ann"}}"#
    );
    world.tell(COMMANDS, None, Some(&command));
    world.settle();
    let change =
        world.events().remove(&incident).and_then(|changes| changes.last().cloned()).expect("it has changed");
    let reference = change.command.expect("it answers the command");
    assert_eq!(
        (&*reference.id, &*reference.author, reference.reason.as_deref()),
        ("c-1", "ann", Some("mine"))
    );
    let snapshot = world.snapshots().remove(&incident).and_then(|s| s.last().cloned()).expect("there is one");
    assert_eq!(snapshot.assignee.as_deref(), Some("ann"));
    assert_eq!(world.dead_letters(), []);
}

#[test]
fn what_a_directory_says_reaches_the_state_and_a_tombstone_takes_it_back() {
    let mut world = calm();
    let record = r#"{"kind":"user","onPremises":true,"sid":"S-1-5-21-1-2-3-9","upn":"user3@contoso.azure","tags":["sensitive"]}"#;
    let listed = |world: &World| {
        let metrics = &world.seats[1].around.metrics;
        ["listed", "changed", "removed"].map(|outcome| {
            let series = format!("braid_directory_records_total{{outcome=\"{outcome}\"}} ");
            let text = metrics.render();
            text.lines().find_map(|line| line.strip_prefix(&series).map(str::to_owned)).unwrap_or_default()
        })
    };
    world.tell(DIRECTORY, Some("tenant-1/guid-3"), Some(record));
    world.settle();
    assert_eq!(listed(&world), ["1", "0", "0"]);
    world.tell(DIRECTORY, Some("tenant-1/guid-3"), Some(&record.replace("sensitive", "honeytoken")));
    world.tell(DIRECTORY, Some("tenant-1/guid-3"), None);
    world.settle();
    assert_eq!(listed(&world), ["1", "1", "1"]);
    assert_eq!(world.dead_letters(), []);
    world.assert_as_replayed();
}

#[test]
fn a_directory_record_that_names_nobody_is_a_dead_letter() {
    let mut world = calm();
    let record = r#"{"kind":"user","onPremises":true,"samAccountName":"SYSTEM","domain":"NT AUTHORITY"}"#;
    world.tell(DIRECTORY, Some("tenant-1/guid-9"), Some(record));
    world.settle();
    let letters = world.dead_letters();
    let told: Vec<_> =
        letters.iter().map(|l| (header(l, "braid.error.reason"), header(l, "braid.error.format"))).collect();
    assert_eq!(told, [(Some("names_nobody"), Some("braid-directory-avro"))]);
}
