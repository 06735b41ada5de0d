use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use braid_alert::{Correlate, Severity, Tenant};
use braid_wire::Format;
use expect_test::expect_file;

use super::reference::{Notation, starter};
use super::*;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/testdata")
}

fn good(variables: &[(&str, &str)]) -> Result<Config, Faults> {
    let text = std::fs::read_to_string(testdata().join("good.toml")).unwrap();
    let variables = variables.iter().map(|(name, text)| (name.to_string(), text.to_string()));
    Config::parse(Path::new("good.toml"), &text, variables)
}

#[test]
fn every_bad_configuration_is_answered_as_its_snapshot_says() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(testdata())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("bad.") && !name.ends_with(".txt")
        })
        .collect();
    files.sort();
    assert!(files.len() > 15, "the bad configurations are gone: {files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        let faults = Config::parse(Path::new(name), &text, []).expect_err(name).to_string();
        assert!(!faults.contains("hunter2"), "a secret is shown: {faults}");
        expect_file![file.with_file_name(format!("{name}.txt"))].assert_eq(&format!("{faults}\n"));
    }
}

#[test]
fn three_mistakes_are_all_told_each_with_its_place() {
    for notation in ["toml", "yaml"] {
        let file = testdata().join(format!("bad.three-mistakes.{notation}"));
        let faults = Config::read(&file, []).unwrap_err();
        assert_eq!(faults.iter().count(), 3);
        assert!(faults.iter().all(|fault| matches!(fault.place, Place::File { .. })), "{faults}");
    }
}

#[test]
fn toml_and_yaml_say_the_same() {
    let [toml, yaml] =
        ["good.toml", "good.yaml"].map(|name| Config::read(&testdata().join(name), []).unwrap());
    assert_eq!(format!("{toml:#?}"), format!("{yaml:#?}"));
    assert!(!format!("{toml:?}").contains("hunter2"));
}

#[test]
fn what_is_written_arrives_as_the_nouns_have_it() {
    let config = good(&[]).unwrap();
    let rules = config.sources[0].rules(&config.tenants).unwrap();
    assert_eq!(
        (rules.format, rules.severity_min, rules.correlate),
        (Format::GraphAlert, Some(Severity::Medium), Correlate::Join)
    );
    assert_eq!(rules.detectors, [("2021".into(), Correlate::Off)].into());
    assert_eq!(rules.timezone.seconds(), 7_200);
    assert_eq!(rules.tenant, of_field(Some("tenantId"), &["77aa"]));
    let connection = config.kafka.connection().unwrap();
    assert_eq!(connection.settings["socket.timeout.ms"], "10000");
    assert_eq!(connection.settings["sasl.password"], "hunter2");
    assert_eq!(config.correlation.settings().join_at.millionths(), 300_000);
    assert!(!config.sources[1].enabled, "off until somebody says so");
}

/// A rule that has the names of all sources beside its own.
fn of_field(name: Option<&str>, own: &[&str]) -> braid_wire::TenantRule {
    let contoso =
        ["8ecf8077-cf51", "contoso.azure", "contoso"].iter().chain(own).map(|name| (*name, "contoso"));
    let aliases = contoso.chain([("fabrikam", "fabrikam")]);
    braid_wire::TenantRule::Field {
        name: name.map(Into::into),
        aliases: aliases.map(|(alias, tenant)| (alias.into(), Tenant::new(tenant))).collect(),
    }
}

#[test]
fn a_mobile_source_takes_what_is_critical_unless_it_says_otherwise() {
    let mut config = good(&[]).unwrap();
    let rules = config.sources[2].rules(&config.tenants).unwrap();
    assert_eq!(rules.severity_min, Some(Severity::Critical));
    assert_eq!(rules.tenant, of_field(None, &[]));
    assert!(!rules.preview_detectors);
    let exclusion = braid_wire::Exclusion::new(Some("usb_debugging_on"), Some("ann@contoso.com"));
    assert_eq!(rules.exclusions.first(), exclusion.as_ref());
    for (word, least) in [
        ("Critical", Severity::Critical),
        ("elevated", Severity::Medium),
        ("LOW", Severity::Low),
        ("Normal", Severity::Informational),
    ] {
        config.sources[2].severity_min = Some(Word(Severity::from_text(word)));
        assert_eq!(config.sources[2].rules(&config.tenants).unwrap().severity_min, Some(least), "{word}");
    }
    assert_eq!(config.sources[1].rules(&config.tenants).unwrap().severity_min, None);
}

#[test]
fn a_tenant_is_one_by_whichever_name_a_source_gives_it() {
    let mut config = good(&[]).unwrap();
    config.sources[1].tenant = Some(TenantRule::Name("Contoso.Azure".into()));
    let rules = config.sources[1].rules(&config.tenants).unwrap();
    assert_eq!(rules.tenant, braid_wire::TenantRule::Fixed(Tenant::new("contoso")));
}

#[test]
fn a_variable_goes_before_the_file_and_takes_the_kind_of_its_key() {
    let config = good(&[
        ("BRAID__KAFKA__BROKERS", "a:1, b:2"),
        ("BRAID__KAFKA__INSTANCE", "7"),
        ("BRAID__KAFKA__SETTINGS__SASL_PASSWORD", "00712"),
        ("BRAID__KAFKA__SETTINGS__SASL_USERNAME__ENV", "PATH"),
        ("braid__sources__1__enabled", "true"),
        ("BRAID__CLUSTERS__0__SETTINGS__SASL_USERNAME", "$ConnectionString"),
        ("BRAID__SOURCES__1__TOPICS", r#"["security.mdi", "security.ata"]"#),
        ("BRAID__TOPICS__PARTITIONS", "3"),
        ("BRAID__CORRELATION__JOIN_AT", "0.4"),
        ("BRAID__OUTPUT__INCIDENTS", "json"),
        ("BRAID__HTTP__TOKEN", "1234567890123456"),
        ("BRAID_CONFIG", "ignored: it has one underscore"),
    ])
    .unwrap();
    assert_eq!(config.kafka.brokers, ["a:1", "b:2"]);
    assert_eq!(config.kafka.instance, Some(7));
    assert_eq!(
        config.kafka.settings["sasl.password"],
        Secret::Literal("00712".into()),
        "a text stays as it is"
    );
    assert_eq!(config.kafka.settings["sasl.username"], Secret::Env("PATH".into()));
    assert!(config.sources[1].enabled);
    let connection = config.clusters[0].connection().unwrap();
    assert_eq!(connection.settings["sasl.username"], "$ConnectionString");
    assert_eq!(config.sources[1].topics, ["security.mdi", "security.ata"]);
    assert_eq!(config.topics.partitions, NonZeroU16::new(3).unwrap());
    assert_eq!(config.correlation.join_at.weight().millionths(), 400_000);
    assert_eq!(config.output.incidents, Encoding::Json);
    assert_eq!(config.http.token, Some(Secret::Literal("1234567890123456".into())));
}

#[test]
fn faults_of_variables_are_told_by_their_names_together_with_those_of_the_file() {
    let faults = good(&[
        ("BRAID__KAFKA__INSTANCE", "seven"),
        ("BRAID__KAFKA__BROKER", "a:1"),
        ("BRAID__SOURCES__5__NAME", "x"),
        ("BRAID__SOURCES__FIRST__NAME", "x"),
        ("BRAID__WORKER____THREADS", "1"),
        ("BRAID__LOG", "debug"),
        ("BRAID__TOPICS__CREATE", "maybe"),
    ])
    .unwrap_err();
    expect_test::expect![[r#"
        $BRAID__KAFKA__BROKER: kafka.broker: there is no such key; did you mean `brokers`?
        $BRAID__KAFKA__INSTANCE: kafka.instance: this is the text "seven", not a whole number from 0 to 4294967295
        $BRAID__LOG: log: this is a text, not a table
        $BRAID__SOURCES__5__NAME: element 5 cannot be set: the list has 3
        $BRAID__SOURCES__FIRST__NAME: `first` stands where a list wants a number
        $BRAID__TOPICS__CREATE: topics.create: this is the text "maybe", not `true` or `false`
        $BRAID__WORKER____THREADS: the name has an empty part
        7 faults"#]].assert_eq(&faults.to_string());
}

#[test]
fn a_file_that_is_not_there_is_told_how_to_make_one() {
    let error = Config::read(Path::new("/nowhere/braid.toml"), []).unwrap_err().to_string();
    assert!(
        error.starts_with("/nowhere/braid.toml: cannot be read: ") && error.contains("braid init"),
        "{error}"
    );
    let error = Config::parse(Path::new("braid.json"), "{}", []).unwrap_err().to_string();
    assert!(error.contains(".toml, .yaml or .yml"), "{error}");
}

#[test]
fn a_starter_needs_nothing_but_brokers() {
    for (notation, file, empty, filled) in [
        (Notation::Toml, "braid.toml", "brokers = []", "brokers = [\"kafka:9092\"]"),
        (Notation::Yaml, "braid.yaml", "brokers: []", "brokers: [\"kafka:9092\"]"),
    ] {
        let text = starter(notation);
        let faults = Config::parse(Path::new(file), &text, []).unwrap_err();
        let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, ["kafka.brokers"], "{faults}");
        let filled = text.replace(empty, filled);
        Config::parse(Path::new(file), &filled, []).unwrap_or_else(|faults| panic!("{faults}\n{filled}"));
    }
}

#[test]
fn every_key_that_a_starter_shows_can_be_brought_in() {
    // Whatever is commented out as `# key = value` is taken in: a default or an example that does not parse, or a key
    // that does not exist, is a fault of its own.
    for (notation, file) in [(Notation::Toml, "braid.toml"), (Notation::Yaml, "braid.yaml")] {
        let text = starter(notation);
        let taken_in: Vec<String> = text.lines().map(|line| taken_in(notation, line)).collect();
        let faults = Config::parse(Path::new(file), &taken_in.join("\n"), []).unwrap_err();
        let files_and_variables = |fault: &&Fault| {
            !fault.message.contains("cannot be read") && !fault.message.contains("is not set")
        };
        let others: Vec<&Fault> = faults.iter().filter(files_and_variables).collect();
        let keys: Vec<&str> = others.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, ["kafka.brokers"], "{faults}");
    }
}

#[test]
fn the_further_sources_of_a_starter_can_be_brought_in() {
    for (notation, file) in [(Notation::Toml, "braid.toml"), (Notation::Yaml, "braid.yaml")] {
        let text = starter(notation).replace("brokers = []", "brokers = [\"k:1\"]");
        let text = text.replace("brokers: []", "brokers: [\"k:1\"]");
        let begin = text.find("# A directory: who is who").expect("it is shown");
        let end = begin
            + text[begin..].find("topics]").or(text[begin..].find("\ntopics:")).expect("a section follows");
        let block = &text[begin..end];
        let brought_in: Vec<String> = block.lines().map(|line| of_source(notation, line)).collect();
        let text = text.replace(block, &brought_in.join("\n"));
        let config =
            Config::parse(Path::new(file), &text, []).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        let formats: Vec<_> = config.sources.iter().filter_map(|source| source.format.map(|f| f.0)).collect();
        assert_eq!(formats[1..], [Format::BraidDirectoryJson, Format::BraidCommandJson]);
    }
}

/// A line of a source that is commented out, without its mark.
fn of_source(notation: Notation, line: &str) -> String {
    let separator = if notation == Notation::Toml { " = " } else { ": " };
    let Some((indent, rest)) = line.split_once("# ") else { return line.to_owned() };
    let key = rest.split_once(separator).map_or(rest, |(key, _)| key).trim_start_matches("- ").trim();
    let known = ["name", "topics", "format", "enabled", "tenant", "[[sources]]"];
    if known.contains(&key) { format!("{indent}{rest}") } else { line.to_owned() }
}

/// A line of a starter without its comment mark, if a key or a section stands behind it.
fn taken_in(notation: Notation, line: &str) -> String {
    let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
    let Some(rest) = rest.strip_prefix("# ") else { return line.to_owned() };
    let keys = super::reference::keys();
    let word = |text: &str| keys.iter().any(|key| key.split('.').any(|part| part == text));
    let stands = match notation {
        Notation::Toml => rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| word(key)),
        // An output begins with its topic, a cluster with its name; the further sources are not taken in here.
        Notation::Yaml => {
            rest == "- name: \"event-hubs\""
                || rest.split_once(':').is_some_and(|(key, _)| word(key) || key == "- topic")
        }
    };
    if stands { format!("{indent}{rest}") } else { line.to_owned() }
}
