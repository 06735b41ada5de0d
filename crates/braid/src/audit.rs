//! `braid audit`: which integrations are switched on, and whether these are all that the policy asks for.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use braid_wire::json::{from_json, to_json};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::cli;
use crate::config::{self, Config, WDATP};
use crate::stdout;

/// Settings of a subscription are a handful.
const SETTINGS_BYTES_MAX: u64 = 1 << 20;

/// Says what is on, and fails if something that must be is not.
pub(crate) fn run(arguments: &cli::Audit) -> anyhow::Result<Outcome> {
    let config = Config::read_for_audit(&arguments.config.path(), config::variables())?;
    let azure = arguments.azure_settings.as_deref().map(azure_settings).transpose()?;
    let audit = Audited::of(&config, azure);
    stdout::print(&if arguments.json { audit.json() } else { audit.lines() })?;
    for name in &audit.missing {
        tell!("{}", audit.why_missing(name));
    }
    Ok(if audit.missing.is_empty() { Outcome::Done } else { Outcome::Refused })
}

/// What is on, by integration.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Audited<'c> {
    integrations: BTreeMap<&'c str, bool>,
    required: Vec<&'c str>,
    /// What must be on and is not.
    missing: Vec<&'c str>,
}

impl<'c> Audited<'c> {
    fn of(config: &'c Config, azure: Option<Vec<Setting>>) -> Self {
        let mut integrations = config.integrations();
        if let Some(settings) = azure {
            let exported = settings.into_iter().find(|setting| setting.is_wdatp());
            integrations.insert(
                WDATP,
                exported.is_some_and(|setting| matches!(setting.enabled(), Some(Said::Truth(true)))),
            );
        }
        let required: Vec<&str> = config.audit.require.iter().map(String::as_str).collect();
        let is_off = |name: &&str| !integrations.get(name).copied().unwrap_or(false);
        let missing = required.iter().copied().filter(is_off).collect();
        Self { integrations, required, missing }
    }

    /// A line an integration, `endpoint True`.
    fn lines(&self) -> String {
        let line = |(name, on): (&&str, &bool)| format!("{name} {}\n", if *on { "True" } else { "False" });
        self.integrations.iter().map(line).collect()
    }

    fn json(&self) -> String {
        String::from_utf8(to_json(self)).expect("JSON is UTF-8") + "\n"
    }

    fn why_missing(&self, name: &str) -> String {
        if name == WDATP && !self.integrations.contains_key(WDATP) {
            return format!(
                "{WDATP} must be on, and Azure was not asked: give its answer by --azure-settings"
            );
        }
        format!("{name} must be on (audit.require), and is not")
    }
}

/// A setting of Microsoft.Security.
#[derive(Debug, Deserialize)]
struct Setting {
    name: String,
    kind: String,
    /// Other kinds have other properties, or none.
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Debug, Deserialize)]
struct Properties {
    #[serde(default)]
    enabled: Option<Said>,
}

/// What a setting says of whether it is on.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said {
    Truth(bool),
    Else(serde::de::IgnoredAny),
}

/// A page of settings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    value: Vec<Setting>,
    next_link: Option<String>,
}

/// What Azure answers instead of them.
#[derive(Debug, Deserialize)]
struct Refused {
    error: RefusedBecause,
}

#[derive(Debug, Deserialize)]
struct RefusedBecause {
    code: String,
    message: String,
}

impl Setting {
    /// Whether it is the one that the CIS benchmark looks at: that data go to Defender for Endpoint.
    fn is_wdatp(&self) -> bool {
        // Of older versions of the API, such as 2019-01-01, the singular is told of.
        self.name == WDATP && ["DataExportSettings", "DataExportSetting"].contains(&&*self.kind)
    }

    fn enabled(&self) -> Option<&Said> {
        self.properties.as_ref()?.enabled.as_ref()
    }

    /// Whether the one that counts says clearly what it is; `place` is where it stands.
    fn check(&self, place: &str) -> anyhow::Result<()> {
        match self.enabled() {
            Some(Said::Else(_)) if self.is_wdatp() => {
                bail!("{place}properties.enabled is neither true nor false")
            }
            _ => Ok(()),
        }
    }
}

fn azure_settings(file: &Path) -> anyhow::Result<Vec<Setting>> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(SETTINGS_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file)
            .and_then(|opened| opened.take(SETTINGS_BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| file.display().to_string())?;
    settings_of(&bytes)
        .with_context(|| format!("{}: no answer of Microsoft.Security/settings", file.display()))
}

/// Reads a list of settings, or a single one.
fn settings_of(bytes: &[u8]) -> anyhow::Result<Vec<Setting>> {
    if bytes.len() as u64 > SETTINGS_BYTES_MAX {
        bail!("it has more than {SETTINGS_BYTES_MAX} bytes");
    }
    // PowerShell writes one.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(Refused { error }) = from_json::<Refused>(bytes) {
        bail!("Azure refuses it: {}: {}", error.code, error.message);
    }
    if let Ok(setting) = from_json::<Setting>(bytes) {
        setting.check("")?;
        return Ok(vec![setting]);
    }
    let page: Settings = from_json(bytes).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    if page.next_link.is_some() && !page.value.iter().any(Setting::is_wdatp) {
        bail!(
            "it is the first page of several, and {WDATP} is not on it: ask for the setting {WDATP} itself"
        );
    }
    for (at, setting) in page.value.iter().enumerate() {
        setting.check(&format!("value[{at}]."))?;
    }
    Ok(page.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let text = format!("kafka.brokers = [\"k:9092\"]\n{text}");
        Config::parse(Path::new("braid.toml"), &text, []).unwrap_or_else(|faults| panic!("{faults}"))
    }

    const SOURCES: &str = "
        [[sources]]
        name = \"sensors\"\ntopics = [\"a\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"contoso\"
        [[sources]]
        name = \"phones\"\ntopics = [\"b\"]\nformat = \"zimperium-mtd\"\ntenant = \"contoso\"
        [[sources]]
        name = \"graph\"\ntopics = [\"c\"]\nformat = \"graph-alert\"\nenabled = true\ntenant = \"contoso\"
    ";

    fn settings(enabled: &str) -> String {
        format!(
            r#"{{"value":[
              {{"id":"/subscriptions/s/providers/Microsoft.Security/settings/MCAS","name":"MCAS",
                "type":"Microsoft.Security/settings","kind":"DataExportSettings","properties":{{"enabled":false}}}},
              {{"id":"/subscriptions/s/providers/Microsoft.Security/settings/WDATP","name":"WDATP",
                "type":"Microsoft.Security/settings","kind":"DataExportSettings","properties":{{"enabled":{enabled}}}}}]}}"#
        )
    }

    #[test]
    fn each_integration_is_a_line_and_what_must_be_on_and_is_not_is_missing() {
        let config =
            config(&format!("audit.require = [\"identity\", \"mobile\", \"cloud\", \"graph\"]\n{SOURCES}"));
        let audited = Audited::of(&config, None);
        assert_eq!(audited.lines(), "cloud False\ngraph True\nidentity True\nmobile False\n");
        assert_eq!(audited.missing, ["mobile", "cloud"]);
        let json = r#"{"integrations":{"cloud":false,"graph":true,"identity":true,"mobile":false},"required":["identity","mobile","cloud","graph"],"missing":["mobile","cloud"]}"#;
        assert_eq!(audited.json().trim(), json);
    }

    #[test]
    fn a_source_of_many_products_counts_for_those_that_it_is_said_to_carry() {
        let more = "audit.require = [\"endpoint\"]\naudit.integrations = { endpoint = [\"graph\"], identity = [\"graph\"] }";
        let config = config(&format!("{more}\n{SOURCES}"));
        let audited = Audited::of(&config, None);
        assert_eq!(audited.lines(), "endpoint True\nidentity True\nmobile False\n");
        assert_eq!(audited.missing.len(), 0);
    }

    #[test]
    fn the_setting_of_azure_is_read_from_the_list_and_by_itself() {
        let config = config(&format!("audit.require = [\"WDATP\"]\n{SOURCES}"));
        let wdatp = |text: &str| {
            let settings = settings_of(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
            Audited::of(&config, Some(settings)).integrations[WDATP]
        };
        assert!(wdatp(&settings("true")) && !wdatp(&settings("false")));
        let single = r#"{"name":"WDATP","kind":"DataExportSettings","properties":{"enabled":true}}"#;
        assert!(wdatp(single) && !wdatp(&single.replace("WDATP", "MCAS")) && !wdatp(r#"{"value":[]}"#));
        assert!(wdatp(&single.replace("Settings", "Setting")), "as older versions of the API say it");
        assert!(!wdatp(&single.replace("DataExport", "AlertSync")), "another setting of that name");
        assert!(wdatp(&format!("\u{feff}{single}")), "as PowerShell writes it");
        let neighbours =
            r#"{"name":"A","kind":"AlertSyncSettings"},{"name":"B","kind":"x","properties":{"enabled":7}}"#;
        assert!(wdatp(&format!("{{\"value\":[{neighbours},{single}]}}")), "what others say does not matter");
        let unasked = Audited::of(&config, None);
        assert_eq!(unasked.missing, [WDATP]);
        assert!(unasked.why_missing(WDATP).contains("--azure-settings"));
    }

    #[test]
    fn what_is_wrong_in_azures_answer_is_told_with_its_place() {
        let said = |text: &str| format!("{:#}", settings_of(text.as_bytes()).expect_err(text));
        let wrong = said(&settings("\"yes\""));
        assert!(wrong.contains("value[1].properties.enabled"), "{wrong}");
        let cut = said(&settings("true")[..80]);
        assert!(cut.contains("truncated") && cut.contains("line"), "{cut}");
        let denied = said(r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#);
        assert!(denied.contains("AuthorizationFailed: no"), "{denied}");
        let paged = said(r#"{"value":[],"nextLink":"https://management.azure.com/next"}"#);
        assert!(paged.contains("first page"), "{paged}");
    }

    #[test]
    fn a_policy_that_asks_for_what_there_cannot_be_is_a_fault_of_the_configuration() {
        let text = format!(
            "kafka.brokers = [\"k:9092\"]\naudit.require = [\"endpiont\"]\naudit.integrations = {{ office = [\"grahp\"] }}\n{SOURCES}"
        );
        let faults = Config::parse(Path::new("braid.toml"), &text, []).unwrap_err().to_string();
        assert!(
            faults.contains("audit.require[0]: there is no integration `endpiont`; did you mean `endpoint`?"),
            "{faults}"
        );
        assert!(faults.contains("there is no source `grahp`; did you mean `graph`?"), "{faults}");
    }
}
