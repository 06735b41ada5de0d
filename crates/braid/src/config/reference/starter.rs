use std::fmt::Write as _;

use super::plain::Plain;
use super::{Field, Section, schema};

/// How a configuration is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// How wide a comment may be.
const COLUMNS: usize = 100;

const HEAD: &str = "\
The configuration of braid. Fill in `brokers` and describe your first source; `braid validate` then says whether all is \
well, and `braid run` begins. A key that is commented out shows its default or an example.";

/// Sources that hold no alerts: name, format, what they are good for.
const FURTHER_SOURCES: [(&str, &str, &str); 2] = [
    (
        "directory",
        "braid-directory-json",
        "A directory: who is who, and what is sensitive. A compacted topic; the key of a record is the object that it is \
         about, and a record without a value deletes it. `braid topics` makes the topic if it is missing.",
    ),
    (
        "commands",
        "braid-command-json",
        "Commands: assign, comment, resolve, merge, split and more. Each is answered by the changes that it makes, or \
         refused in the dead letters.",
    ),
];

/// A configuration to begin with: every key with its documentation, those that must be filled in not commented out.
pub fn starter(notation: Notation) -> String {
    let mut page = Page { notation, text: String::new() };
    page.comment("", HEAD);
    for section in schema::sections() {
        page.section(&section).expect("writing to a String does not fail");
    }
    page.text
}

struct Page {
    notation: Notation,
    text: String,
}

impl Page {
    fn section(&mut self, section: &Section) -> std::fmt::Result {
        let (header, indent) = self.header(section);
        let depth = if self.notation == Notation::Yaml { section.path.matches('.').count() } else { 0 };
        let outer = &"  ".repeat(depth);
        writeln!(self.text)?;
        self.comment(outer, &section.description);
        let optional = if section.is_optional { "# " } else { "" };
        writeln!(self.text, "{outer}{optional}{header}")?;
        for (at, field) in section.fields.iter().enumerate() {
            writeln!(self.text)?;
            self.comment(&indent, &field.description);
            let begins_element = at == 0 && section.is_list && self.notation == Notation::Yaml;
            let (indent, dash) = if begins_element { (&indent[2..], "- ") } else { (indent.as_str(), "") };
            let mark = if !section.is_optional && is_active(field) { "" } else { "# " };
            writeln!(self.text, "{indent}{mark}{dash}{}", self.assignment(field))?;
        }
        if section.path == "sources" { self.further_sources() } else { Ok(()) }
    }

    /// What else may be read than alerts: sections to be brought in as they stand.
    fn further_sources(&mut self) -> std::fmt::Result {
        for (name, format, why) in FURTHER_SOURCES {
            writeln!(self.text)?;
            let indent = if self.notation == Notation::Yaml { "  " } else { "" };
            self.comment(indent, why);
            let (topic, fields) =
                (format!("braid.{name}"), ["name", "topics", "format", "enabled", "tenant"]);
            let list = Plain::List(vec![topic.as_str().into()]);
            let values = [name.into(), list, format.into(), Plain::Bool(true), "contoso".into()];
            match self.notation {
                Notation::Toml => writeln!(self.text, "# [[sources]]")?,
                Notation::Yaml => {}
            }
            for (field, value) in fields.into_iter().zip(values) {
                match self.notation {
                    Notation::Toml => writeln!(self.text, "# {field} = {}", value.toml())?,
                    Notation::Yaml => {
                        let dash = if field == "name" { "- " } else { "  " };
                        writeln!(self.text, "{indent}# {dash}{field}: {}", value.yaml())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn header(&self, section: &Section) -> (String, String) {
        let depth = section.path.matches('.').count();
        match self.notation {
            Notation::Toml if section.is_list => (format!("[[{}]]", section.path), String::new()),
            Notation::Toml => (format!("[{}]", section.path), String::new()),
            Notation::Yaml => {
                let name = section.path.rsplit('.').next().unwrap_or_default();
                let indent = "  ".repeat(depth + if section.is_list { 2 } else { 1 });
                (format!("{name}:"), indent)
            }
        }
    }

    fn assignment(&self, field: &Field) -> String {
        let shown =
            if is_active(field) { field.example.as_ref().or(field.default.as_ref()) } else { shown(field) };
        match self.notation {
            Notation::Toml => format!("{} = {}", field.name, shown.map(Plain::toml).unwrap_or_default()),
            Notation::Yaml => format!("{}: {}", field.name, shown.map(Plain::yaml).unwrap_or_default()),
        }
    }

    /// Writes text as comment lines, broken at words.
    fn comment(&mut self, indent: &str, text: &str) {
        for paragraph in text.replace("\n- ", "\n\n- ").split("\n\n") {
            let mut line = String::new();
            for word in paragraph.split_whitespace() {
                if !line.is_empty()
                    && indent.len() + line.chars().count() + word.chars().count() + 3 > COLUMNS
                {
                    self.comment_line(indent, &line);
                    line.clear();
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            self.comment_line(indent, &line);
        }
    }

    fn comment_line(&mut self, indent: &str, line: &str) {
        self.text.push_str(indent);
        self.text.push_str("# ");
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// What a starter cannot leave to a default: what is required, and that the first source is read.
fn is_active(field: &Field) -> bool {
    field.is_required() || field.name == "enabled" && field.example.is_some()
}

fn shown(field: &Field) -> Option<&Plain> {
    field.default.as_ref().filter(|default| !matches!(default, Plain::Table(_))).or(field.example.as_ref())
}
