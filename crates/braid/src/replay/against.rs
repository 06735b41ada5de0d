//! `braid replay --against`: the same inputs under two configurations, and what the second one would change.
//!
//! ```text
//!   each input ──┬──▶ Player before ──▶ incidents ──┐
//!                └──▶ Player after  ──▶ incidents ──┴──▶ Comparison ──▶ table or JSON
//! ```

mod comparison;
mod pairing;
mod report;

use std::io::{self, BufWriter, Write};

use super::player::{Player, Rules};
use super::{play, write_line};
use crate::Outcome;
use crate::cli::Replay;
use crate::decode::{Refusals, unless_pipe_closed};

use comparison::Comparison;

/// Plays the files under both configurations and writes what they differ in.
pub(super) fn run(arguments: &Replay, before: Rules, after: Rules) -> anyhow::Result<Outcome> {
    let mut refusals = Refusals::default();
    let (mut before, mut after) = (Player::new(before, true), Player::new(after, true));
    let mut each_input = |partition, input: braid_engine::Input| {
        let rejected = before.apply(partition, input.clone(), &mut |_| Ok(()))?;
        let rejected_after = after.apply(partition, input, &mut |_| Ok(()))?;
        // What one of them holds is no fault of the input, but a difference.
        Ok(rejected.and(rejected_after))
    };
    play(arguments, &mut each_input, &mut refusals)?;
    let (before, after) = (before.finish(), after.finish());
    let comparison = Comparison::of(&before, &after);
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if arguments.json {
        write_line(&mut out, &braid_wire::json::to_json(&comparison))
    } else {
        out.write_all(report::table(&comparison).as_bytes())
    };
    unless_pipe_closed(written.and_then(|()| out.flush()).map_err(Into::into))?;
    Ok(match refusals.outcome() {
        Outcome::Done if !comparison.is_empty() => Outcome::Differs,
        outcome => outcome,
    })
}
