use std::collections::BTreeMap;

use braid_log::{Outgoing, Record};
use braid_wire::dead_letter::{OVER_BROKER_LIMIT, Told, replayed};

use super::plan::Group;
use crate::cli::LetterPlace;
use crate::config::Config;
use crate::dlq::second_reading::{refused_again, source_of};

/// How often a record is sent again before somebody has to say that he means it: what has come back so often comes back
/// again, and something that calls this every hour would never notice.
const REPLAYS_MAX: u32 = 3;

/// Says of the record of a dead letter whether it is sent.
pub(super) struct Judge<'c> {
    pub(super) config: &'c Config,
    /// How many partitions the topics have that are there.
    pub(super) partitions: BTreeMap<String, u32>,
    /// Send what may well come back.
    pub(super) anyway: bool,
    pub(super) now_millis: i64,
}

impl Judge<'_> {
    /// The record as it is sent, or why it is not.
    pub(super) fn judge(
        &self,
        place: LetterPlace,
        letter: &Record,
        group: &Group,
    ) -> Result<Outgoing, String> {
        let told = Told::read(&letter.headers).ok_or("it is no dead letter of braid's")?;
        whole(&told)?;
        let partition = self.target(&told)?;
        if !self.anyway {
            self.hopeful(&told, letter, group)?;
        }
        Ok(Outgoing {
            topic: told.topic.into(),
            partition,
            key: letter.key.clone(),
            value: letter.value.clone(),
            headers: replayed(&letter.headers, &place.to_string()),
            origin: letter.topic_partition(),
        })
    }

    /// The partition that it came from; by its key, if that is not there any more. Nothing is sent to where nobody would
    /// read it, nor to wherever somebody who may write dead letters would have it.
    fn target(&self, told: &Told<'_>) -> Result<Option<i32>, String> {
        let topic = told.topic;
        match source_of(self.config, topic) {
            None if topic != self.config.topics.alerts => {
                return Err(format!("no source of the configuration reads {topic}"));
            }
            Some(source) if !source.enabled => {
                return Err(format!("the source {} is off, so nobody would read it", source.name));
            }
            Some(source) if source.cluster.is_some() => {
                let cluster = source.cluster.as_deref().unwrap_or_default();
                return Err(format!(
                    "it came from the cluster {cluster}, which braid only reads: `braid dlq show --value` gives the record, \
                     for whoever may write there"
                ));
            }
            _ => {}
        }
        let missing = || format!("topic {topic} is missing, or may not be described");
        let partitions = self.partitions.get(topic).ok_or_else(missing)?;
        let is_there = u32::try_from(told.partition).is_ok_and(|partition| partition < *partitions);
        Ok(is_there.then_some(told.partition))
    }

    fn hopeful(&self, told: &Told<'_>, letter: &Record, group: &Group) -> Result<(), String> {
        if told.replays >= REPLAYS_MAX {
            return Err(format!(
                "its record was replayed {} times and has come back each time; --anyway sends it once more",
                told.replays
            ));
        }
        match refused_again(self.config, told, letter, &group.elements, self.now_millis) {
            Some(refusal) => Err(format!("with this configuration it would be refused again: {refusal}")),
            None => Ok(()),
        }
    }
}

/// Only what is all there is sent: half a record would be another one.
fn whole(told: &Told<'_>) -> Result<(), String> {
    let Told { topic, partition, offset, .. } = told;
    let itself =
        format!("the record itself is at {topic} {partition}@{offset}, if retention has left it there");
    if told.reason == OVER_BROKER_LIMIT {
        return Err(format!("it holds what was made of the record and was too large; {itself}"));
    }
    told.cut.as_ref().map_or(Ok(()), |cut| Err(format!("{cut}; {itself}")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use braid_log::Header;
    use braid_wire::RefusalReason;
    use braid_wire::dead_letter::{Cause, Original, Reader, dead_letter};

    use super::*;
    use crate::dlq::survey::tests::{letter, record, refusal};

    const AT: (&str, i32, i64) = ("security.graph", 1, 7);

    fn config() -> Config {
        let text = "[kafka]\nbrokers = [\"k:9092\"]\n[[sources]]\nname = \"graph\"\ntopics = [\"security.graph\"]\nformat = \"braid-json\"\n\
             enabled = true\ntenant = { field = \"tenant\", aliases = { b3c1 = \"contoso\" } }\n";
        Config::parse(Path::new("braid.toml"), text, []).unwrap()
    }

    fn alert(tenant: &str) -> String {
        format!(
            r#"{{"tenant":"{tenant}","provider":"microsoftDefenderForEndpoint","id":"a","title":"A","severity":"high","first_activity":"2025-02-03T10:00:00Z"}}"#
        )
    }

    fn judged(config: &Config, letter: &Record, anyway: bool, elements: &[i32]) -> Result<Outgoing, String> {
        let partitions = BTreeMap::from([("security.graph".to_owned(), 2), ("braid.alerts".to_owned(), 4)]);
        let judge = Judge { config, partitions, anyway, now_millis: 1_770_113_470_000 };
        let group = Group { letters: Vec::new(), elements: elements.to_vec(), reason: "x".into() };
        judge.judge("2@17".parse().unwrap(), letter, &group)
    }

    fn unmapped(at: (&str, i32, i64), value: &str, came: &[Header]) -> Record {
        let refusal = refusal(RefusalReason::UnmappedTenant, "tenant is no alias", 0);
        letter("2@17", 0, at, &refusal, (value.as_bytes(), came))
    }

    #[test]
    fn what_would_be_taken_now_goes_to_its_partition_with_its_key_and_headers() {
        let came = [("trace".into(), Some(Box::from(&b"t"[..])))];
        let sent = judged(&config(), &unmapped(AT, &alert("b3c1"), &came), false, &[0]).unwrap();
        assert_eq!((&*sent.topic, sent.partition), ("security.graph", Some(1)));
        assert_eq!(sent.key.as_deref(), Some(&b"key"[..]));
        assert_eq!(sent.value.as_deref(), Some(alert("b3c1").as_bytes()));
        let names: Vec<&str> = sent.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["trace", "braid.replay.of", "braid.replay.count"]);
        let beyond = unmapped(("security.graph", 2, 7), &alert("b3c1"), &[]);
        assert_eq!(judged(&config(), &beyond, false, &[0]).unwrap().partition, None);
    }

    #[test]
    fn to_a_cluster_that_is_only_read_nothing_is_sent_whoever_insists() {
        let mut config = config();
        config.sources[0].cluster = Some("hub".to_owned());
        let letter = unmapped(("hub:security.graph", 1, 7), &alert("b3c1"), &[]);
        let why = judged(&config, &letter, true, &[0]).unwrap_err();
        assert!(why.starts_with("it came from the cluster hub, which braid only reads"), "{why}");
        let here = unmapped(AT, &alert("b3c1"), &[]);
        let why = judged(&config, &here, true, &[0]).unwrap_err();
        assert_eq!(
            why, "no source of the configuration reads security.graph",
            "of one name, on another cluster"
        );
    }

    #[test]
    fn what_would_be_refused_again_is_not_sent_unless_somebody_insists() {
        let letter = unmapped(AT, &alert("fabrikam"), &[]);
        let why = judged(&config(), &letter, false, &[0]).unwrap_err();
        assert!(
            why.starts_with("with this configuration it would be refused again: unmapped_tenant"),
            "{why}"
        );
        assert!(judged(&config(), &letter, true, &[0]).is_ok());
    }

    #[test]
    fn a_record_is_sent_if_one_of_its_bad_elements_would_be_taken_now() {
        let list = format!("[{},{},{}]", alert("b3c1"), alert("fabrikam"), alert("b3c1"));
        let letter = unmapped(AT, &list, &[]);
        assert!(judged(&config(), &letter, false, &[1, 2]).is_ok());
        assert!(judged(&config(), &letter, false, &[1]).is_err());
        let broken = unmapped(AT, &list[..list.len() - 9], &[]);
        assert!(judged(&config(), &broken, false, &[2]).is_err());
    }

    #[test]
    fn what_came_back_three_times_is_not_sent_unless_somebody_insists() {
        let mut came = Vec::new();
        for _ in 0..REPLAYS_MAX {
            let letter = unmapped(AT, &alert("b3c1"), &came);
            came = judged(&config(), &letter, false, &[0]).unwrap().headers;
        }
        let letter = unmapped(AT, &alert("b3c1"), &came);
        let why = judged(&config(), &letter, false, &[0]).unwrap_err();
        assert!(why.contains("replayed 3 times"), "{why}");
        assert!(judged(&config(), &letter, true, &[0]).is_ok());
    }

    #[test]
    fn half_a_record_and_what_was_made_of_one_are_never_sent() {
        let cut = unmapped(AT, &"x".repeat(2_000_000), &[]);
        let why = judged(&config(), &cut, true, &[0]).unwrap_err();
        assert!(why.contains("of its value of 2000000 bytes only the first part is left"), "{why}");
        assert!(why.contains("the record itself is at security.graph 1@7"), "{why}");
        let original = Original {
            topic: AT.0,
            partition: AT.1,
            offset: AT.2,
            timestamp_millis: 0,
            key: None,
            value: Some(b"made of it"),
            headers: &[],
        };
        let reader = Reader { stage: "normalise", source: "graph", format: "braid-json" };
        let cause = Cause { reason: OVER_BROKER_LIMIT, ..Cause::from(RefusalReason::Malformed) };
        let made = dead_letter(&original, &reader, &cause, 1_000_000);
        let made = record("2@17", 0, made.key, made.value, made.headers);
        assert!(judged(&config(), &made, true, &[0]).unwrap_err().contains("what was made of the record"));
    }

    #[test]
    fn nothing_is_sent_where_no_source_reads() {
        let refused = |config: &Config, topic| {
            judged(config, &unmapped((topic, 0, 7), &alert("b3c1"), &[]), true, &[0]).unwrap_err()
        };
        assert_eq!(refused(&config(), "payroll"), "no source of the configuration reads payroll");
        let mut off = config();
        off.sources[0].enabled = false;
        assert_eq!(refused(&off, "security.graph"), "the source graph is off, so nobody would read it");
        let mut elsewhere = config();
        elsewhere.sources[0].topics.push("security.more".to_owned());
        assert!(refused(&elsewhere, "security.more").contains("is missing"));
    }

    #[test]
    fn what_correlation_refused_goes_to_the_alerts_topic_if_it_can_be_read() {
        let sent = judged(&config(), &unmapped(("braid.alerts", 3, 7), "no Avro", &[]), false, &[0]);
        assert!(sent.unwrap_err().contains("refused again"));
        let tick = braid_wire::own::tick_to_avro(
            &braid_alert::Tenant::new("contoso"),
            braid_alert::SourceTime::from_millis(0),
        );
        let mut letter = unmapped(("braid.alerts", 3, 7), "", &[]);
        letter.value = Some(tick.into());
        let sent = judged(&config(), &letter, false, &[0]).unwrap();
        assert_eq!((&*sent.topic, sent.partition), ("braid.alerts", Some(3)));
    }
}
