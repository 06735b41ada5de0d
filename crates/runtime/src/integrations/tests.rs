use super::*;
use crate::{StageKind, Stop};

use braid_alert::{EventTime, SourceTime};
use braid_log::TopicPartition;
use braid_wire::RefusalReason;

fn source(name: &str, enabled: bool) -> SourceDescription {
    let topics = vec![format!("security.{name}").as_str().into()];
    SourceDescription { name: name.into(), enabled, format: Format::MdiCef, topics }
}

fn fault(what: &str) -> Fault {
    Fault { what: what.into(), advice: "mend it".into() }
}

struct World {
    integrations: Integrations,
    readiness: Readiness,
    metrics: Metrics,
}

impl World {
    fn new() -> Self {
        let sources = vec![source("mdi", true), source("ata", true), source("off", false)];
        let output =
            OutputDescription { topic: "incidents".into(), holds: "incidents", encoding: "json".into() };
        Self {
            integrations: Integrations::new(sources, vec![output], None),
            readiness: Readiness::new(Stop::new()),
            metrics: Metrics::new(["mdi", "ata"], []),
        }
    }

    fn report(&self) -> IntegrationReport {
        self.integrations.report(&self.readiness, &SourceHealth::default(), &self.metrics)
    }

    fn states(&self) -> Vec<&'static str> {
        self.report().sources.iter().map(|status| status.state.as_str()).collect()
    }

    fn broken(&self, source: &str) -> f64 {
        self.metrics.source_broken.value(&self.metrics.source(source))
    }
}

#[test]
fn a_broken_topic_breaks_its_source_and_no_other_until_it_is_well_again() {
    let world = World::new();
    assert_eq!(world.states(), ["no alerts yet", "no alerts yet", "off"]);
    let denied = fault("Broker: Topic authorization failed");
    world.integrations.show_topics(
        [("security.mdi".into(), denied.clone())].into(),
        &world.readiness,
        &world.metrics,
    );
    assert_eq!(world.states(), ["broken", "no alerts yet", "off"]);
    let trouble = Trouble { place: Some("security.mdi".into()), fault: denied };
    assert_eq!(world.report().sources[0].troubles, [trouble]);
    assert_eq!((world.broken("mdi"), world.broken("ata")), (1.0, 0.0));
    let said = "source mdi: security.mdi: Broker: Topic authorization failed";
    assert_eq!(world.integrations.unready(), [said]);
    world.integrations.show_topics(BTreeMap::new(), &world.readiness, &world.metrics);
    assert_eq!(world.states(), ["no alerts yet", "no alerts yet", "off"]);
    assert_eq!((world.broken("mdi"), world.integrations.unready().len()), (0.0, 0));
}

#[test]
fn each_cluster_tells_of_its_own_topics_and_takes_nothing_back_that_another_has_told() {
    let mut world = World::new();
    let remote = |name: &str| SourceDescription { topics: vec!["hub:alerts".into()], ..source(name, true) };
    world.integrations = Integrations::new(vec![source("mdi", true), remote("ata")], Vec::new(), None);
    let away = fault("Connection refused");
    world.integrations.show_remote(
        "hub",
        [("hub:alerts".into(), away.clone())].into(),
        &world.readiness,
        &world.metrics,
    );
    world.integrations.show_topics(BTreeMap::new(), &world.readiness, &world.metrics);
    world.integrations.show_remote("another", BTreeMap::new(), &world.readiness, &world.metrics);
    assert_eq!(world.states(), ["no alerts yet", "broken"]);
    let trouble = Trouble { place: Some("hub:alerts".into()), fault: away };
    assert_eq!(world.report().sources[1].troubles, [trouble]);
    assert_eq!((world.broken("mdi"), world.broken("ata")), (0.0, 1.0));
    assert_eq!(world.integrations.unready(), ["source ata: hub:alerts: Connection refused"]);
    world.integrations.show_remote("hub", BTreeMap::new(), &world.readiness, &world.metrics);
    assert_eq!((world.states(), world.broken("ata")), (vec!["no alerts yet"; 2], 0.0));
}

#[test]
fn without_the_cluster_everything_that_is_on_is_broken() {
    let world = World::new();
    world.integrations.show_cluster(fault("SASL authentication error"), &world.readiness, &world.metrics);
    assert_eq!(world.states(), ["broken", "broken", "off"]);
    assert_eq!(world.report().outputs[0].state, IntegrationState::Broken);
    assert_eq!(world.broken("ata"), 1.0);
    world.integrations.show_topics(BTreeMap::new(), &world.readiness, &world.metrics);
    assert_eq!(world.report().outputs[0].state, IntegrationState::Ok);
}

#[test]
fn a_source_waits_for_its_share_and_a_held_partition_breaks_it() {
    let world = World::new();
    world.readiness.await_share("normalise-0");
    assert_eq!(world.states(), ["waiting", "waiting", "off"]);
    world.readiness.has_share("normalise-0");
    world.readiness.hold(&TopicPartition::new("security.ata", 3), "retention has deleted 7 records");
    assert_eq!(world.states(), ["no alerts yet", "broken", "off"]);
    let report = world.report();
    let [trouble] = &report.sources[1].troubles[..] else { panic!("{report:?}") };
    assert_eq!(trouble.place.as_deref(), Some("security.ata/3"));
    assert!(trouble.fault.what.contains("deleted 7"), "{trouble:?}");
    assert_eq!((world.broken("mdi"), world.broken("ata")), (0.0, 1.0));
    world.readiness.clear(&TopicPartition::new("security.ata", 3));
    world.integrations.show_topics(BTreeMap::new(), &world.readiness, &world.metrics);
    assert_eq!(world.broken("ata"), 0.0, "seen at the next look, whether or not somebody asks");
}

#[test]
fn what_keeps_incidents_from_being_made_breaks_the_outputs_and_no_source() {
    let world = World::new();
    let output = || world.report().outputs.remove(0);
    let alerts = TopicPartition::new("braid.alerts", 0);
    world.readiness.restore_begins(&alerts);
    assert_eq!((output().state, world.states()[0]), (IntegrationState::Waiting, "no alerts yet"));
    assert_eq!(*world.report().waits, [Box::from("braid.alerts/0: it is being restored")]);
    world.readiness.hold(&alerts, "braid.alerts/0: offset 3 has a fingerprint that is not known");
    let [trouble] = &output().troubles[..] else { panic!("{:?}", output()) };
    assert_eq!(trouble.place.as_deref(), Some("braid.alerts/0"));
    assert_eq!(
        &*trouble.fault.what, "offset 3 has a fingerprint that is not known",
        "the place is told once"
    );
    assert_eq!((output().state, world.states()[0]), (IntegrationState::Broken, "no alerts yet"));
    world.readiness.clear(&alerts);
    assert_eq!(output().state, IntegrationState::Ok);

    world.readiness.trouble("correlate-0", "nothing succeeds".into());
    world.readiness.trouble("indicators", "they are being read".into());
    assert_eq!(output().troubles.len(), 1);
    world.integrations.show_cluster(fault("Connection refused"), &world.readiness, &world.metrics);
    assert_eq!(output().troubles.len(), 1, "that nothing succeeds without the cluster is no news");
}

#[test]
fn what_waits_for_something_says_for_what_and_the_other_stage_goes_on() {
    let world = World::new();
    let states = || (world.states()[0], world.report().outputs[0].state.as_str());
    world.readiness.wait_for("the schema registry", Some(StageKind::Correlate), "no answer");
    assert_eq!(states(), ("no alerts yet", "waiting"));
    assert_eq!(*world.report().waits, [Box::from("the schema registry: no answer")]);
    world.readiness.wait_for("worker normalise-0", Some(StageKind::Normalise), "it has not started yet");
    assert_eq!(states(), ("waiting", "waiting"));
    world.readiness.waited("the schema registry");
    assert_eq!(states(), ("waiting", "ok"));
    world.readiness.waited("worker normalise-0");
    world.readiness.wait_for("the topics", None, "no answer");
    assert_eq!(states(), ("waiting", "waiting"));
}

#[test]
fn a_source_of_which_nothing_can_be_taken_is_not_well_until_something_is() {
    let world = World::new();
    let refused = || Figures { records: 3, refused: 3, ..Figures::default() };
    world.integrations.add("mdi", refused());
    assert_eq!(world.states(), ["refusing", "no alerts yet", "off"]);
    world.integrations.add("mdi", Figures { records: 1, taken: 1, ..Figures::default() });
    assert_eq!(world.states()[0], "ok");
    // What is left out by design does not show that the rest is read.
    world.integrations.add("ata", Figures { dropped: [(RefusalReason::HealthAlert, 1)].into(), ..refused() });
    assert_eq!(world.states()[1], "refusing");
}

#[test]
fn figures_of_partitions_add_up_and_the_newest_record_is_the_last() {
    let world = World::new();
    let last = |source: i64, event: i64| LastRecord {
        source_time: SourceTime::from_millis(source),
        event_time: Some(EventTime::from_millis(event)),
    };
    let example = RefusedExample {
        reason: "truncated".into(),
        detail: "at byte 7".into(),
        topic: "security.mdi".into(),
        partition: 1,
        offset: 9,
    };
    let dropped = || [(RefusalReason::BesideAlerts, 2)].into();
    let first = Figures {
        records: 3,
        taken: 1,
        last: Some(last(9_000, 2_000)),
        dropped: dropped(),
        ..Figures::default()
    };
    let refused = Figures {
        records: 2,
        refused: 2,
        example: Some(Box::new(example)),
        dropped: dropped(),
        ..Figures::default()
    };
    let older = Figures { records: 1, taken: 1, last: Some(last(8_000, 1_000)), ..Figures::default() };
    [first, refused, older].into_iter().for_each(|figures| world.integrations.add("mdi", figures));
    let status = &world.report().sources[0];
    assert_eq!(status.state, IntegrationState::Ok);
    assert_eq!((status.figures.records, status.figures.taken, status.figures.refused), (6, 2, 2));
    assert_eq!(status.figures.dropped[&RefusalReason::BesideAlerts], 4);
    assert_eq!(status.figures.example.as_ref().map(|example| example.offset), Some(9));
    assert_eq!(status.figures.last.and_then(|last| last.lag_seconds()), Some(7.0));
    assert_eq!(status.reports_resolution(), Some(false), "CEF tells of none");
}
