use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The wish to stop: asked for once, by a signal or by a worker that failed, and seen by every worker. Clones are the
/// same wish.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everybody to stop. May be called from a signal's thread, and more than once.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody has asked.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
