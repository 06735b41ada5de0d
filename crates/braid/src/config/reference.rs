//! The documentation of the configuration, made of the sections' doc comments: `docs/configuration.md` and the starter
//! configuration of `braid init`. What is written beside a field is therefore what an operator reads.

mod manual;
mod plain;
mod schema;
mod starter;

pub use manual::markdown;
pub use starter::{Notation, starter};

pub(super) use plain::Plain;

/// One section of the configuration.
struct Section {
    /// `correlation.weights`.
    path: String,
    /// It may stand several times.
    is_list: bool,
    /// It may be absent, and then means something else than its defaults.
    is_optional: bool,
    description: String,
    fields: Vec<Field>,
}

/// One key of a section.
struct Field {
    name: String,
    description: String,
    /// What kind of value, in words, and which values are taken.
    kind: String,
    /// The least and the most of a number.
    #[cfg_attr(not(test), expect(dead_code, reason = "what kind says in words; a test tries them"))]
    bounds: Option<(f64, f64)>,
    /// What else is asked of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "what kind says in words; a test tries it"))]
    range: Option<String>,
    /// Without one the key is required or may be absent.
    default: Option<Plain>,
    example: Option<Plain>,
}

impl Field {
    /// A key without which the section says nothing; its documentation says so.
    fn is_required(&self) -> bool {
        self.description.contains("Required")
    }
}

/// Every key that there is, such as `worker.commit_interval`.
pub(super) fn keys() -> Vec<String> {
    let sections = schema::sections();
    let keys = sections.iter().flat_map(|section| {
        section.fields.iter().map(move |field| format!("{}.{}", section.path, field.name))
    });
    keys.collect()
}
