use anyhow::bail;

use crate::Outcome;
use crate::cli::Replay;

pub(crate) fn run(_arguments: &Replay) -> anyhow::Result<Outcome> {
    bail!("`braid replay` is not built yet")
}
