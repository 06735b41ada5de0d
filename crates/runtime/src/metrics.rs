//! What Prometheus is told, and nowhere else is a metric named.
//!
//! [`metrics!`] declares each figure once: its doc comment is the help text that `/metrics` gives and the line that
//! `docs/metrics.md` shows; its labels are types, so that no text from outside ever becomes a label value.
//!
//! Commit before counting: a figure that ran ahead of the transaction would survive a crash that the incident did not.

mod declaration;
mod description;
mod effects;
mod label;
#[cfg(test)]
mod tests;

use braid_alert::{ChangeReason, LinkReason, OpenReason};
use braid_engine::{DirectoryOutcome, Firing, MergeRefused, RuleLimit, Stats, Unchanged};
use braid_wire::{Format, RefusalReason};
use prometheus::{Encoder, TextEncoder};

pub use declaration::{Counter, Gauge, Histogram};
pub use description::{LabelDescription, MetricDescription, describe, markdown};
pub use label::{
    ActionName, CommandOutcome, Label, LabelSet, Partition, Rejection, SchemaName, SourceName, StageKind,
    StatedDrop, TopicName, TransactionOutcome, Version,
};

use declaration::metrics;
use label::Names;

/// From a few milliseconds, which is one transaction at rest, to the day that a backlog may be old.
const LATENCY: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0,
    86_400.0,
];
/// From a second to the weeks after which a product may still raise an alert.
const EVENT_LAG: &[f64] = &[
    1.0,
    10.0,
    60.0,
    300.0,
    900.0,
    1_800.0,
    3_600.0,
    14_400.0,
    86_400.0,
    259_200.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
];
/// Up to the minute after which a transaction times out.
const TRANSACTION: &[f64] =
    &[0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Up to half an hour, which is when an operator would want to know.
const RESTORE: &[f64] = &[0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0];
const RECORDS: &[f64] = &[1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0];
const BYTES: &[f64] =
    &[1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];

metrics! {
    /// Every figure of the process, in a registry of its own.
    Metrics {
        /// Alerts found in the records of source topics: those written to the alerts topic, refused and dropped.
        alerts_in: Counter[source: SourceName, format: Format] = "braid_alerts_in_total",
        /// Alerts written to the alerts topic.
        alerts_out: Counter[source: SourceName, format: Format] = "braid_alerts_out_total",
        /// What was refused and went to the dead letters, with the reason that also stands in their headers. Commands
        /// that could be read are not among it: see `braid_commands_total`.
        rejects: Counter[stage: StageKind, reason: Rejection] = "braid_rejects_total",
        /// What was left out because the configuration asks for it, or because it stands beside alerts by design; nothing of
        /// it is kept.
        drops: Counter[source: SourceName, reason: StatedDrop] = "braid_drops_total",
        /// Whether a source cannot be read, in whole or in part: 1 if the cluster does not answer, one of its topics is missing or
        /// forbidden, or a partition of it is held. Looked at every three seconds.
        source_broken: Gauge[source: SourceName] = "braid_source_broken",
        /// Objects of threat intelligence that are known: indicators, and who is behind them.
        indicator_objects: Gauge[source: SourceName] = "braid_indicator_objects",
        /// What they take in memory, about; `worker.indicators_bytes_max` bounds the sum. What finds no room is told in the status
        /// of the source.
        indicator_bytes: Gauge[source: SourceName] = "braid_indicator_bytes",
        /// Directory records that correlation has taken, by what came of them.
        directory_records: Counter[outcome: DirectoryOutcome] = "braid_directory_records_total",
        /// Commands that were answered: carried out, or refused for a reason that also stands in the dead letter's headers.
        commands: Counter[action: ActionName, outcome: CommandOutcome] = "braid_commands_total",
        /// Revisions of alerts that changed nothing material, and so raised no version.
        revisions_unchanged: Counter[reason: Unchanged] = "braid_revisions_unchanged_total",
        /// Alerts that joined an incident, by the strongest link that brought them in.
        joins: Counter[reason: LinkReason] = "braid_joins_total",
        /// Incidents opened, by why the alert that founded them did not join another one.
        incidents_opened: Counter[reason: OpenReason] = "braid_incidents_opened_total",
        /// Versions of incidents, by what made them: one for each record of the incident-events topic.
        incident_changes: Counter[reason: ChangeReason] = "braid_incident_changes_total",
        /// Incidents that were merged into another one.
        merges: Counter[] = "braid_merges_total",
        /// Pairs of incidents that are linked strongly enough to be one, and were kept apart.
        merges_refused: Counter[reason: MergeRefused] = "braid_merges_refused_total",
        /// Entities that met so many partners that they no longer join by themselves.
        hubs_demoted: Counter[] = "braid_hubs_demoted_total",
        /// Names found to stand for two entities, which join nothing from then on.
        identity_conflicts: Counter[] = "braid_identity_conflicts_total",

        /// Alerts that rules have raised, extended and withdrawn.
        rules_fired: Counter[firing: Firing] = "braid_rules_fired_total",
        /// Times that a rule met more than it could look at, and may have missed something.
        rules_limited: Counter[limit: RuleLimit] = "braid_rules_limited_total",

        /// Incidents that are active, dormant ones included.
        incidents_open: Gauge[partition: Partition] = "braid_incidents_open",
        /// Active incidents that have had no news for `dormant_after`.
        incidents_dormant: Gauge[partition: Partition] = "braid_incidents_dormant",
        /// Alerts of the largest incident.
        incident_alerts_largest: Gauge[partition: Partition] = "braid_incident_alerts_largest",
        /// Alerts whose incident is remembered, for as long as `dedupe_retention` says.
        alerts_remembered: Gauge[partition: Partition] = "braid_alerts_remembered",
        /// Entities known.
        entities: Gauge[partition: Partition] = "braid_entities",
        /// Logical bytes of correlation state; `state_bytes_max` bounds them.
        state_bytes: Gauge[partition: Partition] = "braid_state_bytes",

        /// From the timestamp of an alert's source record to the commit of what the correlate stage made of it.
        end_to_end: Histogram[] in LATENCY = "braid_end_to_end_latency_seconds",
        /// From the beginning of an alert's activity to the timestamp of its source record; 0 if the clock that saw
        /// the activity is ahead.
        event_time_lag: Histogram[] in EVENT_LAG = "braid_event_time_lag_seconds",
        /// Age of the last record that was committed; 0 when everything in the partition has been.
        input_lag: Gauge[stage: StageKind, topic: TopicName, partition: Partition] = "braid_input_lag_seconds",
        /// From the beginning of a transaction to its outcome; the count is the number of transactions.
        transactions: Histogram[stage: StageKind, outcome: TransactionOutcome] in TRANSACTION
            = "braid_transaction_duration_seconds",
        /// Input records of a committed batch.
        batch_records: Histogram[stage: StageKind] in RECORDS = "braid_batch_records",
        /// Input bytes of a committed batch: keys, values and headers.
        batch_bytes: Histogram[stage: StageKind] in BYTES = "braid_batch_bytes",

        /// Input partitions that this process owns, restoring and held ones included.
        partitions_assigned: Gauge[stage: StageKind] = "braid_partitions_assigned",
        /// Partitions whose state is being read from the changelog.
        partitions_restoring: Gauge[] = "braid_partitions_restoring",
        /// Partitions that stand still: a newer release has written to them, the schema of the next record is not to be had,
        /// their source is broken, or starting them has come to nothing for ten seconds.
        partitions_held: Gauge[stage: StageKind] = "braid_partitions_held",
        /// Since when a partition of a source stands still because the schema of its next record is not to be had, in seconds
        /// since 1970 in UTC. It is shown while it stands.
        schema_awaited: Gauge[topic: TopicName, partition: Partition, schema: SchemaName]
            = "braid_schema_awaited_timestamp_seconds",
        /// From the assignment of a partition to its first record, which is the reading of its changelog.
        restore: Histogram[] in RESTORE = "braid_restore_duration_seconds",
        /// The release that runs; always 1.
        build_info: Gauge[version: Version] = "braid_build_info",
    }
}

impl Metrics {
    /// All figures at zero. `sources` and `topics` are the configured names: only these become label values, any other
    /// one is counted as `other`.
    pub fn new<'a>(
        sources: impl IntoIterator<Item = &'a str>,
        topics: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let metrics = Self::declare(Names::new(sources), Names::new(topics));
        metrics.build_info.set(&Version, 1.0);
        // The sources are known here and not in their labels' type; a rate needs the zero before the one.
        for name in metrics.source_names.iter() {
            let source = SourceName(name.clone());
            metrics.source_broken.set(&source, 0.0);
            RefusalReason::ALL.iter().filter(|reason| reason.is_drop()).for_each(|reason| {
                metrics.drops.add((&source, &StatedDrop(*reason)), 0);
            });
        }
        metrics
    }

    /// A source's name as a label. Look it up once, not at every record.
    pub fn source(&self, name: &str) -> SourceName {
        SourceName(self.source_names.bounded(name))
    }

    /// A topic's name as a label. Look it up once, not at every record.
    pub fn topic(&self, name: &str) -> TopicName {
        TopicName(self.topic_names.bounded(name))
    }

    /// Shows the figures of a partition's state.
    pub fn show_stats(&self, partition: i32, stats: &Stats) {
        for (gauge, value) in self.of_partition(stats) {
            gauge.set(&Partition(partition), value as f64);
        }
    }

    /// Stops showing the figures of a partition that is no longer owned: another process shows them now, and a sum over
    /// both would count twice.
    pub fn hide_stats(&self, partition: i32) {
        for (gauge, _) in self.of_partition(&Stats::default()) {
            gauge.remove(&Partition(partition));
        }
    }

    fn of_partition(&self, stats: &Stats) -> [(&Gauge<(Partition,)>, u64); 6] {
        [
            (&self.incidents_open, stats.incidents_open),
            (&self.incidents_dormant, stats.incidents_dormant),
            (&self.incident_alerts_largest, stats.incident_alerts_largest),
            (&self.alerts_remembered, stats.alerts),
            (&self.entities, stats.entities),
            (&self.state_bytes, stats.state_bytes),
        ]
    }

    /// Everything in Prometheus' text exposition format, version 0.0.4.
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .expect("memory takes every byte, and families that are gathered have samples");
        String::from_utf8(text).expect("the text encoder writes UTF-8")
    }

    /// The media type of [`Metrics::render`].
    pub const MEDIA_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";
}
