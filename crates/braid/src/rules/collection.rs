//! All rules of all files together: who refers to whom, which raise alerts, and in which order the engine takes them.

use braid_engine::{Correlation, Counted, Field, Rule, RuleKind};

use super::correlation::{Alias, CorrelationDraft, Kind, Reference};
use super::document::{Notes, unknown};
use super::{Draft, DraftKind, selection};

/// Makes rules of the drafts, each after those that it refers to. What is wrong is left out and noted.
pub(super) fn assemble(drafts: Vec<Draft>, notes: &mut [Notes]) -> Vec<Rule> {
    check_names(&drafts, notes);
    let references = follow(&drafts, notes);
    let generated = generated(&drafts, &references);
    let mut order = Order {
        references: &references,
        drafts: &drafts,
        state: vec![State::New; drafts.len()],
        done: Vec::new(),
    };
    for place in 0..drafts.len() {
        order.visit(place, notes);
    }
    let order = order.done;
    let place_of = |draft: usize| order.iter().position(|&other| other == draft);
    let mut rules = Vec::new();
    for &draft in &order {
        let places = references[draft].iter().map(|r| r.and_then(place_of)).collect::<Option<Vec<_>>>();
        rules.extend(rule(&drafts[draft], places, generated[draft], &drafts, notes));
    }
    rules
}

/// By an id or a name one rule is meant.
fn check_names(drafts: &[Draft], notes: &mut [Notes]) {
    for (place, draft) in drafts.iter().enumerate() {
        let called = [&draft.header.id, &draft.header.name].into_iter().flatten();
        for called in called {
            if drafts[..place].iter().any(|other| other.header.is_called(called)) {
                let message = format!("another rule is called `{called}` already");
                notes[draft.file].put(draft.header.place.clone(), String::new(), message);
            }
        }
    }
}

/// The drafts that each draft refers to; `None` for a reference that leads nowhere.
fn follow(drafts: &[Draft], notes: &mut [Notes]) -> Vec<Vec<Option<usize>>> {
    let names: Vec<&str> =
        drafts.iter().flat_map(|d| [&d.header.name, &d.header.id]).flatten().map(String::as_str).collect();
    let mut all = Vec::new();
    for draft in drafts {
        let DraftKind::Correlation(correlation) = &draft.kind else {
            all.push(Vec::new());
            continue;
        };
        let found = correlation.rules.iter().map(|reference| {
            let found = drafts.iter().position(|other| other.header.is_called(&reference.word));
            if found.is_none() {
                let message = if names.is_empty() {
                    "there is no such rule".to_owned()
                } else {
                    unknown(&reference.word, names.iter().copied()).replace("there is no", "there is no rule")
                };
                reference.fault(message, &mut notes[draft.file]);
            }
            found
        });
        all.push(found.collect());
    }
    all
}

/// Which rules raise alerts: those that nobody refers to, and those that somebody who refers to them wants to.
fn generated(drafts: &[Draft], references: &[Vec<Option<usize>>]) -> Vec<bool> {
    let mut raises: Vec<bool> = vec![true; drafts.len()];
    let mut wanted: Vec<bool> = vec![false; drafts.len()];
    for (draft, references) in drafts.iter().zip(references) {
        let DraftKind::Correlation(correlation) = &draft.kind else { continue };
        for &place in references.iter().flatten() {
            raises[place] = false;
            wanted[place] |= correlation.generate;
        }
    }
    raises.iter().zip(wanted).map(|(&raises, wanted)| raises || wanted).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// Depth first: a rule is done when those that it refers to are.
struct Order<'d> {
    references: &'d [Vec<Option<usize>>],
    drafts: &'d [Draft],
    state: Vec<State>,
    done: Vec<usize>,
}

impl Order<'_> {
    fn visit(&mut self, place: usize, notes: &mut [Notes]) {
        match self.state[place] {
            State::Done => return,
            State::Open => {
                let draft = &self.drafts[place];
                let message = format!(
                    "`{}` refers to itself, by way of the rules that it refers to",
                    draft.header.key()
                );
                return notes[draft.file].put(
                    draft.header.place.clone(),
                    "correlation.rules".to_owned(),
                    message,
                );
            }
            State::New => {}
        }
        self.state[place] = State::Open;
        for &referred in self.references[place].iter().flatten() {
            self.visit(referred, notes);
        }
        self.state[place] = State::Done;
        self.done.push(place);
    }
}

fn rule(
    draft: &Draft,
    places: Option<Vec<usize>>,
    raises: bool,
    drafts: &[Draft],
    notes: &mut [Notes],
) -> Option<Rule> {
    let kind = match &draft.kind {
        DraftKind::Detection(detection) => RuleKind::Detection(detection.detection.clone()?),
        DraftKind::Correlation(correlation) => {
            RuleKind::Correlation(compile(correlation, places, drafts, &mut notes[draft.file])?)
        }
    };
    let header = &draft.header;
    Some(Rule {
        id: header.key().into(),
        title: header.title.as_str().into(),
        severity: header.severity.clone(),
        phase: header.phase.clone(),
        techniques: header.techniques.clone(),
        raises,
        kind,
    })
}

fn compile(
    draft: &CorrelationDraft,
    places: Option<Vec<usize>>,
    drafts: &[Draft],
    notes: &mut Notes,
) -> Option<Correlation> {
    check_aliases(draft, drafts, notes);
    let group_by: Vec<Option<Vec<Field>>> =
        draft.group_by.iter().map(|reference| fields(reference, draft, drafts, notes)).collect();
    let kind = draft.kind?;
    let counts = counted(kind, draft, drafts, notes);
    let bounds = bounds(kind, draft, drafts, notes);
    let (at_least, at_most) = bounds?;
    Some(Correlation {
        counts: counts?,
        rules: places?,
        group_by: group_by.into_iter().collect::<Option<_>>()?,
        timespan: draft.timespan?,
        at_least,
        at_most,
    })
}

fn counted(kind: Kind, draft: &CorrelationDraft, drafts: &[Draft], notes: &mut Notes) -> Option<Counted> {
    match (kind, &draft.condition.field) {
        (Kind::ValueCount, Some(field)) => fields(field, draft, drafts, notes).map(Counted::Values),
        (Kind::ValueCount, None) => {
            if let Some((place, path)) = draft.condition.place.clone().filter(|_| !draft.condition.is_faulty)
            {
                notes.put(
                    place,
                    format!("{path}.field"),
                    "is missing: the field whose values are counted".into(),
                );
            }
            None
        }
        (_, Some(field)) => {
            field.fault("only `value_count` counts the values of a field", notes);
            None
        }
        (Kind::EventCount, None) => Some(Counted::Alerts),
        (Kind::Temporal, None) => Some(Counted::Rules),
        (Kind::TemporalOrdered, None) => Some(Counted::Sequence),
    }
}

/// From how many on it holds, and up to how many.
fn bounds(
    kind: Kind,
    draft: &CorrelationDraft,
    drafts: &[Draft],
    notes: &mut Notes,
) -> Option<(u32, Option<u32>)> {
    let condition = &draft.condition;
    let all = draft.rules.len() as u32;
    if condition.is_faulty || all == 0 {
        return None;
    }
    let mut fault = |message: String| {
        let (place, path) = condition.place.clone().expect("what is wrong with a condition is there");
        notes.put(place, path, message);
    };
    if let Some(names) = &condition.all_of {
        let named = |reference: &Reference| names.iter().any(|name| is_same(name, &reference.word, drafts));
        let known =
            |name: &String| draft.rules.iter().any(|reference| is_same(name, &reference.word, drafts));
        if !draft.rules.iter().all(named) || !names.iter().all(known) {
            fault("it must name each of `rules`, and no other: all of them have to match".into());
            return None;
        }
        return Some((all, None));
    }
    let at_least = condition.at_least.unwrap_or(all);
    if matches!(kind, Kind::Temporal | Kind::TemporalOrdered) && at_least > all {
        fault(format!("it refers to {all} rules, so no more than {all} can match"));
        return None;
    }
    if kind == Kind::TemporalOrdered && at_least != all {
        fault(format!(
            "an order is only known of all {all} rules: leave the condition out, or say `gte: {all}`"
        ));
        return None;
    }
    Some((at_least, condition.at_most))
}

/// Whether two references mean one rule.
fn is_same(a: &str, b: &str, drafts: &[Draft]) -> bool {
    a == b || drafts.iter().any(|draft| draft.header.is_called(a) && draft.header.is_called(b))
}

/// The field that a word means in the matches of each rule.
fn fields(
    reference: &Reference,
    draft: &CorrelationDraft,
    drafts: &[Draft],
    notes: &mut Notes,
) -> Option<Vec<Field>> {
    let own = selection::field(&reference.word);
    let Some(alias) = draft.aliases.iter().find(|alias| alias.name == reference.word) else {
        return match own {
            Ok(field) => Some(vec![field; draft.rules.len()]),
            Err(message) => {
                let names = draft.aliases.iter().map(|alias| alias.name.as_str());
                let near = crate::config::fault::near_miss(&reference.word, names);
                let message = near.map_or(message, |near| {
                    format!("there is no field or alias `{}`; did you mean `{near}`?", reference.word)
                });
                reference.fault(message, notes);
                None
            }
        };
    };
    let mut all = Vec::new();
    for rule in &draft.rules {
        let of_rule = alias.fields.iter().find(|(name, _)| is_same(&name.word, &rule.word, drafts));
        match (of_rule, &own) {
            (Some((_, field)), _) => all.push(field.clone()?),
            (None, Ok(field)) => all.push(field.clone()),
            (None, Err(_)) => {
                let message = format!(
                    "the alias `{}` does not say which field it is in rule `{}`",
                    alias.name, rule.word
                );
                reference.fault(message, notes);
                return None;
            }
        }
    }
    Some(all)
}

/// Aliases speak of rules that the correlation refers to.
fn check_aliases(draft: &CorrelationDraft, drafts: &[Draft], notes: &mut Notes) {
    let names = || draft.rules.iter().map(|rule| rule.word.as_str());
    let rules = draft.aliases.iter().flat_map(|Alias { fields, .. }| fields).map(|(rule, _)| rule);
    for rule in rules.filter(|rule| !names().any(|name| is_same(name, &rule.word, drafts))) {
        let message = unknown(&rule.word, names()).replace("there is no", "`rules` has no");
        rule.fault(message, notes);
    }
}
