//! Small random worlds, in which everything collides: the engine answers as the reference does, a restart at any point
//! leaves no trace, and where the order of arrival must not matter it does not.
//!
//! `BRAID_WORLDS=300` plays that many; `BRAID_SEED=17` plays world 17 alone and tells it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod agreement;
mod command;
mod coverage;
mod directory;
mod draw;
mod order;
mod pool;
mod restart;
mod telling;

/// How many worlds are played unless `BRAID_WORLDS` says otherwise: what takes most of a minute.
const WORLDS: u64 = 10_000;

/// The seeds of the worlds to play.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match number("BRAID_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("BRAID_WORLDS").unwrap_or(WORLDS),
    }
}
