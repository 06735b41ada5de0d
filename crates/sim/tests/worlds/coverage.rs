//! The worlds hold what they are to show: a rule that no world touches would agree with anything.

use std::collections::BTreeMap;

use braid_alert::{Action, ChangeReason, OpenReason};
use braid_engine::{
    CommandRefused, DirectoryOutcome, DirectoryRejected, Effect, MergeRefused, Partition, RejectReason,
    Unchanged,
};

use crate::draw::World;
use crate::seeds;

/// What cannot happen in a small world: bytes are not drawn, and these bounds are far away.
const OUT_OF_REACH: [&str; 6] = [
    "rejected: too_large",
    "changed: evicted",
    "merge refused: bytes_max",
    "directory rejected: bytes_max",
    "command refused: rulings_max",
    // Four objects of one user, and a fifth.
    "directory rejected: listings_max",
];

#[test]
fn everything_that_the_engine_can_answer_is_answered_in_some_world() {
    if seeds().count() < 1_000 {
        return;
    }
    let mut answers = BTreeMap::new();
    for seed in seeds().take(3_000) {
        play(&World::draw(seed), &mut answers);
    }
    let missing: Vec<String> =
        expected().into_iter().filter(|answer| !answers.contains_key(answer)).collect();
    let missing: Vec<&str> =
        missing.iter().map(|answer| &**answer).filter(|a| !OUT_OF_REACH.contains(a)).collect();
    assert!(missing.is_empty(), "no world has\n{}\nof {answers:#?}", missing.join("\n"));
}

fn play(world: &World, answers: &mut BTreeMap<String, usize>) {
    let mut partition = Partition::new(world.settings.clone());
    let mut effects = Vec::new();
    for input in &world.inputs {
        partition.apply(input.clone(), &mut effects);
    }
    let mut count = |answer| *answers.entry(answer).or_insert(0) += 1;
    effects.iter().map(tell).for_each(&mut count);
    partition.drain_changes();
    for (tenant, id) in partition.incident_ids() {
        let Some(incident) = partition.incident(&tenant, id) else { continue };
        count(format!("opened: {}", incident.opened));
        incident.floods.iter().for_each(|_| count("a flood".into()));
    }
}

/// The kind of an answer.
fn tell(effect: &Effect) -> String {
    match effect {
        Effect::Incident(change) => format!("changed: {}", change.reason),
        Effect::Unchanged(why) => format!("unchanged: {why}"),
        Effect::Reject { reason, .. } => format!("rejected: {reason}"),
        Effect::Commanded { action, .. } => format!("done: {action}"),
        Effect::CommandRefused { reason, .. } => format!("command refused: {reason}"),
        Effect::Directory { outcome, .. } => format!("directory: {outcome}"),
        Effect::DirectoryRejected { reason, .. } => format!("directory rejected: {reason}"),
        Effect::MergeRefused { reason, .. } => format!("merge refused: {reason}"),
        Effect::HubDemoted { .. } => "a hub".into(),
        Effect::IdentityConflict { .. } => "a conflict".into(),
        Effect::RuleFired { .. } | Effect::RuleLimited { .. } => "a rule".into(),
    }
}

fn expected() -> Vec<String> {
    let mut all: Vec<String> = ["a hub", "a conflict", "a flood"].map(Into::into).into();
    all.extend(ChangeReason::KNOWN.iter().map(|reason| format!("changed: {reason}")));
    all.extend(OpenReason::KNOWN.iter().map(|reason| format!("opened: {reason}")));
    all.extend(Unchanged::ALL.iter().map(|why| format!("unchanged: {why}")));
    all.extend(RejectReason::ALL.iter().map(|reason| format!("rejected: {reason}")));
    all.extend(Action::NAMES.iter().map(|action| format!("done: {action}")));
    all.extend(CommandRefused::ALL.iter().map(|reason| format!("command refused: {reason}")));
    all.extend(DirectoryOutcome::ALL.iter().map(|outcome| format!("directory: {outcome}")));
    all.extend(DirectoryRejected::ALL.iter().map(|reason| format!("directory rejected: {reason}")));
    all.extend(MergeRefused::ALL.iter().map(|reason| format!("merge refused: {reason}")));
    all
}
