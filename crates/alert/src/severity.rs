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

    /// What stands where the product says nothing of it.
    pub fn unknown() -> Self {
        Self::Other("unknown".into())
    }

    /// Whether the product says it, be it in a word that this release does not know.
    pub fn is_said(&self) -> bool {
        !matches!(self, Self::Other(word) if word.is_empty() || word.eq_ignore_ascii_case("unknown"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_known_is_said_and_unknown_is_not() {
        assert!(Severity::from_text("catastrophic").is_said() && Severity::Low.is_said());
        assert!(!Severity::unknown().is_said() && !Severity::from_text("UNKNOWN").is_said());
    }
}
