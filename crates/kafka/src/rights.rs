use std::fmt;

use crate::{TopicSpec, WorkerSettings};

/// A right that braid's user needs, where the cluster checks rights.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AclNeed {
    /// On what.
    pub resource: AclResource,
    /// To do what: `Read`, `Write`, `Describe`, `DescribeConfigs`, `Create`, as Kafka names its operations.
    pub operation: &'static str,
    /// What for, in a few words.
    pub why: &'static str,
}

/// What a right is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AclResource {
    /// A topic of this name.
    Topic(String),
    /// A consumer group of this name.
    Group(String),
    /// Every transactional id with this beginning.
    TransactionalIdPrefix(String),
}

/// The arguments of `kafka-acls --add --allow-principal …` that grant it.
impl fmt::Display for AclNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--operation {} ", self.operation)?;
        match &self.resource {
            AclResource::Topic(name) => write!(f, "--topic {name}"),
            AclResource::Group(name) => write!(f, "--group {name}"),
            AclResource::TransactionalIdPrefix(prefix) => {
                write!(f, "--transactional-id {prefix} --resource-pattern-type prefixed")
            }
        }
    }
}

/// The rights that a worker needs: to read its topics as a member of its group, to write `written` in transactions,
/// and to read back `restored`, its changelog, if it has one.
pub fn worker_rights(worker: &WorkerSettings, written: &[&str], restored: Option<&str>) -> Vec<AclNeed> {
    let group = || AclResource::Group(worker.group_id.clone());
    // The last dash keeps one deployment from being granted another's that merely begins alike.
    let ids = || AclResource::TransactionalIdPrefix(format!("{}-", worker.transactional_id_prefix));
    let mut needs = vec![
        AclNeed { resource: group(), operation: "Read", why: "join the group, commit offsets" },
        AclNeed { resource: ids(), operation: "Write", why: "write in transactions" },
        AclNeed { resource: ids(), operation: "Describe", why: "find the transaction's coordinator" },
    ];
    let mut topic = |name: &str, operation, why| {
        needs.push(AclNeed { resource: AclResource::Topic(name.to_owned()), operation, why });
    };
    worker.topics.iter().for_each(|name| topic(name, "Read", "what the worker works on"));
    written.iter().for_each(|name| topic(name, "Write", "what the worker makes of it"));
    restored.into_iter().for_each(|name| topic(name, "Read", "restore"));
    needs
}

/// The rights that [`crate::Topics::ensure`] needs besides: to compare the topics, and to create those that are
/// missing.
pub fn topic_rights(specs: &[TopicSpec]) -> Vec<AclNeed> {
    let of_spec = |spec: &TopicSpec| {
        let need =
            |operation, why| AclNeed { resource: AclResource::Topic(spec.name.clone()), operation, why };
        [need("DescribeConfigs", "compare its settings"), need("Create", "create it if it is missing")]
    };
    specs.iter().flat_map(of_spec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_needs_its_topics_its_group_and_its_transactional_ids() {
        let worker = WorkerSettings::new("correlate", "braid-correlate", vec!["braid.alerts".into()]);
        let needs = worker_rights(&worker, &["incidents", "braid.changelog"], Some("braid.changelog"));
        let lines: Vec<String> = needs.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "--operation Read --group braid-correlate",
                "--operation Write --transactional-id braid- --resource-pattern-type prefixed",
                "--operation Describe --transactional-id braid- --resource-pattern-type prefixed",
                "--operation Read --topic braid.alerts",
                "--operation Write --topic incidents",
                "--operation Write --topic braid.changelog",
                "--operation Read --topic braid.changelog",
            ]
        );
    }
}
