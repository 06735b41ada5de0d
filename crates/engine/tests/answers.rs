//! Every answer that there is has a small world that gives it: each command, each refusal, each guard, each rejection. The
//! matches are exhaustive, so that a new reason does not compile before it has its world. What a command does, and what
//! each refusal leaves as it was, stands in `commands`; what directories and alerts are, in `identity` and `lifecycle`.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(dead_code, reason = "the timelines of other tests say more")]

mod timeline;

use braid_alert::{Action, Span};
use braid_engine::{Caps, CommandRefused, DirectoryRejected, MergeRefused, RejectReason, Settings};
use timeline::play_with;

/// Two incidents: of one alert, and of two.
const TWO: &str = r#"
    10:00 mde/a1 "Mimikatz" impacted=host:a.contoso.azure
    10:01 mde/b1 "PsExec used remotely" impacted=host:b.contoso.azure
    10:01 mde/b2 "Rubeus" impacted=host:b.contoso.azure impacted=user:contoso\bob
"#;

/// Plays with the shipped settings, or with other caps; returns the last line of the answer.
fn last_answer(caps: Caps, timeline: &str) -> String {
    let out = play_with(Settings { caps, ..Settings::default() }, timeline);
    out.lines().last().unwrap().to_owned()
}

/// The line of a timeline that this action stands for, and lines before it that it needs.
fn line_of(action: &str) -> (&'static str, &'static str) {
    match action {
        "assign" => ("", "ann assign #1 to bob in soc"),
        "classify" => ("", "ann classify #1 truePositive malware"),
        "comment" => ("", r#"ann comment #1 "Seen this before""#),
        "tag" => ("", "ann tag #1 +urgent"),
        "resolve" => ("", "ann resolve #1"),
        "reopen" => ("10:29 ann resolve #1", "ann reopen #1"),
        "merge" => ("", "ann merge #2 into #1"),
        "split" => ("", "ann split #2 mde/b2"),
        "move" => ("", "ann move #2 mde/b2 to #1"),
        "mustLink" => ("", "ann link mde/a1 mde/b1"),
        "cannotLink" => ("", "ann unlink mde/a1 mde/b1"),
        "excludeEntity" => ("", "ann exclude host:a.contoso.azure"),
        "tagEntity" => ("", "ann mark host:a.contoso.azure +jumpHost"),
        other => panic!("the command {other} has no world yet"),
    }
}

#[test]
fn each_command_is_carried_out_and_says_so() {
    for action in Action::NAMES {
        let (before, line) = line_of(action);
        let answer = last_answer(Caps::default(), &format!("{TWO}{before}\n10:30 {line}"));
        assert!(
            answer.starts_with(&format!("{action} c")) && answer.ends_with(": done"),
            "{action}: {answer}"
        );
    }
}

/// Lines at the end of which a command is refused for this reason.
fn refusing(reason: CommandRefused) -> String {
    let line = match reason {
        CommandRefused::UnknownIncident => "10:30 ann resolve #7",
        CommandRefused::VersionMismatch => "10:30 ann resolve #2 expects v1",
        CommandRefused::UnknownAlert => "10:30 ann split #2 mde/z9",
        CommandRefused::NotInIncident => "10:30 ann split #2 mde/a1",
        CommandRefused::AllAlerts => "10:30 ann split #2 mde/b1 mde/b2",
        CommandRefused::SameIncident => "10:30 ann merge #2 into #2",
        CommandRefused::Closed => "10:29 ann resolve #1\n10:30 ann merge #2 into #1",
        CommandRefused::Assignee => {
            "10:28 ann assign #1 to ann\n10:29 ann assign #2 to bob\n10:30 ann merge #2 into #1"
        }
        CommandRefused::Verdict => {
            "10:28 ann classify #1 truePositive\n10:29 ann classify #2 falsePositive\n10:30 ann merge #2 into #1"
        }
        CommandRefused::TooLarge => return crowded("10:30 ann merge #2 into #1"),
        CommandRefused::CannotLink => "10:29 ann unlink mde/a1 mde/b1\n10:30 ann merge #2 into #1",
        CommandRefused::KindMismatch => r"10:30 ann unite user:contoso\bob host:b.contoso.azure",
        CommandRefused::NamesNobody => "10:30 ann exclude user:S-1-5-18",
        CommandRefused::NamesContradict => {
            "10:30 ann unite user:S-1-5-21-1-2-3-1104 user:S-1-5-21-1-2-3-1105"
        }
        CommandRefused::RulingsMax => return ruled(),
        CommandRefused::NothingToDo => "10:30 ann reopen #1",
        CommandRefused::TooLong => {
            return format!("{TWO}10:30 ann comment #1 \"{}\"", "x".repeat(5_000));
        }
    };
    format!("{TWO}{line}")
}

/// Alerts that say so much that their incidents are too large together.
fn crowded(line: &str) -> String {
    let title = "t".repeat(200_000);
    format!(
        "10:00 mde/a1 \"{title}\" impacted=host:a.contoso.azure\n10:01 mde/b1 \"{title}\" impacted=host:b.contoso.azure\n{line}"
    )
}

/// As many accounts that somebody ruled about as may be, and one more.
fn ruled() -> String {
    (0..=10_000).map(|n| format!("10:30 ann exclude user:contoso\\u{n}\n")).collect()
}

#[test]
fn each_reason_to_refuse_a_command_is_given() {
    for &reason in CommandRefused::ALL {
        let answer = last_answer(Caps { incident_bytes_max: 300_000, ..Caps::default() }, &refusing(reason));
        assert!(answer.ends_with(&format!(": refused, {reason}")), "{reason}: {answer}");
        assert!(!reason.explain().is_empty());
    }
}

/// What stands before the bridge, and the caps that hold, for two incidents to stay two for this reason.
fn keeping_apart(reason: MergeRefused) -> (&'static str, Caps) {
    let caps = Caps::default();
    match reason {
        // An activity from before the resolution still joins, so the bridge is as old as that.
        MergeRefused::Closed => ("10:25 ann resolve #1", caps),
        MergeRefused::Assignee => ("10:10 ann assign #1 to ann\n10:10 ann assign #2 to bob", caps),
        MergeRefused::Classification => {
            ("10:10 ann classify #1 truePositive\n10:10 ann classify #2 falsePositive", caps)
        }
        MergeRefused::Determination => {
            ("10:10 ann classify #1 truePositive malware\n10:10 ann classify #2 truePositive phishing", caps)
        }
        MergeRefused::CannotLink => ("10:10 ann unlink mde/a1 mde/b1", caps),
        MergeRefused::AlertsMax => ("", Caps { incident_alerts_max: 2, ..caps }),
        MergeRefused::EntitiesMax => ("", Caps { incident_entities_max: 2, ..caps }),
        MergeRefused::BytesMax => ("", Caps { incident_bytes_max: 5_000, ..caps }),
        MergeRefused::SpanMax => ("", Caps { incident_span_max: Span::minutes(19), ..caps }),
    }
}

#[test]
fn each_guard_keeps_two_incidents_two_and_says_why() {
    let two = r#"
        10:00 mde/a1 "Mimikatz" impacted=host:a.contoso.azure impacted=user:contoso\ann
        10:01 mde/b1 "PsExec used remotely" impacted=host:b.contoso.azure
    "#;
    let bridge = r#"10:20 mde/c1 "Suspicious service" impacted=host:a.contoso.azure impacted=host:b.contoso.azure arrives=10:26"#;
    for &reason in MergeRefused::ALL {
        let (before, caps) = keeping_apart(reason);
        let out = play_with(Settings { caps, ..Settings::default() }, &format!("{two}{before}\n{bridge}"));
        assert!(out.contains(&format!("stay two: {reason}\n")), "{reason}: {out}");
        let unguarded = play_with(Settings::default(), &format!("{two}{bridge}"));
        assert!(unguarded.contains("mergedFrom"), "without a reason the two are one: {unguarded}");
    }
}

#[test]
fn each_reason_to_reject_an_alert_is_given() {
    for &reason in RejectReason::ALL {
        let caps = match reason {
            RejectReason::TooManyEntities => Caps { incident_entities_max: 1, ..Caps::default() },
            RejectReason::TooLarge => Caps { incident_bytes_max: 100, ..Caps::default() },
        };
        let alert = r#"10:00 mde/a1 "Mimikatz" impacted=host:a.contoso.azure impacted=user:contoso\ann"#;
        assert_eq!(last_answer(caps, alert), format!("rejected a1: {reason}"));
        assert!(!reason.explain().is_empty());
    }
}

#[test]
fn each_reason_to_reject_a_directory_record_is_given() {
    let jeffl = r"user:S-1-5-21-1-2-3-1104+contoso\jeffl";
    for &reason in DirectoryRejected::ALL {
        let mut settings = Settings::default();
        let timeline = match reason {
            DirectoryRejected::NamesNobody => "10:00 directory user:S-1-5-18 object=o1".to_owned(),
            DirectoryRejected::EntriesMax => {
                settings.directory_entries_max = 1;
                format!(
                    "10:00 directory {jeffl} object=o1\n10:00 directory user:S-1-5-21-1-2-3-1105 object=o2"
                )
            }
            DirectoryRejected::BytesMax => {
                settings.state_bytes_max = 600;
                format!("10:00 directory {jeffl} object=o1")
            }
            DirectoryRejected::ListingsMax => {
                (1..=5).map(|n| format!("10:00 directory {jeffl} object=o{n}\n")).collect()
            }
        };
        let out = play_with(settings, &timeline);
        assert!(out.ends_with(&format!(": rejected, {reason}\n")), "{reason}: {out}");
        assert!(!reason.explain().is_empty());
    }
}
