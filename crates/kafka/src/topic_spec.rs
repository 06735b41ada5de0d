use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A topic as it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions; fixed for good when the topic is created.
    pub partitions: u32,
    /// How many replicas each; `None` leaves it to the cluster's default.
    pub replication: Option<u16>,
    /// Its settings, such as `cleanup.policy`. They are given when it is created. Of a topic that is there only those
    /// are compared that the promise rests on: `cleanup.policy`, `message.timestamp.type`, and that
    /// `max.message.bytes` is not smaller; retention is the operator's to change.
    pub settings: BTreeMap<String, String>,
    /// What it is for, in a few words for people.
    pub purpose: String,
}

/// A topic as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicState {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: u32,
    /// How many replicas the first partition has.
    pub replication: u16,
    /// Every setting and its value in force.
    pub settings: BTreeMap<String, String>,
}

/// How a topic differs from what is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDifference {
    /// The topic.
    pub topic: String,
    /// In what.
    pub difference: Difference,
}

/// In what a topic differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It is not there, or may not be seen.
    Missing,
    /// It could not be created, and why.
    NotCreated(String),
    /// It has another number of partitions: state and keys would be in the wrong ones.
    Partitions {
        /// As needed.
        needed: u32,
        /// As it is.
        found: u32,
    },
    /// A setting has a value that breaks a promise.
    Setting {
        /// The setting.
        name: String,
        /// As needed.
        needed: String,
        /// As it is; empty if the broker does not tell.
        found: String,
    },
}

impl fmt::Display for TopicDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = &self.topic;
        match &self.difference {
            Difference::Missing => write!(f, "topic {topic} is missing, or may not be described"),
            Difference::NotCreated(why) => write!(f, "topic {topic} could not be created: {why}"),
            Difference::Partitions { needed, found } => write!(
                f,
                "topic {topic} has {found} partitions and {needed} are needed; the number cannot be changed in place, \
                 for keys and state would be in the wrong ones"
            ),
            Difference::Setting { name, needed, found } => {
                write!(f, "topic {topic} has {name}={found} and needs {needed}")
            }
        }
    }
}

/// In what a topic that is there differs from what is needed.
pub(crate) fn differences(spec: &TopicSpec, state: &TopicState) -> Vec<Difference> {
    let partitions = (spec.partitions != state.partitions)
        .then_some(Difference::Partitions { needed: spec.partitions, found: state.partitions });
    let settings = spec.settings.iter().filter_map(|(name, needed)| {
        let found = state.settings.get(name).map_or("", String::as_str);
        (!suffices(name, needed, found)).then(|| Difference::Setting {
            name: name.clone(),
            needed: needed.clone(),
            found: found.to_owned(),
        })
    });
    partitions.into_iter().chain(settings).collect()
}

fn suffices(name: &str, needed: &str, found: &str) -> bool {
    let words = |list: &str| list.split(',').map(|word| word.trim().to_owned()).collect::<BTreeSet<_>>();
    let number = |text: &str| text.parse::<u64>().ok();
    match name {
        "cleanup.policy" => words(needed) == words(found),
        "message.timestamp.type" => needed == found,
        "max.message.bytes" => number(found) >= number(needed),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn only_what_a_promise_rests_on_is_a_difference() {
        let spec = TopicSpec {
            name: "braid.alerts".into(),
            partitions: 12,
            replication: Some(3),
            settings: map(&[
                ("cleanup.policy", "compact,delete"),
                ("max.message.bytes", "2000000"),
                ("message.timestamp.type", "LogAppendTime"),
                ("retention.ms", "604800000"),
            ]),
            purpose: "alerts by tenant".into(),
        };
        let state = |settings: &[(&str, &str)]| TopicState {
            name: "braid.alerts".into(),
            partitions: 6,
            replication: 1,
            settings: map(settings),
        };
        let told = |settings: &[(&str, &str)]| -> Vec<String> {
            differences(&spec, &state(settings))
                .into_iter()
                .map(|difference| TopicDifference { topic: "t".into(), difference }.to_string())
                .collect()
        };
        let good = [
            ("cleanup.policy", "delete,compact"),
            ("max.message.bytes", "3000000"),
            ("message.timestamp.type", "LogAppendTime"),
            ("retention.ms", "1"),
        ];
        assert_eq!(told(&good).len(), 1, "only the partitions: {:?}", told(&good));
        assert!(told(&good)[0].starts_with("topic t has 6 partitions and 12 are needed"));
        let bad = [
            ("cleanup.policy", "delete"),
            ("max.message.bytes", "1048588"),
            ("message.timestamp.type", "CreateTime"),
        ];
        assert_eq!(
            told(&bad)[1..],
            [
                "topic t has cleanup.policy=delete and needs compact,delete",
                "topic t has max.message.bytes=1048588 and needs 2000000",
                "topic t has message.timestamp.type=CreateTime and needs LogAppendTime",
            ]
        );
    }
}
