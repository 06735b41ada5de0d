use anyhow::bail;

use crate::Outcome;
use crate::cli::Run;

pub(crate) fn run(_arguments: &Run) -> anyhow::Result<Outcome> {
    bail!("`braid run` is not built yet")
}
