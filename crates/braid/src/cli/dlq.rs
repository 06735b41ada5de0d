use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use braid_engine::{CommandRefused, DirectoryRejected, RejectReason};
use braid_wire::RefusalReason;
use braid_wire::dead_letter::OVER_BROKER_LIMIT;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::ConfigFile;

/// `braid dlq`
#[derive(Debug, Args)]
pub struct Dlq {
    /// What to do with them.
    #[command(subcommand)]
    pub command: DlqCommand,
}

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List dead letters, and count them by reason
    List(DlqList),
    /// Show one in full: why, where from, its headers, the message, and what to do
    Show(DlqShow),
    /// Send the records of dead letters to the topics that they came from, once each
    Replay(DlqReplay),
}

/// Which dead letters are meant.
#[derive(Debug, Clone, Default, Args)]
pub struct LetterFilter {
    /// Of this source; several of these options mean any of them. What correlation refused has the alerts topic here
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,
    /// For this reason; several mean any of them
    #[arg(long, value_name = "REASON", value_parser = PossibleValuesParser::new(reasons()), hide_possible_values = true)]
    pub reason: Vec<String>,
    /// With this text in the detail (a tenant's id, a field's name); case does not count
    #[arg(long, value_name = "TEXT")]
    pub detail: Option<String>,
    /// From then on: a time (`2026-02-03T10:00:00Z`), a day (`2026-02-03`, in UTC), or so long ago (`2h`, `3d`)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
}

/// `braid dlq list`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid dlq list
  braid dlq list --open --since 1d
  braid dlq list --reason unmapped_tenant --source graph --json

A dead letter is named PARTITION@OFFSET of the dead-letter topic. `state` says whether it is still open, whether it was \
replayed, and how many times its record had been replayed before and come back.")]
pub struct DlqList {
    /// Which
    #[command(flatten)]
    pub filter: LetterFilter,
    /// Only those that have not been replayed
    #[arg(long)]
    pub open: bool,
    /// The newest so many of them; the counts at the end are of all
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// A JSON object a line, without the counts
    #[arg(long)]
    pub json: bool,
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `braid dlq show`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  braid dlq show 2@17
  braid dlq show 2@17 --value > record.json     the bytes as they came, to be mended and sent by a tool of Kafka's own")]
pub struct DlqShow {
    /// Which, as `braid dlq list` names it
    #[arg(value_name = "PARTITION@OFFSET")]
    pub letter: LetterPlace,
    /// Only the message, byte for byte
    #[arg(long)]
    pub value: bool,
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `braid dlq replay`
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(true).args(["letters", "source", "reason", "detail", "since", "all"]),
    after_help = "\
Examples:
  braid dlq replay --reason unmapped_tenant --dry-run     what would be sent, and what not and why
  braid dlq replay --reason unmapped_tenant
  braid dlq replay 2@17 0@3
  braid dlq replay --all --since 2h

Mend first what the reason is about: a record that the configuration would refuse again is not sent. It goes to the \
partition that it came from, with its key and headers and two more (braid.replay.of, braid.replay.count), in a \
transaction with a receipt in the dead-letter topic: it is sent once, however often this is called and whatever dies \
meanwhile. Needs, besides Read on the dead-letter topic, Write on it and on the sources' topics. The exit code is 1 if \
something that was asked for is not sent; standard error says what and why."
)]
pub struct DlqReplay {
    /// These, as `braid dlq list` names them; with filters, those of them that the filters take
    #[arg(value_name = "PARTITION@OFFSET")]
    pub letters: Vec<LetterPlace>,
    /// Which
    #[command(flatten)]
    pub filter: LetterFilter,
    /// All of them
    #[arg(long)]
    pub all: bool,
    /// Send so many records at most; the rest is for the next call
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Send also those that were replayed before, those whose record has come back three times, and those that the
    /// configuration would refuse again
    #[arg(long)]
    pub anyway: bool,
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Where a dead letter is in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterPlace {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

impl fmt::Display for LetterPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.partition, self.offset)
    }
}

impl FromStr for LetterPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = || {
            let (partition, offset) = text.split_once('@')?;
            let place = Self { partition: partition.parse().ok()?, offset: offset.parse().ok()? };
            (place.partition >= 0 && place.offset >= 0).then_some(place)
        };
        numbers().ok_or(
            "a dead letter is named PARTITION@OFFSET, such as 2@17; `braid dlq list` says which there are",
        )
    }
}

/// A point in time, or one that long before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Milliseconds since 1970 in UTC.
    At(i64),
    /// Before now.
    Ago(Duration),
}

impl Since {
    /// Milliseconds since 1970 in UTC.
    pub fn millis(self, now_millis: i64) -> i64 {
        match self {
            Self::At(millis) => millis,
            Self::Ago(period) => {
                now_millis.saturating_sub(i64::try_from(period.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(period) = humantime::parse_duration(text) {
            return Ok(Self::Ago(period));
        }
        let midnight = text.parse::<jiff::civil::Date>().ok().map(|day| format!("{day}T00:00:00Z"));
        let time = midnight.as_deref().unwrap_or(text).parse::<jiff::Timestamp>();
        time.map(|time| Self::At(time.as_millisecond()))
            .map_err(|_| "neither a time (2026-02-03T10:00:00Z), nor a day (2026-02-03), nor a duration (2h)")
    }
}

/// Every reason that this release writes on a dead letter.
pub(crate) fn reasons() -> Vec<&'static str> {
    let refused = RefusalReason::ALL.iter().filter(|reason| !reason.is_drop()).map(|reason| reason.as_str());
    let rejected = RejectReason::ALL.iter().map(|reason| reason.as_str());
    let directory = DirectoryRejected::ALL.iter().map(|reason| reason.as_str());
    let commands = CommandRefused::ALL.iter().map(|reason| reason.as_str());
    // A decoder and the engine each have a `too_large`: it is one word.
    let all: BTreeSet<_> =
        refused.chain(rejected).chain(directory).chain(commands).chain([OVER_BROKER_LIMIT]).collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn refused(line: &str) -> String {
        Cli::try_parse_from(line.split(' ')).expect_err("it is refused").to_string()
    }

    #[test]
    fn a_replay_of_nothing_in_particular_is_refused() {
        assert!(refused("braid dlq replay").contains("required"));
        for line in ["--all", "2@17", "--since 2h", "--reason malformed", "--source graph", "--detail b3c1"] {
            let words = format!("braid dlq replay {line}");
            assert!(Cli::try_parse_from(words.split(' ')).is_ok(), "{line}");
        }
        assert!(refused("braid dlq replay --dry-run").contains("required"));
    }

    #[test]
    fn a_misspelt_reason_or_place_is_told_with_what_was_meant() {
        assert!(refused("braid dlq list --reason unmaped_tenant").contains("unmapped_tenant"));
        assert!(
            refused("braid dlq list --reason health_alert").contains("invalid value"),
            "a drop is no letter"
        );
        assert!(refused("braid dlq show 17").contains("PARTITION@OFFSET"));
        assert!(refused("braid dlq show 1@-2").contains("PARTITION@OFFSET"));
    }

    #[test]
    fn since_is_a_time_a_day_or_so_long_ago() {
        let at = |text: &str| text.parse::<Since>().map(|since| since.millis(10_000_000));
        assert_eq!(at("1970-01-01T00:00:01.5Z"), Ok(1_500));
        assert_eq!(at("1970-01-02"), Ok(86_400_000));
        assert_eq!(at("2h"), Ok(2_800_000));
        assert!(at("yesterday").is_err());
    }
}
