//! What stands under `deploy/` fits together: the configuration is valid, every file that is mounted is there, each
//! part is found by the others under the name and port that they use.

use std::path::Path;

use braid::config::Config;
use saphyr::{LoadableYamlNode, Yaml};

use crate::tree::{root, text};

fn yaml(path: &str) -> Yaml<'static> {
    let text: &'static str = text(path).leak();
    let mut documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(documents.len(), 1, "{path} is one document");
    documents.remove(0)
}

fn compose() -> Yaml<'static> {
    yaml("deploy/compose.yaml")
}

/// The texts of a list; none if there is no such key.
fn words<'a>(node: &'a Yaml<'_>, key: &str) -> Vec<&'a str> {
    let list = node.as_mapping_get(key).and_then(Yaml::as_vec).map_or(&[][..], Vec::as_slice);
    list.iter().map(|word| word.as_str().expect("the list holds text")).collect()
}

fn keys<'a>(node: &'a Yaml<'_>) -> Vec<&'a str> {
    let mapping = node.as_mapping().expect("it is a mapping");
    mapping.keys().map(|key| key.as_str().expect("a key is text")).collect()
}

/// The configuration that compose mounts, as braid reads it in the container; the token stands elsewhere here.
fn config() -> Config {
    let token = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(token.path(), "a-token-of-more-than-sixteen-characters").expect("it can be written");
    let path = token.path().to_str().expect("its name is UTF-8").to_owned();
    let variables = [("BRAID__HTTP__TOKEN__FILE".to_owned(), path)];
    Config::read(&root().join("deploy/braid.toml"), variables).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_configuration_is_one_that_braid_validate_accepts() {
    let config = config();
    assert!(config.sources.iter().all(|source| source.enabled), "a source that is not read shows nothing");
}

#[test]
fn event_hubs_are_read_as_microsoft_documents_it_and_nothing_is_written_there() {
    let secret = tempfile::NamedTempFile::new().expect("a file can be made");
    let connection_string =
        "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=l;SharedAccessKey=k=";
    std::fs::write(secret.path(), format!("{connection_string}\n")).expect("it can be written");
    let path = secret.path().to_str().expect("its name is UTF-8").to_owned();
    let variables = [("BRAID__CLUSTERS__0__SETTINGS__SASL_PASSWORD__FILE".to_owned(), path)];
    let file = root().join("deploy/event-hubs.toml");
    let config = Config::read(&file, variables).unwrap_or_else(|faults| panic!("{faults}"));
    let [cluster] = &config.clusters[..] else { panic!("one namespace") };
    let connection = cluster.connection().expect("the secret is there");
    let wanted = [
        ("connections.max.idle.ms", "180000"),
        ("fetch.wait.max.ms", "500"),
        ("metadata.max.age.ms", "180000"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.password", connection_string),
        ("sasl.username", "$ConnectionString"),
        ("security.protocol", "SASL_SSL"),
        ("socket.keepalive.enable", "true"),
    ];
    let found: Vec<_> = connection.settings.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(found, wanted);
    assert!(connection.brokers.ends_with(".servicebus.windows.net:9093"), "{}", connection.brokers);
    for source in &config.sources {
        assert!(source.enabled && source.cluster.as_deref() == Some("event-hubs"), "{}", source.name);
    }
    assert!(braid::topology::topics(&config).iter().all(|topic| !topic.name.contains(':')));
    assert!(braid::topology::source_topics(&config).is_empty(), "none of them is on braid's own Kafka");
}

#[test]
fn every_mounted_file_and_every_secret_is_there_or_made_by_the_readme() {
    let compose = compose();
    for service in keys(&compose["services"]) {
        for mount in words(&compose["services"][service], "volumes") {
            let source = mount.split(':').next().expect("a mount has a source");
            match source.strip_prefix("./") {
                Some(file) => assert!(
                    root().join("deploy").join(file).is_file(),
                    "{service} mounts {source}, which is not there"
                ),
                None => assert!(
                    keys(&compose["volumes"]).contains(&source),
                    "{service} mounts the volume {source}, which is not declared"
                ),
            }
        }
        for secret in words(&compose["services"][service], "secrets") {
            let file = compose["secrets"][secret]["file"].as_str().expect("a declared secret has a file");
            let made = format!("> deploy/{}", file.trim_start_matches("./"));
            assert!(text("deploy/README.md").contains(&made), "deploy/README.md must say how {file} is made");
        }
    }
}

#[test]
fn images_are_of_a_named_release() {
    let compose = compose();
    for service in keys(&compose["services"]) {
        let image = compose["services"][service]["image"].as_str().expect("a service has an image");
        if compose["services"][service].contains_mapping_key("build") {
            continue;
        }
        let tag = image.split(':').nth(1).unwrap_or_else(|| panic!("{service}: {image} names no release"));
        assert!(tag.contains('.'), "{service}: {image} may be another release tomorrow");
    }
    let kafka = compose["services"]["kafka"]["image"].as_str().expect("it is text");
    let tested = text("tests/kafka/pom.xml");
    let version = tested.split("<kafka.version>").nth(1).and_then(|rest| rest.split('<').next());
    assert_eq!(kafka.split(':').nth(1), version, "compose runs the Kafka that the tests run");
}

#[test]
fn what_the_sinks_are_to_be_told_is_in_their_readme() {
    let readme = text("deploy/sinks/README.md");
    for file in ["worker.properties", "opensearch.json", "splunk.json"] {
        let content = text(format!("deploy/sinks/{file}"));
        let names = content.split("${env:").skip(1).filter_map(|rest| rest.split('}').next());
        for name in names {
            assert!(
                readme.contains(&format!("`{name}`")),
                "{file} wants {name}, of which the README says nothing"
            );
        }
        assert!(readme.contains(&format!("`{file}`")), "the README says nothing of {file}");
    }
    let version = |pom: &str| {
        text(pom).split("<kafka.version>").nth(1).map(|rest| rest.split('<').next().map(str::to_owned))
    };
    assert_eq!(
        version("tests/sinks/connect.xml"),
        version("tests/kafka/pom.xml"),
        "Connect is of the broker's release"
    );
}

#[test]
fn braid_finds_kafka_under_the_name_that_kafka_gives() {
    let compose = compose();
    let advertised = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].as_str();
    let advertised = advertised.expect("Kafka says where it is");
    for broker in &config().kafka.brokers {
        assert!(
            advertised.split(',').any(|listener| listener.ends_with(&format!("//{broker}"))),
            "{broker} is not among {advertised}"
        );
    }
}

#[test]
fn what_kafka_writes_outlives_its_container() {
    let compose = compose();
    let kafka = &compose["services"]["kafka"];
    let folder = kafka["environment"]["KAFKA_LOG_DIRS"].as_str().expect("Kafka says where it writes");
    let mounted = words(kafka, "volumes").iter().any(|mount| mount.ends_with(&format!(":{folder}")));
    assert!(mounted, "{folder} is in no volume");
}

#[test]
fn the_topics_of_all_sources_are_created() {
    let compose = compose();
    let script = words(&compose["services"]["feeds"], "command").concat();
    for source in &config().sources {
        for topic in &source.topics {
            assert!(script.contains(topic.as_str()), "the service feeds does not create {topic}");
        }
    }
}

#[test]
fn prometheus_asks_braid_where_it_listens() {
    let prometheus = yaml("deploy/prometheus.yml");
    let job = &prometheus["scrape_configs"][0];
    let targets = words(&job["static_configs"][0], "targets");
    let listen = config().http.listen.to_string();
    let port = listen.rsplit(':').next().expect("an address has a port");
    assert_eq!(targets, [format!("braid:{port}")]);
    assert_eq!(job["metrics_path"].as_str(), Some("/metrics"));
    let token = Path::new(job["authorization"]["credentials_file"].as_str().expect("it sends the token"));
    let name = token.file_name().and_then(|name| name.to_str()).expect("it has a name");
    assert_eq!(token.parent(), Some(Path::new("/run/secrets")));
    assert_eq!(words(&compose()["services"]["prometheus"], "secrets"), [name]);
    assert_eq!(
        words(&compose()["services"]["braid"], "ports"),
        [format!("127.0.0.1:{port}:{port}")],
        "only this machine may ask it"
    );
}

#[test]
fn a_container_that_is_started_runs_a_command_that_there_is() {
    let compose = compose();
    let dockerfile = text("deploy/Dockerfile");
    let default =
        dockerfile.lines().find_map(|line| line.strip_prefix("CMD ")).expect("the image has a command");
    let default: Vec<String> = serde_json::from_str(default).expect("the command is a JSON array");
    crate::documents::assert_understood(&default.join(" "));
    let services = &compose["services"];
    for service in keys(services).into_iter().filter(|name| services[*name].contains_mapping_key("build")) {
        let command = words(&services[service], "command");
        if !command.is_empty() {
            crate::documents::assert_understood(&command.join(" "));
        }
    }
}

#[test]
fn the_image_is_built_as_tested_and_runs_without_rights() {
    let dockerfile = text("deploy/Dockerfile");
    let lines: Vec<&str> = dockerfile.lines().collect();
    assert!(
        dockerfile.contains("cargo build --release -p braid --locked"),
        "what is built is what is locked"
    );
    let stages: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("FROM ")).collect();
    let [build, run] = stages[..] else { panic!("two stages, not {stages:?}") };
    let debian = |image: &str| ["bookworm", "trixie"].into_iter().find(|name| image.contains(name));
    assert!(debian(build).is_some() && debian(build) == debian(run), "{build} and {run} have one libc");
    let last_user = lines.iter().rev().find_map(|line| line.strip_prefix("USER ")).expect("a user is set");
    assert!(
        last_user.starts_with(|c: char| ('1'..='9').contains(&c)),
        "a number that is not 0, so that Kubernetes can tell"
    );
    let port = config().http.listen.to_string().rsplit(':').next().expect("an address has a port").to_owned();
    assert!(
        dockerfile.contains(&format!("http://127.0.0.1:{port}/healthz")),
        "the health check asks the port of the default"
    );
}
