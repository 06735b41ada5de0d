//! A feed that may not be read: the alerts wait for it for a while and go on without, and it is taken up where it may be read.

use std::time::Duration;

use braid_tests::broker::Cluster;
use braid_tests::http;
use braid_tests::program::Program;
use braid_tests::standing::until_within;

use crate::lab::{Lab, matches, of_hash, with_hash};

/// Until when the alerts must have gone on without: half a minute, and what it takes to see that nothing comes.
const WITHOUT_WITHIN: Duration = Duration::from_secs(45);

/// As in the other tests of rights.
const TOLD_WITHIN: Duration = Duration::from_secs(10);
const MENDED_WITHIN: Duration = Duration::from_secs(40);

/// What is said as long as the alerts wait.
const READING: &str = "the indicators are being read, and the alerts wait for them";

/// A cluster with rights, whose user `braid` may do everything but read the feed.
struct Guarded {
    cluster: &'static Cluster,
    lab: Lab,
}

impl Guarded {
    fn new() -> Self {
        let (cluster, listener) = Cluster::with_rights();
        // It ends with this process.
        let cluster: &'static Cluster = Box::leak(Box::new(cluster));
        let all = ["--topic", "*", "--group", "*", "--transactional-id", "*", "--cluster"];
        let allow = ["--add", "--allow-principal", "User:braid", "--operation", "All"];
        cluster.change_rights(&[&allow, &all[..]].concat());
        let lab = Lab::on(cluster, "threats-rights");
        lab.pipeline.reconfigure(&format!("{:?}", cluster.brokers()), &format!("{listener:?}"));
        lab.pipeline.reconfigure(
            "[kafka.settings]\n",
            "[kafka.settings]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"PLAIN\"\n\
             \"sasl.username\" = \"braid\"\n\"sasl.password\" = \"right\"\n",
        );
        let guarded = Self { cluster, lab };
        guarded.deny(&["--add"]);
        guarded
    }

    /// Takes the right to read the feed away, or gives it back.
    fn deny(&self, how: &[&str]) {
        let topic = self.lab.pipeline.topic("feed");
        let rule = ["--deny-principal", "User:braid", "--operation", "Read", "--topic", &topic];
        self.cluster.change_rights(&[how, &rule].concat());
    }

    fn is_read(&self) -> bool {
        let observer = self.lab.pipeline.observer("normalise");
        observer.committed(&self.lab.pipeline.topic("detections")).iter().any(|place| *place > 0)
    }
}

fn wait_for(program: &mut Program, within: Duration, state: &str, words: &str) {
    until_within(within, &format!("the feed is {state}: {words}"), || {
        let feed = Lab::source(program, "feed");
        feed["state"] == state && feed["troubles"].to_string().contains(words)
    });
}

#[test]
fn alerts_wait_half_a_minute_for_a_feed_that_may_not_be_read_and_match_it_once_it_may() {
    let guarded = Guarded::new();
    let lab = &guarded.lab;
    lab.tell(&[of_hash("indicator--hash")]);
    lab.raise(&[with_hash("without")]);
    let mut program = lab.pipeline.start(0);
    let address = program.address();
    wait_for(&mut program, TOLD_WITHIN, "broken", "Topic authorization failed");
    program.wait_until("the indicators are being read", |_| {
        http::get(&address, "/readyz").is_ok_and(|ready| ready.code == 503 && ready.body.contains(READING))
    });
    assert!(!guarded.is_read(), "the alert waits for the indicators");
    until_within(WITHOUT_WITHIN, "the alert is read without them", || guarded.is_read());
    let ready = program.get("/readyz");
    assert!(!ready.body.contains(READING), "{ready:?}");
    assert!(ready.code == 503 && ready.body.contains("source feed: "), "{ready:?}");
    let status = lab.status(&mut program);
    assert!(
        status.contains(": TopicAuthorizationFailed") && status.contains("grant braid's user"),
        "{status}"
    );

    guarded.deny(&["--remove", "--force"]);
    until_within(MENDED_WITHIN, "the table fills", || Lab::source(&mut program, "feed")["taken"] == 1);
    wait_for(&mut program, MENDED_WITHIN, "ok", "[]");
    program.wait_until_ready();
    lab.detect(&[with_hash("with")]);
    let wanted = matches([("without", &[]), ("with", &["indicator--hash - -"])]);
    assert_eq!(lab.matched(), wanted);
    assert_eq!(program.terminate(), Some(0));
}
