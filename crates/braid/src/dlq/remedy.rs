//! What to do about a reason.

use braid_engine::{CommandRefused, DirectoryRejected, RejectReason};
use braid_wire::RefusalReason;
use braid_wire::dead_letter::{OVER_BROKER_LIMIT, Told};

/// What an operator can do about the reason of a dead letter, in a sentence or two.
pub(super) fn remedy(told: &Told<'_>) -> &'static str {
    if told.reason == OVER_BROKER_LIMIT {
        return "Raise topics.record_bytes_max (and the topics' max.message.bytes), or have the product send less. The \
                record itself is not in this dead letter, only what was made of it: have it sent again.";
    }
    let correlated = (told.stage == "correlate").then(|| of_correlation(told)).flatten();
    let refused = || RefusalReason::ALL.iter().find(|reason| reason.as_str() == told.reason);
    correlated.or_else(|| refused().map(|reason| of_decoding(*reason))).unwrap_or(
        "This release does not know the reason: a newer one has written it, and its `braid dlq show` tells.",
    )
}

/// Correlation's own reasons; a word may mean one thing of a command and another of an alert.
fn of_correlation(told: &Told<'_>) -> Option<&'static str> {
    if told.format.starts_with("braid-command") {
        let known = CommandRefused::ALL.iter().any(|reason| reason.as_str() == told.reason);
        return known.then_some(
            "The detail says what stood in the way. Mend the command and send it again as a new one; as it is, replay it \
             only once nothing stands in its way any more.",
        );
    }
    if DirectoryRejected::ALL.iter().any(|reason| reason.as_str() == told.reason) {
        return Some(
            "The detail says which limit or name it was: change that at the directory, or the setting, and replay.",
        );
    }
    let rejected = RejectReason::ALL.iter().find(|reason| reason.as_str() == told.reason)?;
    Some(match rejected {
        RejectReason::TooManyEntities => {
            "Raise correlation.caps.incident_entities_max, or have the detector name fewer entities; then replay."
        }
        RejectReason::TooLarge => {
            "Raise correlation.caps.incident_bytes_max, or have the product send less in one alert; then replay."
        }
    })
}

fn of_decoding(reason: RefusalReason) -> &'static str {
    use RefusalReason as R;
    match reason {
        R::Empty => {
            "There is nothing in it: find out who writes empty records. Only a directory's record may lack a value."
        }
        R::TooLarge => "It holds more than is read in one record: have it sent in smaller ones.",
        R::InvalidUtf8 => {
            "Have the producer write UTF-8; it may be another format than the source's, or compressed."
        }
        R::Truncated => {
            "Something on its way cuts it off: look for a limit on lengths, as syslog relays have."
        }
        R::Malformed => {
            "Look at the place that the detail names. If it is whole, the source's `format` may be wrong."
        }
        R::UnknownFormat => {
            "Set the source's `format` to what the records are, or give them a topic and a source of \
                             their own; then replay."
        }
        R::NotAnAlert => "It is of the format and no alert: have it kept out of the topic, or let it be.",
        R::WrongType => {
            "The product writes another type than it documents. If that is new, braid must learn it: report \
                         it with this record."
        }
        R::MissingId => {
            "Without an id it would be another alert each time: have the product, or what forwards it, \
                         send the id."
        }
        R::MissingProvider => "Have the producer say which product raised it.",
        R::MissingTime => "Have the producer say when it happened.",
        R::TimeOutOfRange => {
            "Put the clock right that wrote it. If it is right, raise the source's `future_max`, then \
                              replay."
        }
        R::MissingTenant => {
            "Name the tenant in the source (`tenant = \"…\"`), or the field that says it; then replay."
        }
        R::UnmappedTenant => {
            "Say whose it is in `tenants.aliases`, or in `tenant.aliases` of the source; restart braid, \
                              then replay."
        }
        R::MissingField => "Add the field that the detail names, and send it again.",
        R::UnexpectedField => {
            "Take the field out that the detail names, or spell it right, and send it again."
        }
        R::UnknownValue => "Use one of the values that the detail names, and send it again.",
        R::UnknownSchema => {
            "A newer release has written it, or a registry does not know its schema: upgrade, or \
                             register it; then replay."
        }
        R::IncompatibleSchema => {
            "Have the producer write with a schema that braid's can be read out of (`schemas/`), or send braid's own; then \
                             send it again."
        }
        R::BesideAlerts
        | R::BuildingBlock
        | R::BelowMinimumSeverity
        | R::PreviewDetector
        | R::ExcludedDetector
        | R::ExcludedEntity
        | R::FilteredMitigation
        | R::HealthAlert => "It is left out as the configuration asks, and should not be here.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stage: &'static str, format: &'static str, reason: &'static str) -> Told<'static> {
        Told {
            reason,
            detail: "",
            stage,
            source: "s",
            format,
            topic: "t",
            partition: 0,
            offset: 0,
            element: 0,
            timestamp: None,
            cut: None,
            replays: 0,
        }
    }

    #[test]
    fn there_is_something_to_do_about_every_reason() {
        let unknown = remedy(&told("normalise", "braid-json", "from_the_future"));
        assert!(unknown.contains("newer"));
        for reason in crate::cli::dead_letter_reasons() {
            let stages = [
                ("normalise", "graph-alert"),
                ("correlate", "braid-avro"),
                ("correlate", "braid-command-avro"),
            ];
            let known =
                stages.iter().filter(|(stage, format)| remedy(&told(stage, format, reason)) != unknown);
            assert!(known.count() > 0, "{reason}");
        }
    }

    #[test]
    fn one_word_of_three_readers_gets_three_answers() {
        let of = |stage, format| remedy(&told(stage, format, "too_large"));
        assert!(of("normalise", "graph-alert").contains("smaller"));
        assert!(of("correlate", "braid-avro").contains("incident_bytes_max"));
        assert!(of("correlate", "braid-command-avro").contains("command"));
    }
}
