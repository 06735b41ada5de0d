use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::Outcome;
use crate::cli::Init;
use crate::config::reference::{Notation, starter};
use crate::stdout;

/// Writes a configuration to begin with. What is there already is never overwritten.
pub(crate) fn run(arguments: &Init) -> anyhow::Result<Outcome> {
    let notation = notation(arguments);
    let text = starter(notation);
    let default = if notation == Notation::Yaml { "braid.yaml" } else { "braid.toml" };
    let file = arguments.file.clone().unwrap_or_else(|| PathBuf::from(default));
    if file == Path::new("-") {
        stdout::print(&text)?;
        return Ok(Outcome::Done);
    }
    write_new(&file, &text)?;
    let named = if arguments.file.is_some() { format!(" -c {}", file.display()) } else { String::new() };
    tell!(
        "wrote {}: fill in `brokers` and your source, then `braid validate{named} --connect`",
        file.display()
    );
    Ok(Outcome::Done)
}

fn notation(arguments: &Init) -> Notation {
    let extension =
        arguments.file.as_deref().and_then(Path::extension).and_then(|extension| extension.to_str());
    if arguments.yaml || matches!(extension, Some("yaml" | "yml")) { Notation::Yaml } else { Notation::Toml }
}

fn write_new(file: &Path, text: &str) -> anyhow::Result<()> {
    match std::fs::File::create_new(file) {
        Ok(mut created) => {
            created.write_all(text.as_bytes()).with_context(|| format!("writing {}", file.display()))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already; it is not overwritten", file.display())
        }
        Err(error) => Err(error).with_context(|| format!("creating {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_is_there_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("braid.yml");
        let arguments = Init { yaml: false, file: Some(file.clone()) };
        assert_eq!(run(&arguments).unwrap(), Outcome::Done);
        let written = std::fs::read_to_string(&file).unwrap();
        assert_eq!(written, starter(Notation::Yaml), "the extension says YAML");
        assert!(run(&arguments).unwrap_err().to_string().contains("not overwritten"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    }
}
