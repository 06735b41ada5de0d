//! The rights that `braid topics --acls` prints are all that braid needs, and `validate --connect` tells of one that is
//! missing: on a Kafka with SASL and rights.

mod on_kafka {
    use std::collections::BTreeMap;

    use braid_tests::broker::Cluster;
    use braid_tests::program::{self, Ended, Program};
    use braid_tests::standing::until;
    use tempfile::TempDir;

    /// The program as the user `braid`, who may do what was printed.
    struct Guarded {
        cluster: Cluster,
        directory: TempDir,
    }

    impl Guarded {
        fn new() -> Self {
            let (cluster, listener) = Cluster::with_rights();
            for topic in ["alerts", "intelligence"] {
                cluster.create_topic(topic, 1, &[]);
            }
            let directory = tempfile::tempdir().expect("there is room");
            let text = format!(
                "kafka.brokers = [{listener:?}]\n\
                 [kafka.settings]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"PLAIN\"\n\
                 \"sasl.username\" = \"braid\"\n\"sasl.password\" = \"right\"\n\"session.timeout.ms\" = 2000\n\
                 \"heartbeat.interval.ms\" = 300\n\
                 [topics]\npartitions = 2\nreplication_factor = 1\nmin_insync_replicas = 1\n\
                 [http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
                 [[sources]]\nname = \"alerts\"\ntopics = [\"alerts\"]\nformat = \"braid-json\"\nenabled = true\n\
                 tenant = {{ field = \"tenant\", aliases = {{ contoso = \"contoso\" }} }}\n\
                 [[sources]]\nname = \"intelligence\"\ntopics = [\"intelligence\"]\nformat = \"stix-indicator\"\n\
                 enabled = true\n"
            );
            std::fs::write(directory.path().join("braid.toml"), text).expect("there is room");
            Self { cluster, directory }
        }

        /// What the printed commands grant, in as few commands: the tool takes seconds to start.
        fn grant_what_is_printed(&self) {
            let printed = self.tried("topics --acls");
            assert_eq!(printed.code, Some(0), "{}", printed.stderr);
            let mut grants: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
            for line in printed.stdout.lines().filter(|line| line.starts_with("kafka-acls.sh")) {
                let (_, right) = line.split_once("--operation ").expect("each is about an operation");
                let words: Vec<&str> = right.split(' ').collect();
                let is_prefix = words.contains(&"prefixed");
                grants.entry((words[0], is_prefix)).or_default().extend(&words[1..3]);
            }
            for ((operation, is_prefix), resources) in grants {
                let pattern = if is_prefix { "prefixed" } else { "literal" };
                let what = ["--allow-principal", "User:braid", "--resource-pattern-type", pattern];
                let rule = [&["--add", "--operation", operation][..], &what, &resources].concat();
                self.cluster.change_rights(&rule);
            }
        }

        /// Takes a right away, or gives it back.
        fn deny_reading(&self, how: &str, what: [&str; 4]) {
            let force: &[&str] = if how == "--remove" { &["--force"] } else { &[] };
            let whom = [how, "--deny-principal", "User:braid", "--operation", "Read"];
            self.cluster.change_rights(&[&whom[..], &what, force].concat());
        }

        fn tried(&self, arguments: &str) -> Ended {
            let mut command = program::command(self.directory.path());
            Ended::of(command.args(arguments.split(' ')).env("BRAID_CONFIG", "braid.toml"))
        }

        fn well(&self, arguments: &str) -> String {
            let ended = self.tried(arguments);
            assert_eq!(ended.code, Some(0), "{arguments}: {}{}", ended.stdout, ended.stderr);
            ended.stdout
        }

        fn start(&self) -> Program {
            let mut command = program::command(self.directory.path());
            command.args(["run", "-c", "braid.toml"]);
            Program::start(&mut command, self.directory.path().join("braid.log"))
        }

        fn feed(&self, id: &str, tenant: &str) {
            let alert = format!(
                "{{\"tenant\":\"{tenant}\",\"provider\":\"probe\",\"id\":\"{id}\",\"title\":\"Alert {id}\",\"severity\":\"high\",\
                 \"first_activity\":\"2025-02-03T10:00:00Z\",\"evidence\":[]}}"
            );
            self.cluster.produce("alerts", None, &[(id, &alert)]);
        }
    }

    fn what_may_not_be_read_is_told(guarded: &Guarded) {
        guarded.deny_reading("--add", ["--topic", "alerts", "--group", "braid-normalise"]);
        let told = guarded.tried("validate --connect");
        assert_eq!(told.code, Some(1), "{}", told.stderr);
        let lines: Vec<&str> = told.stderr.lines().collect();
        assert!(
            matches!(&lines[..], [topic, group] if topic.contains("topic alerts of a source: TopicAuthorizationFailed")
            && group.contains("group braid-normalise: ") && group.contains("GroupAuthorizationFailed")),
            "{lines:?}"
        );
        let ended = guarded.tried("run");
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(ended.stderr.contains("(group braid-normalise): "), "{}", ended.stderr);
    }

    #[test]
    fn the_printed_rights_are_enough_for_the_workers_and_for_the_commands() {
        let guarded = Guarded::new();
        guarded.grant_what_is_printed();
        let mut program = guarded.start();
        program.wait_until_ready();
        guarded.feed("good", "contoso");
        guarded.feed("strange", "b3c1");
        until("one is in an incident and one is refused", || {
            guarded.cluster.read("incidents").len() == 1 && guarded.cluster.read("dead-letters").len() == 1
        });
        let said = program.said();
        assert!(!said.contains("AuthorizationFailed"), "{said}");

        let listed = guarded.well("dlq list");
        assert!(listed.contains("unmapped_tenant"), "{listed}");
        let letter = guarded.cluster.read("dead-letters")[0].partition;
        guarded.well(&format!("dlq show {letter}@0"));
        let replayed = guarded.well("dlq replay --all --anyway");
        assert!(replayed.ends_with("sent: 1 records of 1 dead letters\n"), "{replayed}");
        guarded.well("dump dead-letters");
        let incident =
            String::from_utf8_lossy(&guarded.cluster.read("incidents")[0].key.clone().unwrap()).into_owned();
        guarded.well(&format!("explain {incident} -c braid.toml"));
        guarded.well("validate --connect");
        assert_eq!(program.terminate(), Some(0));
        what_may_not_be_read_is_told(&guarded);
    }
}
