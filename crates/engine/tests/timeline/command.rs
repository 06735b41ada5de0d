//! Commands as lines of a timeline.
//!
//! ```text
//! 10:30 ann assign #1 to bob in soc        to nobody: of
//! 10:31 ann classify #1 truePositive malware expects v3
//! 10:32 ann comment #1 "Looks bad"
//! 10:33 ann tag #1 +urgent -new
//! 10:34 ann resolve #1                     reopen #1
//! 10:35 ann merge #2 into #1
//! 10:36 ann split #1 mde/a2 mde/a3
//! 10:37 ann move #1 mde/a2 to #3
//! 10:38 ann link mde/a1 mde/a2             unlink mde/a1 mde/a2
//! 10:39 ann unite user:contoso\jeffl user:S-1-5-21-1-2-3-1104       part … …
//! 10:40 ann exclude host:scanner.contoso.azure                      include …
//! 10:41 ann mark user:contoso\jeffl +sensitive -new
//! ```
//!
//! The id of a command is `c` and its number, or what is said by `as`.

use std::collections::BTreeMap;

use braid_alert::{
    Action, AlertId, AlertKey, Classification, Command, Determination, EntityKind, Identifier, IncidentId,
    Origin, Pair, SourceTime, Tenant,
};
use uuid::Uuid;

/// What a command looks like in a timeline.
const VERBS: [&str; 16] = [
    "assign", "classify", "comment", "tag", "resolve", "reopen", "merge", "split", "move", "link", "unlink",
    "unite", "part", "exclude", "include", "mark",
];

/// Reads a line as a command, if it is one. `numbers` are the incidents as the timeline calls them.
pub(super) fn parse(line: &str, numbers: &BTreeMap<IncidentId, usize>, number: usize) -> Option<Command> {
    let (line, text) = match line.split_once('"') {
        Some((line, text)) => (line, text.strip_suffix('"')?),
        None => (line, ""),
    };
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let [time, author, verb, ..] = words[..] else { return None };
    if !VERBS.contains(&verb) {
        return None;
    }
    let expected_version =
        option(&mut words, "expects").map(|version| version.trim_start_matches('v').parse().unwrap());
    let id = option(&mut words, "as").map_or_else(|| format!("c{number}"), str::to_owned);
    let tenant = option(&mut words, "of").unwrap_or("t");
    Some(Command {
        tenant: Tenant::new(tenant),
        id: id.into(),
        author: author.into(),
        reason: None,
        expected_version,
        action: action(verb, &words[3..], text, numbers),
        origin: origin(super::instant(time)),
    })
}

/// Takes a word with its value out of a line.
fn option<'a>(words: &mut Vec<&'a str>, name: &str) -> Option<&'a str> {
    let place = words.iter().position(|word| *word == name)?;
    words.remove(place);
    Some(words.remove(place))
}

fn action(verb: &str, words: &[&str], text: &str, numbers: &BTreeMap<IncidentId, usize>) -> Action {
    let incident = |word: &str| {
        let number: usize = word.trim_start_matches('#').parse().unwrap();
        let known = numbers.iter().find(|(_, n)| **n == number);
        known.map_or(IncidentId::from_uuid(Uuid::from_u128(number as u128)), |(id, _)| *id)
    };
    let after = |name: &str| words.iter().position(|w| *w == name).and_then(|place| words.get(place + 1));
    let alerts = || words.iter().filter(|word| word.contains('/')).map(|word| alert(word)).collect();
    let pair = || Pair::Alerts(alert(words[0]), alert(words[1]));
    let tags = |sign: char| words.iter().filter_map(|w| w.strip_prefix(sign)).map(Into::into).collect();
    match verb {
        "assign" => Action::Assign {
            incident: incident(words[0]),
            assignee: after("to").map(|w| (*w).into()),
            group: after("in").map(|w| (*w).into()),
        },
        "classify" => Action::Classify {
            incident: incident(words[0]),
            classification: words.get(1).map(|w| Classification::from_text(w)),
            determination: words.get(2).map(|w| Determination::from_text(w)),
        },
        "comment" => Action::Comment { incident: incident(words[0]), text: text.into() },
        "tag" => Action::Tag { incident: incident(words[0]), add: tags('+'), remove: tags('-') },
        "resolve" => Action::Resolve { incident: incident(words[0]) },
        "reopen" => Action::Reopen { incident: incident(words[0]) },
        "merge" => Action::Merge { incident: incident(after("into").unwrap()), from: incident(words[0]) },
        "split" => Action::Split { incident: incident(words[0]), alerts: alerts() },
        "move" => Action::Move {
            incident: incident(words[0]),
            alerts: alerts(),
            to: incident(after("to").unwrap()),
        },
        "link" => Action::MustLink(pair()),
        "unlink" => Action::CannotLink(pair()),
        "unite" => Action::MustLink(Pair::Entities(entity(words[0]), entity(words[1]))),
        "part" => Action::CannotLink(Pair::Entities(entity(words[0]), entity(words[1]))),
        "mark" => Action::TagEntity { entity: entity(words[0]), add: tags('+'), remove: tags('-') },
        _ => Action::Exclude { entity: entity(words[0]), excluded: verb == "exclude" },
    }
}

fn alert(word: &str) -> AlertKey {
    let (provider, id) = word.split_once('/').unwrap();
    AlertKey { provider: super::provider(provider), id: AlertId::new(id) }
}

/// A name of an entity, written as in evidence.
fn entity(word: &str) -> Identifier {
    let (kind, name) = word.split_once(':').unwrap();
    super::identifier(&EntityKind::from_text(kind), name)
}

fn origin(at: i64) -> Origin {
    Origin {
        source: "test".into(),
        topic: "commands".into(),
        partition: 0,
        offset: 0,
        element: 0,
        source_time: SourceTime::from_micros(at),
        source_time_capped: false,
    }
}
