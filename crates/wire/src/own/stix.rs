use braid_alert::EventTime;
use serde::Serialize;

use crate::{Observable, ObservableKind, Pattern, StixIndicator, StixObject, StixSaid, json};

/// Writes what was understood of an object of threat intelligence as compact JSON, for people and scripts: what it is,
/// which, and of an indicator what is looked for (`looks_for`: a `kind` and a `value`, or `all` or `any` of several).
pub fn stix_to_json(object: &StixObject) -> Vec<u8> {
    let said = match &object.said {
        // Only the id says of what kind it was.
        StixSaid::Revoked => Said::Revoked { revoked: true },
        StixSaid::Indicator(indicator) => Said::Indicator(indicator_line(indicator)),
        StixSaid::Party(party) => Said::Party { name: &party.name, motivation: party.motivation.as_deref() },
        StixSaid::Relationship { kind, source, target } => {
            Said::Relationship { relationship: kind.as_str(), source, target }
        }
    };
    let kind = match &object.said {
        StixSaid::Revoked => object.id.split_once("--").map_or("", |(kind, _)| kind),
        StixSaid::Indicator(_) => "indicator",
        StixSaid::Party(party) => party.kind.as_str(),
        StixSaid::Relationship { .. } => "relationship",
    };
    json::to_json(&Line { kind, id: &object.id, modified: object.modified, said })
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "is_unsaid")]
    modified: EventTime,
    #[serde(flatten)]
    said: Said<'a>,
}

/// An object need not say when it was changed.
fn is_unsaid(time: &EventTime) -> bool {
    *time == EventTime::default()
}

#[derive(Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Revoked {
        revoked: bool,
    },
    Indicator(IndicatorLine<'a>),
    Party {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        motivation: Option<&'a str>,
    },
    Relationship {
        relationship: &'static str,
        source: &'a str,
        target: &'a str,
    },
}

#[derive(Serialize)]
struct IndicatorLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    looks_for: LooksFor<'a>,
    valid_from: EventTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<&'a str>,
}

fn indicator_line(indicator: &StixIndicator) -> IndicatorLine<'_> {
    IndicatorLine {
        name: indicator.name.as_deref(),
        looks_for: looks_for(&indicator.pattern),
        valid_from: indicator.valid_from,
        valid_until: indicator.valid_until,
        confidence: indicator.confidence,
        intent: indicator.intent.as_deref(),
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum LooksFor<'a> {
    One { kind: &'static str, value: &'a str },
    All { all: Vec<LooksFor<'a>> },
    Any { any: Vec<LooksFor<'a>> },
}

/// Goes no deeper than the pattern's parentheses, which is bounded.
fn looks_for(pattern: &Pattern) -> LooksFor<'_> {
    match pattern {
        Pattern::Names(Observable { kind, value }) => LooksFor::One { kind: word(*kind), value },
        Pattern::All(parts) => LooksFor::All { all: parts.iter().map(looks_for).collect() },
        Pattern::Any(parts) => LooksFor::Any { any: parts.iter().map(looks_for).collect() },
    }
}

const fn word(kind: ObservableKind) -> &'static str {
    match kind {
        ObservableKind::Address => "address",
        ObservableKind::Network => "network",
        ObservableKind::Domain => "domain",
        ObservableKind::Url => "url",
        ObservableKind::File => "hash",
    }
}
