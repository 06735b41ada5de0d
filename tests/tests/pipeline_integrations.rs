//! A broken integration is told of, in Kafka's words, and stops no other: on a Kafka with SASL and rights.

mod on_kafka {
    use std::time::Duration;

    use braid_tests::broker::Cluster;
    use braid_tests::program::{self, Program};
    use braid_tests::standing::{Observer, until_within};
    use serde_json::Value;
    use tempfile::TempDir;

    /// When a broken integration must have been told of.
    const TOLD_WITHIN: Duration = Duration::from_secs(10);

    /// When one that was mended must be read again: librdkafka asks every ten seconds for a topic that was missing, and for a
    /// denied one that is assigned at once.
    const MENDED_WITHIN: Duration = Duration::from_secs(40);

    const SOURCES: [&str; 3] = ["fine", "denied", "missing"];

    /// The program as the user `braid`, with three sources.
    struct Guarded {
        cluster: Cluster,
        listener: String,
        directory: TempDir,
    }

    impl Guarded {
        fn new() -> Self {
            let (cluster, listener) = Cluster::with_rights();
            for topic in &SOURCES[..2] {
                cluster.create_topic(topic, 1, &[]);
            }
            let all = ["--topic", "*", "--group", "*", "--transactional-id", "*", "--cluster"];
            cluster.change_rights(
                &[&["--add", "--allow-principal", "User:braid", "--operation", "All"], &all[..]].concat(),
            );
            let guarded = Self { cluster, listener, directory: tempfile::tempdir().expect("there is room") };
            guarded.deny("--add");
            guarded
        }

        /// Takes the right to read the topic `denied` away, or gives it back.
        fn deny(&self, how: &str) {
            let force: &[&str] = if how == "--remove" { &["--force"] } else { &[] };
            let rule = [how, "--deny-principal", "User:braid", "--operation", "Read", "--topic", "denied"];
            self.cluster.change_rights(&[&rule, force].concat());
        }

        fn start(&self, name: &str, password: &str) -> Program {
            let mut text = format!(
                "kafka.brokers = [{:?}]\nkafka.group_prefix = {name:?}\nkafka.transactional_id_prefix = {name:?}\n\
                 [kafka.settings]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"PLAIN\"\n\
                 \"sasl.username\" = \"braid\"\n\"sasl.password\" = {password:?}\n\"session.timeout.ms\" = 2000\n\
                 \"heartbeat.interval.ms\" = 300\n\
                 [topics]\npartitions = 2\nreplication_factor = 1\nmin_insync_replicas = 1\n\
                 [audit]\nrequire = [\"fine\", \"endpoint\"]\n\
                 [http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n",
                self.listener
            );
            for source in SOURCES {
                text += &format!(
                    "[[sources]]\nname = {source:?}\ntopics = [{source:?}]\nformat = \"braid-json\"\nenabled = true\n\
                     tenant = {{ field = \"tenant\" }}\n"
                );
            }
            let file = self.directory.path().join(format!("{name}.toml"));
            std::fs::write(&file, text).expect("there is room");
            let mut command = program::command(self.directory.path());
            Program::start(
                command.args(["run", "-c"]).arg(file),
                self.directory.path().join(format!("{name}.log")),
            )
        }

        /// Writes an alert as whoever may do everything.
        fn feed(&self, topic: &str, id: &str) {
            let alert = format!(
                "{{\"tenant\":\"contoso\",\"provider\":\"probe\",\"id\":\"{id}\",\"title\":\"Alert {id}\",\"severity\":\"high\",\
                 \"first_activity\":\"2025-02-03T10:00:00Z\",\"evidence\":[]}}"
            );
            self.cluster.produce(topic, None, &[(id, &alert)]);
        }

        fn committed(&self, topic: &str) -> Vec<i64> {
            Observer::of(&self.cluster, "guarded-normalise").committed(topic)
        }
    }

    fn told(program: &mut Program) -> Value {
        let answer = program.get("/api/integrations");
        assert_eq!(answer.code, 200);
        serde_json::from_str(&answer.body).expect("it is JSON")
    }

    fn source<'t>(told: &'t Value, name: &str) -> &'t Value {
        let sources = told["sources"].as_array().expect("a list");
        sources.iter().find(|source| source["name"] == name).expect("it is configured")
    }

    /// Waits until a source is in a state, and Kafka has said these words of it.
    fn wait_for(program: &mut Program, within: Duration, name: &str, state: &str, words: &str) {
        let mut last = Value::Null;
        until_within(within, &format!("{name} is {state}: {words}"), || {
            last = source(&told(program), name).clone();
            last["state"] == state && last["troubles"].to_string().contains(words)
        });
    }

    #[test]
    fn a_source_that_may_not_be_read_or_is_missing_is_told_and_the_others_run_on() {
        let guarded = Guarded::new();
        let mut program = guarded.start("guarded", "right");
        for topic in &SOURCES[..2] {
            guarded.feed(topic, &format!("{topic}-1"));
        }
        program.wait_until("the one that is well is read", |_| guarded.committed("fine") == [1]);
        wait_for(&mut program, TOLD_WITHIN, "denied", "broken", "Topic authorization failed");
        wait_for(&mut program, TOLD_WITHIN, "missing", "broken", "Unknown topic or partition");
        wait_for(&mut program, TOLD_WITHIN, "fine", "ok", "[]");
        let ready = program.get("/readyz");
        assert!(ready.code == 503 && ready.body.contains("source denied"), "{ready:?}");
        assert_eq!(guarded.committed("denied"), [0], "nothing of it was read");
        printed_status_tells_of_it(&guarded, &program.address());

        // Mended: what lay there meanwhile is read.
        guarded.deny("--remove");
        guarded.cluster.create_topic("missing", 1, &[]);
        guarded.feed("missing", "missing-1");
        for name in ["denied", "missing"] {
            wait_for(&mut program, MENDED_WITHIN, name, "ok", "[]");
        }
        program.wait_until_ready();

        // Broken while it runs: the others go on, and nothing is lost.
        guarded.deny("--add");
        guarded.feed("denied", "denied-2");
        wait_for(&mut program, TOLD_WITHIN, "denied", "broken", "Topic authorization failed");
        guarded.feed("fine", "fine-2");
        program.wait_until("the others are read on", |_| guarded.committed("fine") == [2]);
        guarded.deny("--remove");
        program.wait_until("what came meanwhile is read", |_| guarded.committed("denied") == [2]);
        program.wait_until("each alert has an incident", |_| guarded.cluster.read("incidents").len() >= 5);
        assert_eq!(program.terminate(), Some(0));
    }

    fn printed_status_tells_of_it(guarded: &Guarded, address: &str) {
        let mut command = program::command(guarded.directory.path());
        let output = command.args(["status", "--url", address]).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("denied: denied: TopicAuthorizationFailed"), "{said}");
        let mut command = program::command(guarded.directory.path());
        let audit = command.args(["audit", "-c", "guarded.toml"]).output().expect("it starts");
        assert_eq!(audit.status.code(), Some(1));
        let said = String::from_utf8_lossy(&audit.stdout);
        assert_eq!(said, "denied True\nendpoint False\nfine True\nmissing True\n");
    }

    #[test]
    fn wrong_credentials_are_told_of_while_the_process_waits() {
        let guarded = Guarded::new();
        let mut program = guarded.start("stranger", "wrong");
        wait_for(&mut program, TOLD_WITHIN, "fine", "broken", "Authentication failed");
        let told = told(&mut program);
        assert!(told["cluster"]["advice"].as_str().is_some_and(|advice| advice.contains("sasl")), "{told}");
        assert_eq!(program.get("/healthz").code, 200, "it lives, and is tried again");
        assert_eq!(program.terminate(), Some(0));
    }
}
