use anyhow::bail;

use crate::Outcome;
use crate::cli::Dump;

pub(crate) fn run(_arguments: &Dump) -> anyhow::Result<Outcome> {
    bail!("`braid dump` is not built yet")
}
