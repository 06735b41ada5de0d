use std::collections::BTreeMap;
use std::sync::Arc;

use braid_alert::SourceTime;
use braid_log::{Record, TopicPartition};
use braid_wire::SchemaId;

use crate::Metrics;
use crate::metrics::{Partition, SchemaName, TopicName};

/// The partitions whose next record was written with a schema that is not to be had, one schema each.
#[derive(Debug)]
pub(super) struct Awaiting {
    partitions: BTreeMap<TopicPartition, Awaited>,
    metrics: Arc<Metrics>,
}

/// What a partition waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Awaited {
    pub(super) schema: SchemaId,
    offset: i64,
    since: SourceTime,
}

impl Awaited {
    /// What an operator is told, with what is known of the reason.
    pub(super) fn told(&self, why: &str) -> Box<str> {
        let Self { schema, offset, since } = self;
        format!("offset {offset} was written with {schema}, awaited since {since}: {why}").into()
    }
}

impl Awaiting {
    pub(super) const fn new(metrics: Arc<Metrics>) -> Self {
        Self { partitions: BTreeMap::new(), metrics }
    }

    /// A record waits, from now on or still.
    pub(super) fn begin(&mut self, record: &Record, schema: SchemaId, now_millis: i64) -> &Awaited {
        let input = record.topic_partition();
        if self.of(&input).is_none_or(|awaited| (awaited.schema, awaited.offset) != (schema, record.offset)) {
            self.end(&input);
            let since = SourceTime::from_millis(now_millis);
            let (topic, partition, name) = self.labels(&input, schema);
            self.metrics.schema_awaited.set((&topic, &partition, &name), now_millis as f64 / 1e3);
            self.partitions.insert(input.clone(), Awaited { schema, offset: record.offset, since });
        }
        &self.partitions[&input]
    }

    /// What a partition waits for.
    pub(super) fn of(&self, input: &TopicPartition) -> Option<&Awaited> {
        self.partitions.get(input)
    }

    /// The partition goes on, or is no longer ours.
    pub(super) fn end(&mut self, input: &TopicPartition) {
        if let Some(awaited) = self.partitions.remove(input) {
            let (topic, partition, name) = self.labels(input, awaited.schema);
            self.metrics.schema_awaited.remove((&topic, &partition, &name));
        }
    }

    fn labels(&self, input: &TopicPartition, schema: SchemaId) -> (TopicName, Partition, SchemaName) {
        (self.metrics.topic(&input.topic), Partition(input.partition), SchemaName(schema))
    }
}
