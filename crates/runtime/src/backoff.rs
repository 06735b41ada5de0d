use std::time::Duration;

/// Growing pauses between tries: 10 ms, doubled each time, at most half a second, so that a wish to stop is seen soon.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = Duration::from_millis(10 << self.tries.min(6)).min(Duration::from_millis(500));
        self.tries = self.tries.saturating_add(1);
        pause
    }

    /// How many pauses there have been since something last succeeded.
    pub(crate) const fn tries(&self) -> u32 {
        self.tries
    }

    /// Something succeeded.
    pub(crate) const fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_second_and_start_again() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..8).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 500, 500]);
        backoff.reset();
        assert_eq!((backoff.tries(), backoff.pause().as_millis()), (0, 10));
    }
}
