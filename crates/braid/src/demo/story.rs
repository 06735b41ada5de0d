//! The attack that the demo plays, and what else happens at the same hours.
//!
//! It follows the lab that Microsoft describes for Defender for Identity: JeffL's computer is in other hands; from there
//! the way leads over RonHD, who helps users, to SamiraA, who rules the domain contoso.azure. The domain controller's
//! sensor reports in syslog CEF, the endpoints report as Graph alerts, and a day at the office goes on around them.
//!
//! The files hold records as they arrive:
//!
//! ```text
//! # a remark
//! @ +00:12:05  when it arrives, counted from the beginning of the story, and what happens
//! the record, on one line or several; in it {+00:09:12.4902303} is a time, counted likewise
//! ```

use std::sync::Arc;

use anyhow::{Context, ensure};
use braid_alert::{EventTime, Span, Tenant};
use braid_runtime::Source;
use braid_wire::{Format, SourceRules, TenantRule};

/// The topic of the domain controller's sensor.
pub(super) const IDENTITY_TOPIC: &str = "security.defender-for-identity";
/// The topic of everything that comes by Microsoft Graph.
pub(super) const GRAPH_TOPIC: &str = "security.graph-alerts";

/// The directory's id in Graph's `tenantId`.
const DIRECTORY_ID: &str = "c93a4cfe-cc8a-4a85-a15a-a5640318fdb0";

/// What is played: text, the topic that it goes to, and whether it is part of the attack.
const PARTS: [(&str, &str, bool); 4] = [
    (include_str!("story/attack-identity.txt"), IDENTITY_TOPIC, true),
    (include_str!("story/attack-endpoint.txt"), GRAPH_TOPIC, true),
    (include_str!("story/noise-identity.txt"), IDENTITY_TOPIC, false),
    (include_str!("story/noise-other.txt"), GRAPH_TOPIC, false),
];

/// All records, in the order of their arrival.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) records: Vec<StoryRecord>,
}

/// A record that a product sends.
#[derive(Debug, PartialEq)]
pub(super) struct StoryRecord {
    /// When it arrives, counted from the beginning.
    pub(super) arrives: Span,
    /// Where.
    pub(super) topic: &'static str,
    /// Whether it is part of the attack.
    pub(super) attack: bool,
    /// As the product writes it.
    pub(super) value: String,
}

impl Story {
    /// The bundled story as it would have happened from this instant on.
    ///
    /// # Errors
    /// If one of the bundled files is malformed, which a test rules out.
    pub(super) fn beginning(at: EventTime) -> anyhow::Result<Self> {
        let mut records = Vec::new();
        for (text, topic, attack) in PARTS {
            records.extend(records_of(text, topic, attack, at)?);
        }
        records.sort_by_key(|record| record.arrives);
        Ok(Self { records })
    }
}

/// How the two topics are read, as a configuration would say it.
pub(super) fn sources() -> [(Arc<str>, Source); 2] {
    let tenant = Tenant::new("contoso");
    let aliases = [(DIRECTORY_ID.into(), tenant.clone())].into();
    let of_topic = |topic: &str, format, tenant| {
        let name = topic.trim_start_matches("security.").into();
        (topic.into(), Source { name, rules: SourceRules::new(format, tenant) })
    };
    [
        of_topic(IDENTITY_TOPIC, Format::MdiCef, TenantRule::Fixed(tenant)),
        of_topic(GRAPH_TOPIC, Format::GraphAlert, TenantRule::Field { name: None, aliases }),
    ]
}

fn records_of(
    text: &str,
    topic: &'static str,
    attack: bool,
    beginning: EventTime,
) -> anyhow::Result<Vec<StoryRecord>> {
    let mut records: Vec<StoryRecord> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix("@ ") {
            let arrives = heading.split_whitespace().next().and_then(read_offset);
            let (arrives, _) = arrives.with_context(|| format!("no time of arrival in {line:?}"))?;
            records.push(StoryRecord { arrives, topic, attack, value: String::new() });
        } else if !line.trim().is_empty() {
            let record = records.last_mut().with_context(|| format!("no arrival before {line:?}"))?;
            record.value.push_str(&with_times(line, beginning)?);
            record.value.push('\n');
        }
    }
    records.iter_mut().for_each(|record| record.value.truncate(record.value.trim_end().len()));
    ensure!(records.iter().all(|record| !record.value.is_empty()), "a record of {topic} is empty");
    Ok(records)
}

/// A line with its `{+00:09:12.4902303}` as `2026-02-03T13:11:12.4902303`: without a zone, which each product writes in
/// its own way.
fn with_times(line: &str, beginning: EventTime) -> anyhow::Result<String> {
    let mut pieces = line.split("{+");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (offset, rest) = piece.split_once('}').with_context(|| format!("an open brace in {line:?}"))?;
        let (span, fraction) = read_offset(offset).with_context(|| format!("no time in {offset:?}"))?;
        text.push_str((beginning + span).to_string().trim_end_matches('Z'));
        text.push_str(fraction);
        text.push_str(rest);
    }
    Ok(text)
}

/// Reads `+00:09:12.4902303`: the span in whole seconds, and the fraction with its point as it stands.
fn read_offset(text: &str) -> Option<(Span, &str)> {
    let text = text.trim_start_matches('+');
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut parts = whole.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then(|| (Span::seconds(hours * 3_600 + minutes * 60 + seconds), fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-02-03T13:02:00Z
    const BEGINNING: EventTime = EventTime::from_millis(1_770_123_720_000);

    #[test]
    fn the_times_of_a_record_follow_the_beginning() {
        let text = "# remark\n\n@ +01:00:05  somebody\n{\"at\":\"{+00:09:12.49}Z\",\n \"b\":{}}\n";
        let records = records_of(text, GRAPH_TOPIC, true, BEGINNING).unwrap();
        let value = "{\"at\":\"2026-02-03T13:11:12.49Z\",\n \"b\":{}}".to_owned();
        let arrives = Span::seconds(3_605);
        assert_eq!(records, [StoryRecord { arrives, topic: GRAPH_TOPIC, attack: true, value }]);
    }

    #[test]
    fn a_malformed_file_says_where() {
        let fails = |text| records_of(text, GRAPH_TOPIC, true, BEGINNING).unwrap_err().to_string();
        assert!(fails("{}\n").contains("no arrival before"));
        assert!(fails("@ +1:2\n{}\n").contains("no time of arrival"));
        assert!(fails("@ +00:00:01\n{+x}\n").contains("no time in \"x\""));
        assert!(fails("@ +00:00:01\n\n").contains("empty"));
    }

    #[test]
    fn the_records_are_in_the_order_of_their_arrival() {
        let story = Story::beginning(BEGINNING).unwrap();
        assert!(story.records.is_sorted_by_key(|record| record.arrives));
        let last = story.records.last().map(|record| record.arrives);
        assert_eq!(last, Some(Span::seconds(2 * 3_600 + 53 * 60 + 30)));
    }
}
