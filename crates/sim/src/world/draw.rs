//! Draws of times, in whole numbers: the same on every machine, which a logarithm is not.

use braid_alert::{EventTime, Span};

use crate::Rng;

/// How long until the next of things that happen by chance: an exponential distribution with that mean, its logarithm
/// taken piecewise straight.
pub(super) fn waiting(rng: &mut Rng, mean: Span) -> Span {
    let bits = rng.bits();
    // The number of leading zeros is geometric; the bits behind them place the draw within its halving. In 1/1024, and
    // three halves of it in the mean.
    let halvings = u64::from(bits.leading_zeros().min(20));
    let within = rng.bits() >> 54;
    let drawn = (halvings << 10) + within;
    Span::micros(mean.as_micros() / 1_536 * drawn as i64)
}

/// A length of time between half and one and a half of this.
pub(super) fn about(rng: &mut Rng, mean: Span) -> Span {
    Span::micros(mean.as_micros() / 1_000 * (500 + rng.below(1_001)) as i64)
}

/// A time of a day's work seven times in ten, else any time.
pub(super) fn moment(rng: &mut Rng, start: EventTime, lasts: Span) -> EventTime {
    let days = (lasts.as_micros() / Span::days(1).as_micros()).max(1) as usize;
    let day = Span::days(rng.below(days) as i64);
    let seconds = if rng.chance(700) { 8 * 3_600 + rng.below(10 * 3_600) } else { rng.below(24 * 3_600) };
    start + day + Span::seconds(seconds as i64)
}

/// The day, counted from 1970.
pub(super) fn day(at: EventTime) -> i64 {
    at.as_micros().div_euclid(Span::days(1).as_micros())
}
