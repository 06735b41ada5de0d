use std::fmt::Write as _;

use braid_wire::Format;

use super::plain::Plain;
use super::{Field, Section, schema};
use crate::wording::resolution;

const INTRODUCTION: &str = "\
# Configuration

This page is made of the doc comments of `crates/braid/src/config`; a test fails when it is stale.

`braid init` writes a starter configuration with all of this in its comments, and `braid validate` says everything that
is wrong with one, each fault with its place. Unknown keys are faults.

A configuration is a TOML file, or YAML by the extension `.yaml` or `.yml`. Every key can be set by an environment
variable instead, which goes before the file: `BRAID__` and the key's path with `__` between its parts, in any case.

```sh
BRAID__KAFKA__BROKERS=kafka-0:9092,kafka-1:9092   # a list may be parted by commas, or be TOML
BRAID__WORKER__COMMIT_INTERVAL=50ms
BRAID__SOURCES__0__ENABLED=true                   # the first source of the file
BRAID__KAFKA__SETTINGS__SASL_PASSWORD__FILE=/run/secrets/kafka   # here `_` stands for `.`, as it does in
                                                                 # BRAID__CLUSTERS__0__SETTINGS__…
```

Kinds of values:

- *duration*: `100ms`, `90s`, `15m`, `8h`, `14d`, or several of them, `1h 30m`.
- *size*: `512KiB`, `4GiB` (powers of 1024), `1MB` (of 1000), or with `B` for bytes.
- *secret*: a text, `{ file = \"/run/secrets/name\" }` (its content, without a line break at the end) or
  `{ env = \"NAME\" }`. Secrets are never printed.
- *offset from UTC*: `UTC`, `+02:00`, `-05:30`; a zone's name would mean other times in summer and is refused.
";

const FORMATS: &str = "
Formats. Where the products do not report that an alert was resolved, its incident stays active until somebody resolves it,
or another feed of the same alert says so.

| format | what the records are | resolution |
|---|---|---|";

/// `docs/configuration.md`.
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for section in schema::sections() {
        section.write(&mut page).expect("writing to a String does not fail");
    }
    page
}

impl Section {
    fn write(&self, page: &mut String) -> std::fmt::Result {
        let header = if self.is_list { format!("[[{}]]", self.path) } else { format!("[{}]", self.path) };
        let level = if self.path.contains('.') { "###" } else { "##" };
        writeln!(page, "\n{level} `{header}`\n\n{}", self.description)?;
        if self.is_optional {
            writeln!(page, "\nAbsent unless it is written.")?;
        }
        writeln!(page)?;
        self.fields.iter().try_for_each(|field| field.write(page))?;
        if self.path == "sources" {
            writeln!(page, "{FORMATS}")?;
            for format in Format::ALL {
                let resolution = resolution(format).unwrap_or("–");
                writeln!(page, "| `{format}` | {} | {resolution} |", format.description())?;
            }
        }
        Ok(())
    }
}

impl Field {
    fn write(&self, page: &mut String) -> std::fmt::Result {
        write!(page, "- **`{}`** ({}", self.name, self.kind)?;
        match &self.default {
            Some(default) if !self.is_required() => write!(page, "; default `{}`)", default.toml())?,
            _ => write!(page, ")")?,
        }
        writeln!(page, "  \n  {}", self.description.replace('\n', "\n  "))?;
        if let Some(example) = self.example.as_ref().map(Plain::toml) {
            writeln!(page, "  \n  Example: `{} = {example}`", self.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::config::reading::Purpose;

    #[test]
    fn the_page_in_docs_is_what_the_doc_comments_say() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        let made = markdown();
        if std::env::var_os("BRAID_BLESS").is_some() {
            std::fs::write(&file, &made).unwrap();
        }
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            there == made,
            "docs/configuration.md is stale: BRAID_BLESS=1 cargo test -p braid the_page_in_docs writes it"
        );
    }

    /// Which of these values of a key of [correlation] are faults of that key.
    fn refused(key: &str, values: &[Plain]) -> Vec<bool> {
        let is_refused = |value: &Plain| {
            let text = format!("{key} = {}\n", value.toml());
            let read = Config::read_text_for(Purpose::Files, &text);
            read.err().is_some_and(|faults| faults.iter().any(|fault| fault.key == key))
        };
        values.iter().map(is_refused).collect()
    }

    /// Values at the ends of what the page says, and beyond them.
    fn tried(key: &str, field: &Field) -> Option<(Vec<Plain>, Vec<bool>)> {
        let whole = field.kind.starts_with("whole");
        let number = |number: f64| match whole {
            true => Plain::Integer(number as i64),
            false => Plain::Float(number),
        };
        let text = |text: &str| Plain::from(text);
        Some(match (field.range.as_deref(), field.bounds) {
            (Some("not 0"), _) => (vec![number(0.0), number(0.25)], vec![true, false]),
            (Some("join_at or more"), _) => (vec![number(0.01), number(900.0)], vec![true, false]),
            (Some("join_at or less"), _) => (vec![number(0.01), number(900.0)], vec![false, true]),
            (Some("1h or more"), _) => (vec![text("59m"), text("1h")], vec![true, false]),
            (Some("more than 0s"), _) => (vec![text("0s"), text("1ms")], vec![true, false]),
            (Some("dormant_after or more" | "late_join or more"), _) => {
                (vec![text("1s"), text("3650d")], vec![true, false])
            }
            (Some("16MiB or more"), _) => (vec![text("15MiB"), text("16MiB")], vec![true, false]),
            (Some("16KiB or more, and less than topics.record_bytes_max"), _) => {
                (vec![text("15KiB"), text("16KiB"), text("2MB")], vec![true, false, true])
            }
            (Some(other), _) => panic!("{key}: say how {other:?} is tried"),
            (None, Some((least, most))) if most < 65_535.0 => {
                let values = [least - 1.0, least, most, most + 1.0].map(number).to_vec();
                (values, vec![true, false, false, true])
            }
            (None, _) => return None,
        })
    }

    #[test]
    fn every_range_of_correlation_that_the_page_says_is_what_is_checked() {
        let mut ranges = 0;
        for section in schema::sections().iter().filter(|section| section.path.starts_with("correlation")) {
            for field in &section.fields {
                let key = format!("{}.{}", section.path, field.name);
                if let Some((values, expected)) = tried(&key, field) {
                    // What it is compared with may have to move with it; that is another key's fault.
                    assert_eq!(refused(&key, &values), expected, "{key}: {}", field.kind);
                    ranges += 1;
                }
            }
        }
        assert!(ranges > 25, "{ranges}");
    }

    #[test]
    fn every_key_is_documented_and_has_a_default_an_example_or_is_required() {
        for section in schema::sections() {
            assert!(!section.description.is_empty(), "[{}] has no documentation", section.path);
            for field in &section.fields {
                let key = format!("{}.{}", section.path, field.name);
                assert!(!field.description.is_empty(), "{key} has no documentation");
                assert!(
                    field.default.is_some() || field.example.is_some(),
                    "{key}: an operator sees no value for it"
                );
            }
        }
    }
}
