//! Whoever reads our output may have enough of it, as `head` does.

use crate::support::{Files, alert};

#[test]
fn no_command_fails_because_nobody_reads_it() {
    let files = Files::new();
    files.write("a.jsonl", alert("a1", 0, "h", "u"));
    files.write("labels.csv", "alert id,incident\na1,x\n");
    files.write("out.csv", "alert id,incident\na1,y\n");
    files.write("cases.yml", "cases:\n  - name: nothing\n    alerts: []\n    incidents: []\n");
    files.write(
        "braid.toml",
        "kafka.brokers = [\"k:9092\"]\n[[sources]]\nname = \"s\"\ntopics = [\"s\"]\nformat = \"mdi-cef\"\n\
         enabled = true\ntenant = \"contoso\"\n",
    );
    for arguments in [
        "simulate --preset small-office --out world",
        "validate",
        "topics --acls",
        "init -",
        "decode -f braid-json a.jsonl",
        "replay -f braid-json a.jsonl --summary",
        "replay -f braid-json a.jsonl",
        "evaluate --labels labels.csv --assignment out.csv",
        "test cases.yml",
        "--help",
    ] {
        assert_eq!(files.braid_unread(arguments), (Some(0), String::new()), "{arguments}");
    }
}

#[test]
fn what_went_wrong_is_told_by_the_exit_code_where_nobody_hears_it() {
    let files = Files::new();
    files.write("bad.jsonl", "{}\n");
    for (arguments, code) in [
        ("decode -f braid-json bad.jsonl", 1),
        ("replay -f braid-json bad.jsonl", 1),
        ("validate -c nothing.toml", 2),
        ("init -", 0),
    ] {
        assert_eq!(files.braid_unheard(arguments), Some(code), "{arguments}");
    }
}
