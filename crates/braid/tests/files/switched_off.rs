//! Commands that only say something do not ask for what they do not need.

use crate::support::Files;

/// Everything off, and no secret at hand.
fn switched_off(enabled: bool) -> String {
    format!(
        "kafka.brokers = [\"k:9092\"]\nkafka.settings.\"sasl.password\" = {{ file = \"nowhere/kafka\" }}\n\
         http.token = {{ file = \"nowhere/token\" }}\naudit.require = [\"endpoint\"]\n\
         schema_registry = {{ url = \"http://r:8081\", user = \"u\", password = {{ env = \"BRAID_NOPE\" }}, ca = \"nowhere/ca\" }}\n\
         [[clusters]]\nname = \"hub\"\nbrokers = [\"127.0.0.1:1\"]\nsettings.\"sasl.password\" = {{ env = \"BRAID_NOPE\" }}\n\
         [[sources]]\nname = \"s\"\ncluster = \"hub\"\ntopics = [\"t\"]\nformat = \"defender-endpoint-alert\"\n\
         enabled = {enabled}\ntenant = \"contoso\"\n"
    )
}

#[test]
fn an_audit_of_what_is_all_switched_off_says_so_and_asks_for_no_secret() {
    let files = Files::new();
    files.write("braid.toml", switched_off(false));
    let ran = files.braid("audit");
    assert_eq!((ran.code, &*ran.out), (Some(1), "endpoint False\n"), "{}", ran.err);
    files.write("braid.toml", switched_off(true));
    let ran = files.braid("audit");
    assert_eq!((ran.code, &*ran.out), (Some(0), "endpoint True\n"), "{}", ran.err);
    assert_eq!(files.braid("validate").code, Some(2), "who runs it needs the secrets");
}

#[test]
fn topics_are_printed_without_secrets_but_those_that_only_another_cluster_knows_of() {
    let files = Files::new();
    files.write("braid.toml", switched_off(true));
    let ran = files.braid("topics --acls");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("--create --if-not-exists --topic braid.alerts"), "{}", ran.out);
    let unknown = "# topic braid.offsets.hub.t needs as many partitions as hub:t, which is not known: clusters (hub): \
                   settings.sasl.password: the environment variable BRAID_NOPE is not set";
    assert!(ran.out.contains(unknown), "{}", ran.out);
    assert_eq!(files.braid("topics --create").code, Some(2));
}

#[test]
fn a_cluster_that_only_a_source_reads_that_is_off_needs_no_secret() {
    let files = Files::new();
    let used = "[[sources]]\nname = \"here\"\ntopics = [\"h\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"contoso\"\n";
    let of = |enabled| {
        let hub = switched_off(enabled);
        let (_, hub) = hub.split_once("[[clusters]]").expect("it is there");
        format!("kafka.brokers = [\"k:9092\"]\n[[clusters]]{hub}{used}")
    };
    files.write("braid.toml", of(false));
    let ran = files.braid("validate");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    files.write("braid.toml", of(true));
    let ran = files.braid("validate");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("BRAID_NOPE is not set"), "{}", ran.err);
}
