use crate::{Refusal, RefusalReason};

/// The bytes of a frame in the making: kept up to a bound, counted beyond it.
#[derive(Debug)]
pub struct BoundedBytes {
    kept: Vec<u8>,
    bytes: usize,
    bytes_max: usize,
}

impl BoundedBytes {
    /// Nothing yet; of at most so many bytes.
    pub const fn new(bytes_max: usize) -> Self {
        Self { kept: Vec::new(), bytes: 0, bytes_max }
    }

    /// Adds more.
    pub fn extend(&mut self, more: &[u8]) {
        let room = self.bytes_max.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&more[..more.len().min(room)]);
        self.bytes += more.len();
    }

    /// What is kept.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Whether there is room for nothing more, and nothing was left out.
    pub const fn is_full(&self) -> bool {
        self.bytes == self.bytes_max
    }

    /// Whether nothing but white space is kept.
    pub fn is_blank(&self) -> bool {
        self.kept.trim_ascii().is_empty()
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }

    /// What was gathered; begins anew.
    ///
    /// # Errors
    /// `too_large` with its size if it is beyond the bound.
    pub fn take(&mut self) -> Result<Vec<u8>, Refusal> {
        let bytes = std::mem::take(&mut self.bytes);
        let kept = std::mem::take(&mut self.kept);
        if bytes > self.bytes_max { Err(too_large(bytes as u64, self.bytes_max)) } else { Ok(kept) }
    }
}

fn too_large(bytes: u64, bytes_max: usize) -> Refusal {
    Refusal::new(RefusalReason::TooLarge, format!("{bytes} bytes; at most {bytes_max} are read"))
}
