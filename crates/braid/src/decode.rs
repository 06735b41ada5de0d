use anyhow::bail;

use crate::Outcome;
use crate::cli::Decode;

pub(crate) fn run(_arguments: &Decode) -> anyhow::Result<Outcome> {
    bail!("`braid decode` is not built yet")
}
