use std::fmt::Write as _;

use braid_wire::Format;

use super::plain::Plain;
use super::{Field, Section, schema};

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
BRAID__KAFKA__SETTINGS__SASL_PASSWORD__FILE=/run/secrets/kafka   # here `_` stands for `.`
```

Kinds of values:

- *duration*: `100ms`, `90s`, `15m`, `8h`, `14d`, or several of them, `1h 30m`.
- *size*: `512KiB`, `4GiB` (powers of 1024), `1MB` (of 1000), or with `B` for bytes.
- *secret*: a text, `{ file = \"/run/secrets/name\" }` (its content, without a line break at the end) or
  `{ env = \"NAME\" }`. Secrets are never printed.
- *offset from UTC*: `UTC`, `+02:00`, `-05:30`; a zone's name would mean other times in summer and is refused.
";

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
            writeln!(page, "\nFormats:\n\n| format | what the records are |\n|---|---|")?;
            for format in Format::ALL {
                writeln!(page, "| `{format}` | {} |", format.description())?;
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
