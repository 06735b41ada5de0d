//! The command line: what may be said, and the help that a newcomer works from.

mod dlq;
mod inputs;

use std::path::{Path, PathBuf};

use braid_sim::world::WorldSettings;
use braid_wire::{Format, Holds};
use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(test)]
pub(crate) use dlq::reasons as dead_letter_reasons;
pub use dlq::{Dlq, DlqCommand, DlqList, DlqReplay, DlqShow, LetterFilter, LetterPlace, Since};
pub use inputs::{FileFormat, Input, Inputs, OptionalInputs};

pub use crate::evaluate::Sweep;

const EXAMPLES: &str = "\
Begin here:
  braid demo                    see an attack become an incident; needs nothing but this program
  braid init                    write braid.toml, with every key explained
  braid validate --connect      is it right, and are the topics there?
  braid run                     alerts in, incidents out

Without Kafka, on files:
  braid decode --format mdi-cef --tenant contoso alerts.cef
  braid replay --format sentinel-security-alert alerts.jsonl
  braid explain b28af616 --format sentinel-security-alert alerts.jsonl

Exit codes:
  0  all went well
  1  it was done, but something was refused or is not as needed; standard error says what. Of a comparison: there are
     differences
  2  the command line or the configuration is wrong
  3  it could not be done: a file, the network, the cluster";

/// Correlates security alerts from Kafka into explained incidents, exactly once.
#[derive(Debug, Parser)]
#[command(name = "braid", version, after_help = EXAMPLES, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play an attack through the whole of braid, in this process, without Kafka
    Demo(Demo),
    /// Write a configuration to begin with
    Init(Init),
    /// Say everything that is wrong with a configuration
    Validate(Validate),
    /// Show, compare or create the topics that are needed, and the rights
    Topics(Topics),
    /// Read alerts from Kafka and write incidents, until told to stop
    Run(Run),
    /// Turn files of alerts into braid's own alerts, or say what threat intelligence looks for, a JSON line each
    Decode(Decode),
    /// Turn files of alerts into incidents, without Kafka
    Replay(Replay),
    /// Play cases of rules and correlation, and say which went as expected
    Test(Test),
    /// Score incidents against labels: how well does what belongs together come together?
    Evaluate(Evaluate),
    /// Write the alerts of a simulated organisation under attack, and what belongs together
    Simulate(Simulate),
    /// Print what is committed in a topic, a JSON line a record
    Dump(Dump),
    /// Look at what could not be read, and send it again when its reason is mended
    Dlq(Dlq),
    /// Tell the story of an incident: why each alert is in it, what came near, how the attacker moved
    Explain(Explain),
    /// Say how each integration of a running braid is, and what is wrong with it
    Status(Status),
    /// Say which integrations are switched on, and whether these are all that must be
    Audit(Audit),
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub struct ConfigFile {
    /// The configuration: TOML, or YAML by the extension .yaml or .yml [default: braid.toml, else braid.yaml]
    #[arg(short = 'c', long = "config", value_name = "FILE", env = "BRAID_CONFIG")]
    file: Option<PathBuf>,
}

impl ConfigFile {
    /// The file that was named, else the one in this directory; `braid.toml` if there is none, so that the message is
    /// about it.
    pub fn path(&self) -> PathBuf {
        let named = self.file.clone();
        let there =
            || ["braid.toml", "braid.yaml", "braid.yml"].into_iter().find(|file| Path::new(file).exists());
        named.unwrap_or_else(|| there().unwrap_or("braid.toml").into())
    }

    /// Whether one was named, on the command line or by `BRAID_CONFIG`.
    pub fn is_named(&self) -> bool {
        self.file.is_some()
    }
}

/// `braid init`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid init                        writes braid.toml
  braid init --yaml                 writes braid.yaml
  braid init /etc/braid/braid.toml
  braid init -                      prints it")]
pub struct Init {
    /// In YAML rather than TOML
    #[arg(long)]
    pub yaml: bool,
    /// Where to write it; `-` for standard output. What is there already is not overwritten [default: braid.toml or
    /// braid.yaml]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `braid validate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid validate
  braid validate -c /etc/braid/braid.yaml --connect
  BRAID__WORKER__COMMIT_INTERVAL=50ms braid validate      variables are checked like the file")]
pub struct Validate {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
    /// Ask the cluster too: does it answer, are the topics as needed, has it transactions for us?
    #[arg(long)]
    pub connect: bool,
}

/// `braid topics`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid topics                      the commands that create them, for whoever may
  braid topics --acls               and those that grant braid its rights
  braid topics --create             creates what is missing, compares what is there")]
pub struct Topics {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
    /// Create what is missing, and compare what is there
    #[arg(long)]
    pub create: bool,
    /// Print the commands that grant braid's user its rights
    #[arg(long)]
    pub acls: bool,
    /// Whom to grant them to
    #[arg(long, value_name = "PRINCIPAL", default_value = "User:braid", requires = "acls")]
    pub principal: String,
}

/// `braid run`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid run
  braid run -c braid.yaml --stage correlate
  RUST_LOG=debug braid run

SIGTERM and SIGINT end it gracefully: the transaction at hand is finished and the partitions move at once. A second one \
ends it on the spot, which loses nothing either, but leaves its partitions to time out.")]
pub struct Run {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
    /// Do one half only, so that each can be scaled by itself [default: both]
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,
}

/// One half of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// Source topics to the alerts topic: keeps nothing, scales out
    Normalise,
    /// The alerts topic to incidents: one thread a partition
    Correlate,
}

/// A tenant is the boundary that nothing is joined across: no name is no boundary.
fn tenant_name(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("a tenant needs a name") } else { Ok(text.to_owned()) }
}

/// `braid decode`
#[derive(Debug, Args)]
#[command(after_help = inputs::EXAMPLES_DECODE)]
pub struct Decode {
    /// What to read
    #[command(flatten)]
    pub inputs: Inputs,
    /// Whose alerts these are [default: what the record's own field says; for CEF, which has none, `default`]
    #[arg(long, value_name = "NAME", value_parser = tenant_name)]
    pub tenant: Option<String>,
}

/// `braid replay`
#[derive(Debug, Args)]
#[command(after_help = inputs::EXAMPLES_REPLAY)]
pub struct Replay {
    /// What to read
    #[command(flatten)]
    pub inputs: Inputs,
    /// Whose alerts these are [default: what the record's own field says; for CEF, which has none, `default`]
    #[arg(long, value_name = "NAME", value_parser = tenant_name)]
    pub tenant: Option<String>,
    /// What to write to standard output, a JSON line each
    #[arg(long, value_enum, default_value_t = ReplayOutput::Incidents)]
    pub output: ReplayOutput,
    /// Write a table for people instead
    #[arg(long, conflicts_with = "output")]
    pub summary: bool,
    /// Also write `alert id,incident id` for each alert, the alert's id as its source gave it; an incident that was
    /// merged into another one counts as that one
    #[arg(long, value_name = "FILE")]
    pub assignment: Option<PathBuf>,
    /// A configuration that is used in place of the defaults: its [correlation] and [rules], its incident_url, and of the
    /// enabled source of a format how its records are read (severity_min, correlate, detectors, …; not the tenant). A
    /// file with one of these sections alone is enough
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Play the same under this configuration too, and write what it would change instead; what it says nothing of is as
    /// --config has it. Records of source topics are read again as its [[sources]] say; alerts of a dump carry what
    /// their source said when they came, and a difference there is refused. Exit code 0 if nothing changes, 1 if something
    /// does or if a record was refused
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "summary", "assignment"])]
    pub against: Option<PathBuf>,
    /// With --against: write it as one JSON object
    #[arg(long, requires = "against")]
    pub json: bool,
    /// How many alerts of files are held in memory, to be put in order; a dump is in order and needs none
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    pub alerts_max: usize,
}

/// What `braid replay` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayOutput {
    /// Each incident once, as it stands at the end
    Incidents,
    /// Each change of each incident, in order
    Events,
}

/// `braid test`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid test deploy/rules/*.test.yml
  braid test -c braid.toml cases.yml --junit report.xml

A file holds cases:
  rules: brute_force.yml            # relative to this file; else those of --config
  cases:
    - name: three failures of one account
      alerts:
        - 10:00 mdi/a1 \"Failed logon\" user=contoso\\jeffl host=client1.contoso.com
        - 10:05 mde/a2 \"Failed logon\" severity=high user=S-1-5-21-1-2-3-1104+contoso\\jeffl
      fired: {}                       # each rule's id and how many alerts it raises
      incidents:
        - alerts: [a1, a2]            # and rule:ID for what a rule has raised
          severity: high
          reasons: [sameActor]

docs/rules.md explains them. The exit code is 1 if a case fails, 2 if a file is wrong.")]
pub struct Test {
    /// Files of cases: YAML, or TOML by the extension .toml
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// A configuration whose [correlation] section and rules are used in place of the defaults; one of them alone is enough
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// A format that carries alerts.
fn format_of_alerts(name: &str) -> Result<Format, String> {
    let format: Format = name.parse().map_err(|error: braid_wire::UnknownFormat| error.to_string())?;
    if format.holds() == Holds::Alerts { Ok(format) } else { Err(format!("{format} carries no alerts")) }
}

fn format_that_is_simulated(name: &str) -> Result<Format, String> {
    let format = format_of_alerts(name)?;
    let known = crate::simulate::FORMATS;
    if known.contains(&format) {
        return Ok(format);
    }
    Err(format!("{format} is not simulated, only {}", known.map(|format| format.to_string()).join(", ")))
}

/// `braid simulate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid simulate --out world
  braid simulate --seed 7 --preset small-office --out office --format sentinel-security-alert
  braid simulate --alerts 100000 --hosts 20000 --campaigns 100 --days 14 --out large

Writes alerts.jsonl (alerts.cef, alerts.avro) in the order in which they arrive, late ones, repetitions and revisions \
included, and labels.csv for `braid evaluate`. The same seed writes the same bytes. A format that a product has for itself \
carries the alerts of that product only; as Defender for Cloud's are written those of hosts and of cloud applications. \
Incidents of a vendor hold an alert each.")]
pub struct Simulate {
    /// The directory to write to; it is made if it is not there, and files of these names are overwritten
    #[arg(long, value_name = "DIRECTORY")]
    pub out: PathBuf,
    /// What is drawn
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// The organisation to begin with
    #[arg(long, value_name = "NAME", default_value = "hub-ridden-week",
        value_parser = clap::builder::PossibleValuesParser::new(WorldSettings::PRESETS))]
    pub preset: String,
    /// How the alerts are written: in any format that carries alerts, see `braid replay --help`
    #[arg(short, long, default_value = "braid-json", value_parser = format_that_is_simulated)]
    pub format: Format,
    /// How many alerts there are, attacks included [default: as the preset has it]
    #[arg(long, value_name = "NUMBER")]
    pub alerts: Option<usize>,
    /// How many computers there are [default: as the preset has it]
    #[arg(long, value_name = "NUMBER")]
    pub hosts: Option<usize>,
    /// How many attacks there are [default: as the preset has it]
    #[arg(long, value_name = "NUMBER")]
    pub campaigns: Option<usize>,
    /// How many days it lasts [default: as the preset has it]
    #[arg(long, value_name = "NUMBER")]
    pub days: Option<u16>,
}

/// `braid evaluate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid evaluate --labels labels.csv -f sentinel-security-alert alerts.jsonl
  braid evaluate --labels labels.csv -f braid-json alerts.jsonl --sweep half_lives.other=30m,1h --sweep merge_at=0.4,0.5
  braid evaluate --labels labels.csv --assignment out.csv      what `braid replay --assignment` wrote, or another program

Labels are a CSV file with a head (`alert id,incident`) and two columns: an alert's id, as its source gives it, and the name of the incident that \
it belongs to. Pairwise figures are over pairs of alerts and so about the large incidents, B³ over alerts and so about all of \
them alike; an alert that is missing counts as alone. Purity is, of the alerts in the incidents that hold most of each true \
one of two alerts or more, the share that is theirs.")]
pub struct Evaluate {
    /// What to read
    #[command(flatten)]
    pub inputs: OptionalInputs,
    /// What belongs together: `alert id,incident`, with a head
    #[arg(long, value_name = "FILE")]
    pub labels: PathBuf,
    /// Score this assignment, of the same form, instead of playing alerts
    #[arg(long, value_name = "FILE")]
    pub assignment: Option<PathBuf>,
    /// Try each of these values of a setting of [correlation]; several of these options try all combinations. The ranges are
    /// those of a configuration; where join_at and merge_at are both tried, pairs with merge_at below join_at are left out
    #[arg(long, value_name = "KEY=V1,V2,…")]
    pub sweep: Vec<Sweep>,
    /// Purity only of incidents whose label begins so
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub purity_of: String,
    /// Whose alerts these are [default: what the record's own field says; for CEF, which has none, `default`]
    #[arg(long, value_name = "NAME", value_parser = tenant_name)]
    pub tenant: Option<String>,
    /// A configuration that is used in place of the defaults: its [correlation] and [rules], and how its sources read
    /// their records. A file with one of these sections alone is enough
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write a JSON line for each combination of settings, with every incident in it
    #[arg(long)]
    pub json: bool,
    /// How many alerts of files are held in memory, to be put in order
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    pub alerts_max: usize,
}

/// `braid demo`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid demo
  braid demo --speed 0              as fast as it goes
  braid demo > story.txt            plain lines")]
pub struct Demo {
    /// How many times faster than the attack was; 0 is as fast as it goes [default: 420 on a terminal, else 0]
    #[arg(long, value_name = "TIMES")]
    pub speed: Option<u32>,
}

/// `braid dump`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid dump incidents
  braid dump dead-letters
  braid dump braid.alerts > alerts.dump && braid replay --format braid-dump alerts.dump

A line is {\"topic\",\"partition\",\"offset\",\"timestamp_millis\",\"key\",\"value\",\"headers\":[{\"name\",\"value\"}]}; keys and values \
are base64, or null where there is none. Only what is committed is read, partition by partition, up to the end that the \
topic has when reading begins.")]
pub struct Dump {
    /// The topic
    #[arg(value_name = "TOPIC")]
    pub topic: String,
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `braid explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid explain b28af616 --format sentinel-security-alert alerts.jsonl    replays the alerts
  braid explain b28af616 incidents.jsonl events.jsonl                     what replay, dump or the API printed
  braid explain b28af616 -c braid.toml                                    from the incidents and incident-events topics
  braid explain b28af616 --url http://localhost:9464                      from a running braid

Without events (the API, or a file of incidents alone) the story has no merges, resolutions and commands in it, only \
what the record itself tells.")]
pub struct Explain {
    /// The incident's id, or as much of its beginning as only it has
    #[arg(value_name = "INCIDENT")]
    pub incident: String,
    /// Files of incidents and of their changes, a JSON line each or as `braid dump` prints them; with --format, files of
    /// alerts, which are replayed; `-` is standard input
    #[arg(value_name = "FILE", conflicts_with = "url")]
    pub files: Vec<PathBuf>,
    /// What the records of the files are, if they are alerts; see `braid replay --help`
    #[arg(short, long, value_name = "FORMAT", requires = "files")]
    pub format: Option<FileFormat>,
    /// Whose the alerts are [default: what the record's own field says; for CEF, which has none, `default`]
    #[arg(long, value_name = "NAME", value_parser = tenant_name, requires = "format")]
    pub tenant: Option<String>,
    /// Where a running braid answers
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The token that it asks for (`http.token`). Better said by the variable: others see a command line
    #[arg(long, value_name = "TOKEN", env = "BRAID_API_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Where the configuration is: of the cluster and the topics, or of the replay
    #[command(flatten)]
    pub config: ConfigFile,
    /// One JSON object, for programs
    #[arg(long)]
    pub json: bool,
}

/// `braid status`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid status
  braid status --url https://braid.example.com:9464 --json

The exit code is 1 if something that is on is broken. Figures are since that process has begun, of the partitions that it \
reads.")]
pub struct Status {
    /// Where a running braid answers
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9464")]
    pub url: String,
    /// The token that it asks for (`http.token`). Better said by the variable: others see a command line
    #[arg(long, value_name = "TOKEN", env = "BRAID_API_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// What the API says, for programs
    #[arg(long)]
    pub json: bool,
}

/// `braid audit`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid audit
  braid audit --json
  braid audit --azure-settings settings.json        with what Azure answers for Microsoft.Security/settings

A line is an integration and True or False: `endpoint True`. The exit code is 1 if one that `audit.require` of the \
configuration names is not on. Azure's answer is that of GET \
https://management.azure.com/subscriptions/ID/providers/Microsoft.Security/settings?api-version=2022-05-01, or of the \
single setting WDATP.")]
pub struct Audit {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
    /// What Azure says of its settings: a JSON file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub azure_settings: Option<PathBuf>,
    /// One JSON object, for programs
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_command_and_every_exit_code() {
        let help = Cli::command().render_long_help().to_string();
        let commands = [
            "demo", "init", "validate", "topics", "run", "decode", "replay", "test", "evaluate", "simulate",
            "dump", "dlq", "explain", "status", "audit",
        ];
        for word in commands.into_iter().chain(["Exit codes:"]) {
            assert!(help.contains(word), "{word}");
        }
    }
}
