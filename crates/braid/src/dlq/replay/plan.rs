use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cli::LetterPlace;
use crate::dlq::survey::{Sighting, Survey};

/// What is to be sent, by records and not by letters: one record with several bad elements has several letters.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// By the letter that the record is taken from.
    pub(super) groups: BTreeMap<LetterPlace, Group>,
    /// Letters that are selected and were replayed before.
    pub(super) replayed_before: usize,
}

/// The letters about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// All that are to get a receipt: those about the other elements of the record too, which go with it.
    pub(super) letters: Vec<LetterPlace>,
    /// The elements that were refused.
    pub(super) elements: Vec<i32>,
    /// Why the first was.
    pub(super) reason: Arc<str>,
}

impl Plan {
    /// `anyway` takes those that were replayed before too.
    pub(super) fn new(survey: &Survey, anyway: bool) -> Self {
        let to_do = |letter: &Sighting| anyway || survey.replayed_at(letter.place).is_none();
        let mut chosen = survey.selected();
        let selected = chosen.len();
        chosen.retain(|letter| to_do(letter));
        let replayed_before = selected - chosen.len();
        let records: BTreeSet<_> = chosen.iter().map(|letter| letter.of.clone()).collect();
        let groups = survey.about(&records).into_values().filter_map(|mut letters| {
            letters.retain(|letter| to_do(letter));
            letters.sort_unstable_by_key(|letter| letter.place);
            let first = letters.first()?;
            let group = Group {
                letters: letters.iter().map(|letter| letter.place).collect(),
                elements: letters.iter().map(|letter| letter.element).collect(),
                reason: first.reason.clone(),
            };
            Some((first.place, group))
        });
        Self { groups: groups.collect(), replayed_before }
    }
}

#[cfg(test)]
mod tests {
    use braid_log::Record;
    use braid_wire::RefusalReason;
    use braid_wire::dead_letter::receipt;

    use super::*;
    use crate::cli::LetterFilter;
    use crate::dlq::survey::Selection;
    use crate::dlq::survey::tests::{letter, record, refusal, surveyed};

    fn topic() -> Vec<Record> {
        let missing = |element| refusal(RefusalReason::MissingId, "no id", element);
        let wrong = |element| refusal(RefusalReason::WrongType, "not a time", element);
        vec![
            letter("0@0", 1_000, ("security.graph", 0, 7), &missing(2), (b"[]", &[])),
            letter("0@1", 1_000, ("security.graph", 0, 7), &wrong(5), (b"[]", &[])),
            letter("0@2", 3_000, ("security.graph", 0, 8), &missing(0), (b"{}", &[])),
            record("0@3", 4_000, None, None, receipt("0@2")),
            letter("1@0", 2_000, ("security.mdi", 0, 7), &missing(0), (b"{}", &[])),
        ]
    }

    fn planned(anyway: bool, reason: &str) -> (Vec<Vec<String>>, usize) {
        let filter = LetterFilter { reason: vec![reason.to_owned()], ..LetterFilter::default() };
        let survey = surveyed(&topic(), &Selection::new(&filter, &[], 0));
        let plan = Plan::new(&survey, anyway);
        let names = |group: &Group| group.letters.iter().map(ToString::to_string).collect();
        (plan.groups.values().map(names).collect(), plan.replayed_before)
    }

    #[test]
    fn a_record_is_sent_once_whichever_of_its_elements_are_meant() {
        let both = vec!["0@0".to_owned(), "0@1".to_owned()];
        assert_eq!(planned(false, "wrong_type"), (vec![both.clone()], 0));
        assert_eq!(planned(false, "missing_id"), (vec![both, vec!["1@0".to_owned()]], 1));
    }

    #[test]
    fn what_has_a_receipt_is_sent_again_only_if_that_is_wanted() {
        let (groups, replayed_before) = planned(true, "missing_id");
        assert_eq!((groups.len(), replayed_before), (3, 0));
    }
}
