//! What the configuration, as it stands now, makes of the record of a dead letter.

use braid_alert::{Origin, SourceTime};
use braid_log::Record;
use braid_wire::dead_letter::Told;
use braid_wire::{Refusal, RefusalReason, SourceRecord, VALUE_SCHEMA_HEADER, own, read};

use crate::config::{Config, Source};

/// The source of the configuration that reads a topic.
pub(super) fn source_of<'c>(config: &'c Config, topic: &str) -> Option<&'c Source> {
    config.sources.iter().find(|source| source.topic_names().any(|name| name == topic))
}

/// What the elements that were refused would be refused for now: the first refusal, if all of them would be again.
/// `None` if one would be taken, and of what cannot be judged here: what only correlation, which knows the incidents,
/// or a running registry decides.
pub(super) fn refused_again(
    config: &Config,
    told: &Told<'_>,
    letter: &Record,
    elements: &[i32],
    now_millis: i64,
) -> Option<Refusal> {
    if told.topic == config.topics.alerts {
        return own::input_from_avro(letter.value.as_deref().unwrap_or_default()).err();
    }
    let rules = source_of(config, told.topic)?.rules(&config.tenants)?;
    let origin = Origin {
        source: told.source.into(),
        topic: told.topic.into(),
        partition: told.partition,
        offset: told.offset,
        element: 0,
        source_time: SourceTime::from_millis(now_millis),
        source_time_capped: false,
    };
    let record = SourceRecord {
        key: letter.key.as_deref(),
        value: letter.value.as_deref(),
        schema_header: letter.header(VALUE_SCHEMA_HEADER),
        schema: None,
    };
    let judged = |refusal: &Refusal| !refusal.is_drop() && refusal.reason != RefusalReason::UnknownSchema;
    let refusals: Vec<Refusal> =
        read(record, &origin, &rules).into_iter().filter_map(Result::err).filter(judged).collect();
    let lasts = |element: &i32| refusals.iter().any(|refusal| refusal.element == *element);
    // What cannot be divided into its elements any more is refused as a whole, under element 0.
    let as_a_whole = || lasts(&0) && refusals.len() == 1;
    let again = elements.iter().all(lasts) || as_a_whole();
    refusals
        .into_iter()
        .find(|refusal| again && (refusal.element == 0 || elements.contains(&refusal.element)))
}
