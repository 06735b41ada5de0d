use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rules of your own: Sigma correlation rules over alerts. What they raise is an alert of braid's own, which joins incidents
/// like any other. docs/rules.md says what they may say; `braid test` tries them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleFiles {
    /// The files, relative to this one; `*` and `?` stand for any part of a name, `**` for directories. Those that end in
    /// `.test.yml` hold test cases and are left out. They are read at the start: a change counts from the next start on, and
    /// an alert is not looked at again before it is revised.
    #[schemars(example = ["rules/*.yml"])]
    pub files: Vec<String>,
}
