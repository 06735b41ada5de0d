use crate::text_enum::text_enum;

text_enum! {
    /// How grave a product calls its finding, in Graph's words. An incident has the highest of its alerts.
    Severity {
        /// For the record.
        Informational = "informational" | "information" | "info" | "normal",
        /// Little to fear.
        Low = "low",
        /// Worth a look.
        Medium = "medium" | "elevated" | "moderate",
        /// Act on it.
        High = "high",
        /// Act on it now.
        Critical = "critical",
    }
}

impl Severity {
    /// Its place in the order: 0 for a value that is not known, 1 for informational, up to 5 for critical (as the
    /// `severity_id` of OCSF). Compare by this, not by the derived order.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::Informational => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::Critical => 5,
        }
    }
}
