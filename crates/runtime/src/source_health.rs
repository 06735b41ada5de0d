use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use braid_wire::HealthReport;

/// What the products behind the sources last said of themselves: a sensor that is silent, a database that is down.
///
/// One report for each source that this process reads, so it is as large as the configuration. Told after the commit, like
/// every figure. It is what this process has read: another one may own the partition with the newer report, and after a
/// restart nothing is known until the product says something.
#[derive(Debug, Default)]
pub struct SourceHealth(Mutex<BTreeMap<Box<str>, HealthReport>>);

impl SourceHealth {
    /// Keeps a report of a source, if it is no older than the one that is known. The source is one of the configured ones.
    pub(crate) fn note(&self, source: &str, report: HealthReport) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(source).is_none_or(|known| known.at <= report.at) {
            last.insert(source.into(), report);
        }
    }

    /// The last report of a source; `None` if there was none.
    pub fn last(&self, source: &str) -> Option<HealthReport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned()
    }
}

#[cfg(test)]
mod tests {
    use braid_alert::{EventTime, Severity};

    use super::*;

    fn report(kind: &str, millis: i64) -> HealthReport {
        let at = EventTime::from_millis(millis);
        HealthReport { kind: kind.into(), text: "".into(), severity: Severity::Medium, at }
    }

    #[test]
    fn the_newest_report_of_each_source_is_kept_whichever_partition_it_came_from() {
        let health = SourceHealth::default();
        for (source, kind, millis) in [("mdi", "second", 2), ("mdi", "first", 1), ("ata", "other", 1)] {
            health.note(source, report(kind, millis));
        }
        assert_eq!(health.last("mdi"), Some(report("second", 2)));
        assert_eq!(health.last("ata"), Some(report("other", 1)));
        assert_eq!(health.last("zimperium"), None);
    }
}
