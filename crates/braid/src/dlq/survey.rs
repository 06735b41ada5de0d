use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use braid_log::Record;
use braid_wire::dead_letter::{Told, receipt_of};

use super::place;
use crate::cli::{LetterFilter, LetterPlace};

/// Which dead letters are meant.
#[derive(Debug, Default)]
pub(super) struct Selection {
    sources: Vec<String>,
    reasons: Vec<String>,
    /// In lower case.
    detail: Option<String>,
    since_millis: Option<i64>,
    /// Only these; all if there are none.
    pub(super) places: BTreeSet<LetterPlace>,
}

impl Selection {
    pub(super) fn new(filter: &LetterFilter, places: &[LetterPlace], now_millis: i64) -> Self {
        Self {
            sources: filter.source.clone(),
            reasons: filter.reason.clone(),
            detail: filter.detail.as_ref().map(|text| text.to_lowercase()),
            since_millis: filter.since.map(|since| since.millis(now_millis)),
            places: places.iter().copied().collect(),
        }
    }

    fn takes(&self, place: LetterPlace, at_millis: i64, told: &Told<'_>) -> bool {
        let among = |wanted: &[String], word: &str| wanted.is_empty() || wanted.iter().any(|w| w == word);
        among(&self.sources, told.source)
            && among(&self.reasons, told.reason)
            && self.detail.as_ref().is_none_or(|text| told.detail.to_lowercase().contains(text))
            && self.since_millis.is_none_or(|since| at_millis >= since)
            && (self.places.is_empty() || self.places.contains(&place))
    }
}

/// The record that a dead letter is about: topic, partition, offset.
pub(super) type RecordPlace = (Arc<str>, i32, i64);

/// What is kept of each dead letter at the first reading: little, for there may be many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    /// When it was written, in milliseconds since 1970 in UTC.
    pub(super) at_millis: i64,
    pub(super) place: LetterPlace,
    pub(super) of: RecordPlace,
    pub(super) element: i32,
    pub(super) reason: Arc<str>,
    pub(super) selected: bool,
}

/// The first reading of the dead-letter topic.
#[derive(Debug, Default)]
pub(super) struct Survey {
    letters: Vec<Sighting>,
    /// When each was replayed, in milliseconds since 1970 in UTC.
    replayed: BTreeMap<LetterPlace, i64>,
    /// Records that are neither a dead letter of braid's nor a receipt.
    pub(super) strangers: u64,
    /// Topics and reasons, which are few and stand on every letter.
    words: BTreeSet<Arc<str>>,
}

impl Survey {
    pub(super) fn take(&mut self, record: &Record, selection: &Selection) {
        let (place, at_millis) = (place(record), record.timestamp_millis);
        if let Some(told) = Told::read(&record.headers) {
            let of = (self.word(told.topic), told.partition, told.offset);
            let reason = self.word(told.reason);
            let selected = selection.takes(place, at_millis, &told);
            let element = told.element;
            self.letters.push(Sighting { at_millis, place, of, element, reason, selected });
        } else if let Some(letter) = receipt_of(&record.headers).and_then(|of| of.parse().ok()) {
            self.replayed.insert(letter, at_millis);
        } else {
            self.strangers += 1;
        }
    }

    fn word(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.words.get(word) {
            return known.clone();
        }
        let word: Arc<str> = word.into();
        self.words.insert(word.clone());
        word
    }

    /// Those that are selected, the oldest first.
    pub(super) fn selected(&self) -> Vec<&Sighting> {
        let mut selected: Vec<_> = self.letters.iter().filter(|letter| letter.selected).collect();
        selected.sort_unstable_by_key(|letter| (letter.at_millis, letter.place));
        selected
    }

    /// Whether there is such a letter, selected or not.
    pub(super) fn knows(&self, place: LetterPlace) -> bool {
        self.letters.iter().any(|letter| letter.place == place)
    }

    /// When a letter was replayed.
    pub(super) fn replayed_at(&self, place: LetterPlace) -> Option<i64> {
        self.replayed.get(&place).copied()
    }

    /// Every letter about each of these records, selected or not: a record with several bad elements has several.
    pub(super) fn about(&self, records: &BTreeSet<RecordPlace>) -> BTreeMap<RecordPlace, Vec<&Sighting>> {
        let mut about: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for letter in self.letters.iter().filter(|letter| records.contains(&letter.of)) {
            about.entry(letter.of.clone()).or_default().push(letter);
        }
        about
    }

    /// Says what was passed over, if something was.
    pub(super) fn tell_strangers(&self, topic: &str) {
        if self.strangers > 0 {
            tell!(
                "{} records of {topic} are no dead letters of braid's, and are passed over",
                self.strangers
            );
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use braid_log::Header;
    use braid_wire::dead_letter::{Cause, Original, Reader, dead_letter, receipt};
    use braid_wire::{Refusal, RefusalReason};

    use super::*;

    /// A dead letter as it lies in the topic.
    pub(crate) fn letter(
        place: &str,
        at_millis: i64,
        (topic, partition, offset): (&str, i32, i64),
        refusal: &Refusal,
        (value, came): (&[u8], &[Header]),
    ) -> Record {
        let original = Original {
            topic,
            partition,
            offset,
            timestamp_millis: 1_000,
            key: Some(b"key"),
            value: Some(value),
            headers: came,
        };
        let source = topic.trim_start_matches("security.");
        let reader = Reader { stage: "normalise", source, format: "braid-json" };
        let letter = dead_letter(&original, &reader, &Cause::from(refusal), 1_000_000);
        record(place, at_millis, letter.key, letter.value, letter.headers)
    }

    pub(crate) fn record(
        place: &str,
        timestamp_millis: i64,
        key: Option<Box<[u8]>>,
        value: Option<Box<[u8]>>,
        headers: Vec<Header>,
    ) -> Record {
        let LetterPlace { partition, offset } = place.parse().unwrap();
        Record { topic: "dead-letters".into(), partition, offset, timestamp_millis, key, value, headers }
    }

    pub(crate) fn refusal(reason: RefusalReason, detail: &str, element: i32) -> Refusal {
        Refusal { element, ..Refusal::new(reason, detail) }
    }

    fn topic() -> Vec<Record> {
        let unmapped = refusal(RefusalReason::UnmappedTenant, "TenantId \"B3C1\" is no alias", 0);
        let malformed = |element| refusal(RefusalReason::Malformed, "no JSON", element);
        vec![
            letter("0@0", 1_000, ("security.graph", 0, 7), &unmapped, (b"{", &[])),
            letter("0@1", 3_000, ("security.mdi", 1, 8), &malformed(0), (b"{", &[])),
            record("0@2", 4_000, None, None, receipt("0@0")),
            letter("1@0", 2_000, ("security.graph", 2, 9), &malformed(1), (b"{", &[])),
            letter("1@1", 2_000, ("security.graph", 2, 9), &malformed(4), (b"{", &[])),
            record("1@2", 5_000, None, Some(Box::from(&b"?"[..])), Vec::new()),
        ]
    }

    pub(crate) fn surveyed(records: &[Record], selection: &Selection) -> Survey {
        let mut survey = Survey::default();
        records.iter().for_each(|record| survey.take(record, selection));
        survey
    }

    fn places(filter: &LetterFilter, named: &[&str]) -> Vec<String> {
        let named: Vec<LetterPlace> = named.iter().map(|place| place.parse().unwrap()).collect();
        let selection = Selection::new(filter, &named, 10_000);
        let survey = surveyed(&topic(), &selection);
        survey.selected().iter().map(|letter| letter.place.to_string()).collect()
    }

    #[test]
    fn what_is_selected_meets_every_filter_and_comes_by_time() {
        let none = LetterFilter::default;
        assert_eq!(places(&none(), &[]), ["0@0", "1@0", "1@1", "0@1"]);
        let graph = LetterFilter { source: vec!["graph".into()], ..none() };
        assert_eq!(places(&graph, &[]), ["0@0", "1@0", "1@1"]);
        let reason = vec!["malformed".to_owned()];
        assert_eq!(places(&LetterFilter { reason: reason.clone(), ..graph.clone() }, &[]), ["1@0", "1@1"]);
        let either = vec!["malformed".to_owned(), "unmapped_tenant".to_owned()];
        assert_eq!(places(&LetterFilter { reason: either, ..none() }, &["0@0", "0@1"]), ["0@0", "0@1"]);
        let detail = LetterFilter { detail: Some("b3c1".into()), ..none() };
        assert_eq!(places(&detail, &[]), ["0@0"]);
        let since = LetterFilter { since: Some("8s".parse().unwrap()), ..none() };
        assert_eq!(places(&since, &[]), ["1@0", "1@1", "0@1"]);
        assert_eq!(places(&LetterFilter { reason, ..since }, &["0@0"]), [""; 0]);
    }

    #[test]
    fn receipts_are_no_letters_and_neither_is_what_somebody_else_has_written() {
        let survey = surveyed(&topic(), &Selection::default());
        let at = |place: &str| survey.replayed_at(place.parse().unwrap());
        assert_eq!((at("0@0"), at("0@1"), at("0@2")), (Some(4_000), None, None));
        assert_eq!(survey.strangers, 1);
    }

    #[test]
    fn all_letters_about_one_record_are_found_whichever_of_them_is_selected() {
        let selection = Selection::new(&LetterFilter::default(), &["1@1".parse().unwrap()], 0);
        let survey = surveyed(&topic(), &selection);
        let records = survey.selected().iter().map(|letter| letter.of.clone()).collect();
        let about = survey.about(&records);
        let elements: Vec<Vec<i32>> =
            about.values().map(|letters| letters.iter().map(|letter| letter.element).collect()).collect();
        assert_eq!(elements, [[1, 4]]);
    }
}
