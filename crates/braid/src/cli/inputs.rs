use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use braid_wire::Format;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

pub(super) const EXAMPLES_DECODE: &str = "\
Examples:
  braid decode --format mdi-cef --tenant contoso sensor.cef
  kubectl logs collector | braid decode --format graph-alert -
  braid decode --format mdi-cef --tenant contoso a.cef b.cef --format graph-alert c.jsonl
  braid dump braid.alerts | braid decode --format braid-dump -

A file of JSON may hold a record on each line, or documents: an array, a page {\"value\":[…]}, {\"records\":[…]}, single \
objects one behind the other, indented or not. A file of CEF holds a record on each line.

When an alert arrived is what the record itself says of it: TimeGenerated of a SecurityAlert row, lastUpdateDateTime of a \
Graph alert, the syslog time of a CEF line, `updated` of braid's own. No record is refused for being ahead of some clock.

What is refused goes to standard error as FILE:LINE, or FILE:LINE:ELEMENT within a list (elements count from 0), with the \
reason; the exit code is 1 then.

Of threat intelligence (stix-indicator) each line says what an object is: what an indicator looks for, from when until when, how sure its author is; what a party is called; what a relationship joins; what is revoked. The last line on standard error counts them, and what is refused or left out by its reason. A confidence that is none is told; the indicator stands without it.";

pub(super) const EXAMPLES_REPLAY: &str = "\
Examples:
  braid replay --format sentinel-security-alert alerts.jsonl --summary
  braid replay --format mdi-cef --tenant contoso sensor.cef --format graph-alert endpoint.jsonl
  braid replay --format sentinel-security-alert --assignment out.csv alerts.jsonl
  braid replay --format braid-directory-json people.jsonl --format mdi-cef --tenant contoso sensor.cef
  braid dump braid.alerts > alerts.dump && braid replay --format braid-dump alerts.dump
  braid replay --format braid-dump alerts.dump -c braid.toml --against stricter.toml

Alerts of several files are merged by the time at which they arrived, as their records say it (see `braid decode --help`); \
at the same time in the order of the files, then of the lines. They are held in memory for that: some kilobytes each.

What the files of a directory say is taken to be known before the first alert. Commands are replayed from a dump only.

A dump of the alerts topic is played as the correlate stage played it: partition by partition, each in the order of its \
offsets, ticks of the clock included. Its events are those of the incident-events topic, byte for byte; its incidents are \
those of the incidents topic, each as of the alert that changed it last. Give --config, so that it is done with the same settings.

What is refused goes to standard error with its place and the reason, and the exit code is 1.";

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Records as a source topic has them.
    Records(Format),
    /// What `braid dump` printed of the alerts topic.
    Dump,
}

impl FileFormat {
    const DUMP: &str = "braid-dump";

    /// Every format, in the order in which help lists them, with what it is.
    fn all() -> impl Iterator<Item = (Self, &'static str)> {
        let described = |format: Format| match format {
            Format::BraidAvro => {
                "braid's own alert as Avro: one record a file, or each behind its length in 4 bytes, highest first (as \
                 kcat -f '%R%s' writes them)"
            }
            _ => format.description(),
        };
        let records = Format::ALL.into_iter().map(move |format| (Self::Records(format), described(format)));
        records.chain([(Self::Dump, "what `braid dump` printed of the alerts topic")])
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(format) => format.fmt(f),
            Self::Dump => f.pad(Self::DUMP),
        }
    }
}

impl FromStr for FileFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == Self::DUMP {
            return Ok(Self::Dump);
        }
        // The message ends with the list of the formats that records have.
        name.parse()
            .map(Self::Records)
            .map_err(|error: braid_wire::UnknownFormat| format!("{error}, {}", Self::DUMP))
    }
}

/// A file and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What is in it.
    pub format: FileFormat,
    /// The file; `-` is standard input.
    pub file: PathBuf,
}

/// Files with their formats: a `--format` holds for the files behind it, up to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// Each, in the order in which they were named.
    pub files: Vec<Input>,
}

impl Args for Inputs {
    fn augment_args(command: Command) -> Command {
        let formats: Vec<String> =
            FileFormat::all().map(|(format, description)| format!("{format}: {description}")).collect();
        let help = "What the records of the files behind it are, up to the next --format";
        let format = Arg::new("format")
            .long("format")
            .short('f')
            .value_name("FORMAT")
            .required(true)
            .action(ArgAction::Append)
            .value_parser(|name: &str| name.parse::<FileFormat>())
            .help(help)
            .long_help(format!("{help}. One of:\n- {}", formats.join("\n- ")));
        let files = Arg::new("files")
            .value_name("FILE")
            .required(true)
            .action(ArgAction::Append)
            .value_parser(value_parser!(PathBuf))
            .help("What to read; `-` is standard input");
        command.arg(format).arg(files)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Inputs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let formats: Vec<(usize, FileFormat)> = placed(matches, "format").collect();
        let places: Vec<usize> = placed::<PathBuf>(matches, "files").map(|(at, _)| at).collect();
        let ends = formats.iter().skip(1).map(|(at, _)| *at).chain([usize::MAX]);
        for ((begin, format), end) in formats.iter().zip(ends) {
            if !places.iter().any(|at| (*begin..end).contains(at)) {
                return Err(no_file(*format));
            }
        }
        let files = placed::<PathBuf>(matches, "files").map(|(at, file)| {
            let before = formats.iter().rev().find(|(place, _)| *place < at);
            let format = before.map(|(_, format)| *format).ok_or_else(|| no_format(&file))?;
            Ok(Input { format, file })
        });
        Ok(Self { files: files.collect::<Result<_, clap::Error>>()? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// As [`Inputs`], but there need be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalInputs(pub Inputs);

impl Args for OptionalInputs {
    fn augment_args(command: Command) -> Command {
        let command = Inputs::augment_args(command);
        command
            .mut_arg("format", |format| format.required(false))
            .mut_arg("files", |files| files.required(false))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OptionalInputs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Inputs::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// The values of an argument, each with its place on the command line.
fn placed<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    id: &str,
) -> impl Iterator<Item = (usize, T)> {
    let places = matches.indices_of(id).into_iter().flatten();
    let values = matches.get_many::<T>(id).into_iter().flatten().cloned();
    places.zip(values)
}

fn no_file(format: FileFormat) -> clap::Error {
    let message = format!("no file stands behind --format {format}: it holds for the files behind it\n");
    clap::Error::raw(ErrorKind::MissingRequiredArgument, message)
}

fn no_format(file: &std::path::Path) -> clap::Error {
    let message = format!("no --format stands before {}: it holds for the files behind it\n", file.display());
    clap::Error::raw(ErrorKind::MissingRequiredArgument, message)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};

    fn files(arguments: &str) -> Result<Vec<String>, String> {
        let cli = Cli::try_parse_from(arguments.split_whitespace()).map_err(|error| error.to_string())?;
        let Command::Replay(replay) = cli.command else { panic!("the arguments are those of replay") };
        Ok(replay
            .inputs
            .files
            .iter()
            .map(|input| format!("{}={}", input.file.display(), input.format))
            .collect())
    }

    #[test]
    fn a_format_holds_for_the_files_behind_it() {
        let read =
            files("braid replay -f mdi-cef a b --tenant t --format graph-alert c --assignment x.csv d");
        assert_eq!(read.unwrap(), ["a=mdi-cef", "b=mdi-cef", "c=graph-alert", "d=graph-alert"]);
    }

    #[test]
    fn a_dump_is_a_format_of_files() {
        assert_eq!(files("braid replay -f braid-dump a").unwrap(), ["a=braid-dump"]);
    }

    #[test]
    fn a_file_without_a_format_before_it_is_refused() {
        let error = files("braid replay a --format mdi-cef b").unwrap_err();
        assert!(error.contains("no --format stands before a"), "{error}");
    }

    #[test]
    fn a_format_without_a_file_behind_it_is_refused() {
        for arguments in ["a --format graph-alert", "", "a --format graph-alert --format braid-json b"] {
            let error = files(&format!("braid replay --format mdi-cef {arguments}")).unwrap_err();
            assert!(error.contains("no file stands behind") || error.contains("required"), "{error}");
        }
    }

    #[test]
    fn a_format_that_is_mistyped_is_answered_with_the_one_that_was_meant() {
        let error = files("braid replay --format graph-alerts a").unwrap_err();
        assert!(error.contains("did you mean graph-alert?") && error.contains("braid-dump"), "{error}");
    }
}
