//! `braid dump`: what is committed in a topic, a JSON line a record.

pub(crate) mod line;

use std::io::{self, BufWriter, Write};

use anyhow::Context;

use crate::Outcome;
use crate::cli::Dump;
use crate::config::{self, Config};
use crate::run::told;
use crate::{topology, validate};

/// Prints the committed records of a topic, up to the end that it has when reading begins.
pub(crate) fn run(arguments: &Dump) -> anyhow::Result<Outcome> {
    let config = Config::read(&arguments.config.path(), config::variables())?;
    let connection = validate::connection(&config)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let read = braid_kafka::dump(
        &connection,
        &topology::normalise_group(&config),
        &arguments.topic,
        &mut |record| {
            if written.is_ok() {
                written = out.write_all(&line::written(&record)).and_then(|()| out.write_all(b"\n"));
                end_if_pipe_closed(&written);
            }
        },
    );
    let written = written.and_then(|()| out.flush());
    end_if_pipe_closed(&written);
    written.context("standard output")?;
    read.map_err(|failure| anyhow::anyhow!("{}", told(&failure)))?;
    Ok(Outcome::Done)
}

/// Whoever reads our output may have enough of it, as `head` does. The reader cannot be told to stop, and a topic may be
/// long, so the process ends here; it has nothing to put in order.
fn end_if_pipe_closed(written: &io::Result<()>) {
    if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}
