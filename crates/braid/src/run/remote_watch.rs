//! Looks, beside the workers, whether what is read of a further cluster can be had, and whether the topics that keep its
//! offsets fit it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use braid_kafka::{Connection, RemoteCluster, RemoteTopic, TopicFault, TopicWatch, Topics};
use braid_log::Failure;
use braid_runtime::Surroundings;
use braid_runtime::integrations::Fault;

use super::rest;
use super::watch::{EVERY, advised};
use crate::config::Config;
use crate::{remote, topology};

/// One further cluster. It being away is told of its own topics, and of nothing else.
pub(super) struct RemoteWatch {
    config: Config,
    cluster: RemoteCluster,
    connection: Arc<Connection>,
    around: Surroundings,
    there: TopicWatch,
    /// Looks at the topics that keep the offsets.
    here: TopicWatch,
}

impl RemoteWatch {
    pub(super) fn new(
        config: &Config,
        cluster: &RemoteCluster,
        connection: &Arc<Connection>,
        around: &Surroundings,
    ) -> Result<Self, Failure> {
        let group_id = topology::normalise_group(config);
        Ok(Self {
            there: TopicWatch::connect(&cluster.connection, &group_id)?,
            here: TopicWatch::connect(connection, &group_id)?,
            config: config.clone(),
            cluster: cluster.clone(),
            connection: connection.clone(),
            around: around.clone(),
        })
    }

    /// Looks once, then on a thread of its own until somebody asks to stop. Nobody waits for its end: it holds nothing.
    pub(super) fn begin(mut self) -> Result<(), Failure> {
        self.look();
        let name = format!("watch-{}", self.cluster.name);
        let run = move || {
            while !self.around.stop.requested() {
                rest(&self.around.stop, EVERY);
                self.look();
            }
        };
        let spawned = thread::Builder::new().name(name).spawn(run);
        spawned
            .map(drop)
            .map_err(|error| Failure::Fatal(format!("a thread for the watch of a cluster: {error}")))
    }

    fn look(&mut self) {
        let topics: Vec<&str> = self.cluster.topics.iter().map(|topic| &*topic.topic).collect();
        let seen = self.there.look(&topics, &[]);
        let kept_in: Vec<&str> = self.cluster.topics.iter().map(|topic| &*topic.offsets_topic).collect();
        // That the cluster of `[kafka]` does not answer, its own watch tells.
        let kept = self.here.look(&[], &kept_in).is_ok();
        let faults: BTreeMap<Box<str>, Fault> = self
            .cluster
            .topics
            .iter()
            .filter_map(|topic| {
                let fault = self.unread(topic, &seen).or_else(|| self.unkept(topic).filter(|_| kept))?;
                Some(((&*topic.name).into(), fault))
            })
            .collect();
        let around = &self.around;
        let name = &self.cluster.name;
        around.integrations.show_remote(name, faults, &around.readiness, &around.metrics);
    }

    /// Why a topic cannot be read.
    fn unread(
        &self,
        topic: &RemoteTopic,
        seen: &Result<BTreeMap<String, TopicFault>, TopicFault>,
    ) -> Option<Fault> {
        let fault = match seen {
            Ok(faults) => faults.get(&*topic.topic)?,
            Err(fault) => fault,
        };
        Some(advised(fault.clone(), &format!("clusters ({})", self.cluster.name)))
    }

    /// Why its offsets cannot be kept. What is missing is made, where braid may make topics.
    fn unkept(&self, topic: &RemoteTopic) -> Option<Fault> {
        let there = self.there.partition_count(&topic.topic)?;
        let found = match self.here.partition_count(&topic.offsets_topic) {
            Some(kept) => remote::count_fault(topic, there, kept),
            None if self.config.topics.create => {
                self.create(topic, there).err().map(|why| (why, MISSING_ADVICE.to_owned()))
            }
            None => {
                let what = format!("the topic {}, which keeps its offsets, is missing", topic.offsets_topic);
                Some((what, MISSING_ADVICE.to_owned()))
            }
        };
        found.map(|(what, advice)| Fault { what: what.into(), advice: advice.into() })
    }

    fn create(&self, topic: &RemoteTopic, partitions: u32) -> Result<(), String> {
        let spec = remote::offsets_topic(&self.config, topic, partitions);
        let ensured = Topics::connect(&self.connection).and_then(|topics| topics.ensure(&[spec]));
        let ensured = ensured.map_err(|failure| super::told(&failure).to_owned())?;
        for topic in &ensured.created {
            tracing::info!(topic, partitions, "created");
        }
        let wrong: Vec<String> = ensured.differences.iter().map(ToString::to_string).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }
}

const MISSING_ADVICE: &str = "have it made on the cluster of [kafka]: `braid topics --create`, or `topics.create`; it has as \
                              many partitions as the topic whose offsets it keeps";
