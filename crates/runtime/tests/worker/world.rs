//! A modelled cluster with workers of both stages on it, stepped by one thread.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use braid_alert::{EventTime, Incident, IncidentChange, IncidentId, Tenant};
use braid_engine::{Effect, Input, Partition};
use braid_log::{Failure, Record, TopicPartition};
use braid_runtime::hot_index::EntityFacts;
use braid_runtime::{
    BatchLimits, Correlate, HotIndex, Metrics, Normalise, Readiness, RestoreJob, Restorer, Settings, Source,
    StageKind, Stop, Surroundings, Worker,
};
use braid_sim::broker::{Broker, Connection, ModelChangelog, ModelLog, Timestamps};
use braid_wire::{Format, SourceRules, TenantRule, incident, own};

pub(crate) const START_MILLIS: i64 = 1_780_000_000_000;
pub(crate) const SOURCES: [&str; 2] = ["edr.alerts", "mobile.alerts"];
/// Where people send commands, and where a directory is.
pub(crate) const COMMANDS: &str = "people.commands";
pub(crate) const DIRECTORY: &str = "people.directory";
const SOURCE_PARTITIONS: usize = 2;
const ALERTS_PARTITIONS: usize = 4;
pub(crate) const MESSAGE_BYTES_MAX: usize = 100_000;

/// Restore jobs wait here until the test lets one try.
#[derive(Clone, Default)]
pub(crate) struct Queue(Rc<RefCell<VecDeque<RestoreJob<ModelChangelog>>>>);

impl Restorer<ModelChangelog> for Queue {
    fn run(&mut self, job: RestoreJob<ModelChangelog>) -> Result<(), Failure> {
        self.0.borrow_mut().push_back(job);
        Ok(())
    }
}

impl Queue {
    /// Lets the first job try once; it goes to the end if it must try again.
    pub(crate) fn attempt(&self) {
        let job = self.0.borrow_mut().pop_front();
        if let Some(mut job) = job
            && !job.attempt()
        {
            self.0.borrow_mut().push_back(job);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

/// A worker of either stage.
pub(crate) enum Live {
    Normalise(Box<Worker<ModelLog, Normalise, Queue>>),
    Correlate(Box<Worker<ModelLog, Correlate, Queue>>),
}

pub(crate) struct Seat {
    pub(crate) kind: StageKind,
    pub(crate) ordinal: usize,
    pub(crate) live: Option<Live>,
    pub(crate) queue: Queue,
    pub(crate) around: Surroundings,
    pub(crate) index: Arc<HotIndex>,
}

impl Seat {
    /// One round of the loop. `Err` if the worker is no more.
    pub(crate) fn step(&mut self) -> Result<(), Failure> {
        let outcome = match &mut self.live {
            None => Ok(()),
            Some(Live::Normalise(worker)) => worker.step(),
            Some(Live::Correlate(worker)) => worker.step(),
        };
        if outcome.is_err() {
            self.live = None;
        }
        outcome
    }

    /// Leaves the group as it should be done.
    pub(crate) fn close(&mut self) {
        match self.live.take() {
            None => {}
            Some(Live::Normalise(worker)) => worker.close(),
            Some(Live::Correlate(worker)) => worker.close(),
        }
    }

    /// Dies without a word.
    pub(crate) fn kill(&mut self) {
        self.live = None;
        self.queue.0.borrow_mut().clear();
    }

    pub(crate) fn state(&self, input: &TopicPartition) -> Option<&Partition> {
        match &self.live {
            Some(Live::Correlate(worker)) => worker.stage().partition(input),
            _ => None,
        }
    }
}

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) settings: Arc<Settings>,
    pub(crate) seats: Vec<Seat>,
    produced: u64,
}

/// Every topic that is read, and what is in it.
fn sources() -> impl Iterator<Item = (&'static str, Format)> {
    let others = [(COMMANDS, Format::BraidCommandJson), (DIRECTORY, Format::BraidDirectoryJson)];
    SOURCES.into_iter().map(|topic| (topic, Format::BraidJson)).chain(others)
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let broker = Broker::new(START_MILLIS);
        let mut settings = Settings {
            alerts_partitions: ALERTS_PARTITIONS as i32,
            message_bytes_max: MESSAGE_BYTES_MAX,
            batch: BatchLimits {
                records_max: 7,
                poll_wait: Duration::from_millis(20),
                ..BatchLimits::default()
            },
            ..Settings::default()
        };
        for (topic, format) in sources() {
            let rule = TenantRule::Field { name: None, aliases: BTreeMap::new() };
            let rules = SourceRules::new(format, rule);
            settings.sources.insert(topic.into(), Source { name: topic.into(), rules });
            broker.create(topic, SOURCE_PARTITIONS, Timestamps::Create);
        }
        change(&mut settings);
        let topics = &settings.topics;
        broker.create(&topics.alerts, ALERTS_PARTITIONS, Timestamps::LogAppend);
        broker.create(&topics.changelog, ALERTS_PARTITIONS, Timestamps::LogAppend);
        broker.create(&topics.incidents, 3, Timestamps::LogAppend);
        broker.create(&topics.incident_events, 3, Timestamps::LogAppend);
        broker.create(&topics.dead_letters, 1, Timestamps::LogAppend);
        for output in &settings.further_outputs {
            broker.create(&output.topic, 3, Timestamps::LogAppend);
        }
        Self { broker, settings: Arc::new(settings), seats: Vec::new(), produced: 0 }
    }

    /// A place for a worker; one of the same stage and ordinal fences an earlier one.
    pub(crate) fn seat(&mut self, kind: StageKind, ordinal: usize) -> usize {
        let stop = Stop::new();
        let around = Surroundings {
            readiness: Arc::new(Readiness::new(stop.clone())),
            stop,
            metrics: Arc::new(Metrics::new(SOURCES, SOURCES)),
            source_health: Arc::default(),
            integrations: Arc::default(),
            indicators: Arc::default(),
        };
        let (queue, index) = (Queue::default(), Arc::new(HotIndex::new()));
        self.seats.push(Seat { kind, ordinal, live: None, queue, around, index });
        let place = self.seats.len() - 1;
        self.start(place);
        place
    }

    pub(crate) fn connect(&self, kind: StageKind, ordinal: usize) -> ModelLog {
        self.connector().connect(kind, ordinal)
    }

    pub(crate) fn connector(&self) -> Connector {
        Connector { broker: self.broker.clone(), settings: self.settings.clone() }
    }

    /// Starts the worker of a seat anew.
    pub(crate) fn start(&mut self, place: usize) {
        let log = self.connect(self.seats[place].kind, self.seats[place].ordinal);
        self.start_on(place, log);
    }

    pub(crate) fn start_on(&mut self, place: usize, log: ModelLog) {
        let (kind, ordinal) = (self.seats[place].kind, self.seats[place].ordinal);
        let settings = self.settings.clone();
        let seat = &mut self.seats[place];
        seat.queue = Queue::default();
        let (batch, name, around) =
            (settings.batch.clone(), format!("{kind}-{ordinal}"), seat.around.clone());
        let (metrics, restorer) = (around.metrics.clone(), seat.queue.clone());
        seat.live = Some(match kind {
            StageKind::Normalise => {
                let parts = (log, Normalise::new(&settings, &around), restorer);
                Live::Normalise(Box::new(Worker::new(&name, parts, batch, 2, around)))
            }
            StageKind::Correlate => {
                let stage = Correlate::new(settings, seat.index.clone(), metrics);
                Live::Correlate(Box::new(Worker::new(&name, (log, stage, restorer), batch, 2, around)))
            }
        });
    }

    /// Writes a record to a source partition, stamped now.
    pub(crate) fn produce(&mut self, value: &[u8]) {
        let number = self.produced as usize;
        let topic = SOURCES[number % SOURCES.len()];
        let partition = (number / SOURCES.len() % SOURCE_PARTITIONS) as i32;
        self.produced += 1;
        let at = TopicPartition::new(topic, partition);
        self.broker.produce(&at, None, Some(value), self.broker.now_millis());
    }

    /// Writes a command, or a directory's record under its key, stamped now.
    pub(crate) fn tell(&mut self, topic: &str, key: Option<&str>, value: Option<&str>) {
        let partition = key.map_or(0, |key| key.bytes().map(usize::from).sum::<usize>() % SOURCE_PARTITIONS);
        let at = TopicPartition::new(topic, partition as i32);
        let (key, value) = (key.map(str::as_bytes), value.map(str::as_bytes));
        self.broker.produce(&at, key, value, self.broker.now_millis());
    }

    /// Everybody works until all that was produced has gone through both stages.
    ///
    /// # Panics
    /// If that takes too many rounds, or a worker fails.
    pub(crate) fn settle(&mut self) {
        for _ in 0..3_000 {
            for seat in &mut self.seats {
                seat.step().expect("nothing goes wrong any more");
                seat.queue.attempt();
            }
            if self.is_settled() {
                return;
            }
        }
        let told: Vec<_> = self.seats.iter().map(|seat| seat.around.readiness.report()).collect();
        panic!("not settled: {:?}; {told:?}", self.lagging());
    }

    /// Everybody goes so often through the loop.
    ///
    /// # Panics
    /// If a worker fails.
    pub(crate) fn rounds(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for seat in &mut self.seats {
                seat.step().expect("nothing goes wrong");
                seat.queue.attempt();
            }
        }
    }

    /// A worker dies, its session expires, and another one takes its seat.
    pub(crate) fn replace(&mut self, place: usize) {
        self.seats[place].kill();
        self.broker.advance(Duration::from_secs(11));
        self.start(place);
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.lagging().is_empty()
    }

    fn lagging(&self) -> Vec<String> {
        let inputs = [(StageKind::Normalise, self.sources()), (StageKind::Correlate, self.alerts())];
        let lagging = inputs.into_iter().flat_map(|(kind, inputs)| {
            let offsets = self.broker.offsets(kind.as_str());
            inputs.into_iter().filter_map(move |input| {
                let last = self.broker.committed(&input).last()?.offset;
                let next = offsets.get(&input).copied().unwrap_or(0);
                (next <= last).then(|| format!("{kind} {input}: next {next}, last {last}"))
            })
        });
        lagging.collect()
    }

    pub(crate) fn sources(&self) -> Vec<TopicPartition> {
        let partitions = |topic: &Arc<str>| {
            let topic = topic.clone();
            (0..SOURCE_PARTITIONS).map(move |p| TopicPartition::new(topic.clone(), p as i32))
        };
        self.settings.sources.keys().flat_map(partitions).collect()
    }

    pub(crate) fn alerts(&self) -> Vec<TopicPartition> {
        let topic = &self.settings.topics.alerts;
        (0..ALERTS_PARTITIONS).map(|p| TopicPartition::new(topic.clone(), p as i32)).collect()
    }

    pub(crate) fn changelog(&self, input: &TopicPartition) -> TopicPartition {
        TopicPartition::new(self.settings.topics.changelog.clone(), input.partition)
    }

    /// All committed records of a topic, in the order of each partition.
    pub(crate) fn topic(&self, topic: &Arc<str>) -> Vec<Record> {
        (0..ALERTS_PARTITIONS as i32)
            .flat_map(|p| self.broker.committed(&TopicPartition::new(topic.clone(), p)))
            .collect()
    }

    pub(crate) fn dead_letters(&self) -> Vec<Record> {
        self.topic(&self.settings.topics.dead_letters)
    }

    /// What the alerts topic carries.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        let values = self.topic(&self.settings.topics.alerts).into_iter().filter_map(|record| record.value);
        values.filter_map(|value| own::input_from_avro(&value).ok()).collect()
    }

    /// The changes of each incident, in the order of the incident-events topic.
    pub(crate) fn events(&self) -> BTreeMap<IncidentId, Vec<IncidentChange>> {
        let mut events: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in self.topic(&self.settings.topics.incident_events) {
            let change = incident::decode_change(&record.value.expect("no tombstones")).expect("we wrote it");
            events.entry(change.incident).or_default().push(change);
        }
        events
    }

    /// The snapshots of each incident, in the order of the incidents topic.
    pub(crate) fn snapshots(&self) -> BTreeMap<IncidentId, Vec<Incident>> {
        let mut snapshots: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in self.topic(&self.settings.topics.incidents) {
            let Some(value) = record.value else { continue };
            let incident = incident::decode_incident(&value).expect("we wrote it");
            snapshots.entry(incident.id).or_default().push(incident);
        }
        snapshots
    }

    /// What a reader has who keeps the last record of each key, and nothing of one whose last record has no value.
    pub(crate) fn table(&self, topic: &Arc<str>) -> BTreeMap<String, Record> {
        let mut table = BTreeMap::new();
        for record in self.topic(topic) {
            let key = record.key.as_deref().expect("each is about an incident");
            table.insert(String::from_utf8_lossy(key).into_owned(), record);
        }
        table.retain(|_, record| record.value.is_some());
        table
    }

    /// What one engine that never failed makes of a partition of the alerts topic.
    pub(crate) fn replay(&self, input: &TopicPartition) -> (Partition, Vec<IncidentChange>) {
        let mut partition = Partition::new(self.settings.correlation.clone());
        let mut effects = Vec::new();
        for record in self.broker.committed(input) {
            if let Ok(taken) = own::input_from_avro(record.value.as_deref().unwrap_or_default()) {
                partition.apply(taken, &mut effects);
            }
        }
        let changes = effects.into_iter().filter_map(|effect| match effect {
            Effect::Incident(change) => Some(change),
            _ => None,
        });
        (partition, changes.collect())
    }

    /// Asserts that what is committed is what one engine that never failed makes of the alerts topic: every change
    /// once and in order, the newest snapshot of each incident, and the state.
    pub(crate) fn assert_as_replayed(&self) {
        let (events, snapshots) = (self.events(), self.snapshots());
        let mut expected: BTreeMap<IncidentId, Vec<IncidentChange>> = BTreeMap::new();
        let mut remembered = BTreeSet::new();
        for input in self.alerts() {
            let (partition, changes) = self.replay(&input);
            for change in changes {
                expected.entry(change.incident).or_default().push(change);
            }
            for (tenant, id) in partition.incident_ids() {
                self.assert_snapshots(&partition, &tenant, id, &snapshots);
                remembered.insert(id.to_string());
            }
            self.assert_state(&input, &partition);
        }
        assert_eq!(events, expected, "incident-events are what a replay gives");
        let table: BTreeSet<String> = self.table(&self.settings.topics.incidents).into_keys().collect();
        assert_eq!(table, remembered, "a table by key has the incidents that are remembered, and no other");
        for (id, changes) in &events {
            let versions: Vec<i64> = changes.iter().map(|change| change.version).collect();
            let gapless: Vec<i64> = (1..=versions.len() as i64).collect();
            assert_eq!(versions, gapless, "versions of {id} have no gap");
        }
    }

    fn assert_snapshots(
        &self,
        partition: &Partition,
        tenant: &Tenant,
        id: IncidentId,
        snapshots: &BTreeMap<IncidentId, Vec<Incident>>,
    ) {
        let written = snapshots.get(&id).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(written.last().cloned(), partition.incident(tenant, id), "the newest snapshot of {id}");
        let rising = written.windows(2).all(|pair| pair[0].version < pair[1].version);
        assert!(rising, "snapshots of {id} rise strictly");
    }

    fn assert_state(&self, input: &TopicPartition, replayed: &Partition) {
        for seat in &self.seats {
            if let Some(state) = seat.state(input) {
                assert_eq!(state.records(), replayed.records(), "the state of {input} is that of a replay");
                assert_entities_shown(&seat.index, state);
            }
        }
    }

    /// How often each alert that was produced stands in the alerts topic.
    pub(crate) fn arrivals(&self) -> BTreeMap<String, usize> {
        let mut arrivals = BTreeMap::new();
        for input in self.inputs() {
            if let Input::Alert(alert) = input {
                *arrivals.entry(alert.id.to_string()).or_default() += 1;
            }
        }
        arrivals
    }
}

/// What connects workers; may go to another thread.
pub(crate) struct Connector {
    broker: Broker,
    settings: Arc<Settings>,
}

impl Connector {
    pub(crate) fn connect(&self, kind: StageKind, ordinal: usize) -> ModelLog {
        let topics: BTreeSet<String> = match kind {
            StageKind::Normalise => self.settings.sources.keys().map(ToString::to_string).collect(),
            StageKind::Correlate => [self.settings.topics.alerts.to_string()].into(),
        };
        self.broker.connect(Connection {
            group: kind.to_string(),
            transactional_id: format!("braid-{kind}-{ordinal}"),
            topics,
            message_bytes_max: MESSAGE_BYTES_MAX,
        })
    }
}

/// An alert as JSON. Users and hosts are few, so that alerts join and incidents merge.
pub(crate) fn alert_json(number: u64, now_millis: i64) -> String {
    let minutes = i64::try_from(number * 7 % 50).expect("it is small");
    let at = EventTime::from_millis(now_millis - minutes * 60_000);
    let (tenant, user, host) = (number % 5, number * 3 % 7, number * 5 % 11);
    let severity = ["low", "medium", "high"][(number % 3) as usize];
    format!(
        r#"{{"tenant":"tenant-{tenant}","provider":"zimperium","id":"alert-{number}","title":"Alert {number}",
        "severity":"{severity}","status":"new","first_activity":"{at}","evidence":[
        {{"kind":"user","role":"source","identifiers":[{{"kind":"upn","value":"user{user}@contoso.azure"}}]}},
        {{"kind":"host","role":"impacted","identifiers":[{{"kind":"fqdn","value":"host{host}.contoso.azure"}}]}}]}}"#
    )
}

/// Asserts that the hot index shows the entities that the engine knows, as it knows them, and no other ones.
fn assert_entities_shown(index: &HotIndex, state: &Partition) {
    let mut numbers: BTreeMap<Tenant, BTreeSet<i64>> = BTreeMap::new();
    for entity in state.entities() {
        numbers.entry(entity.tenant.clone()).or_default().insert(entity.id.0);
        let shown = index.entities(Some(entity.tenant.as_str()), &entity.id.0.to_string());
        assert_eq!(shown.len(), 1, "{entity:?} is shown");
        // Whether it is a hub is shown as of when it last met somebody.
        assert_eq!(*shown[0], EntityFacts::of(entity, shown[0].hub));
    }
    for (tenant, known) in numbers {
        for gone in (0..*known.last().expect("it knows one")).filter(|number| !known.contains(number)) {
            let shown = index.entities(Some(tenant.as_str()), &gone.to_string());
            assert!(shown.iter().all(|facts| known.contains(&facts.id.0)), "{gone} of {tenant} is gone");
        }
    }
}
