use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// What became of the cases of a file.
pub(super) struct FileResult {
    pub(super) name: String,
    pub(super) cases: Vec<CaseResult>,
}

/// What became of a case.
pub(super) struct CaseResult {
    pub(super) name: String,
    /// The line that it begins in.
    pub(super) line: usize,
    pub(super) took: Duration,
    /// What was not as expected.
    pub(super) differences: Vec<String>,
}

/// For a terminal: a line a case, below it what was not as expected, and the sum.
pub(super) fn text(files: &[FileResult]) -> String {
    let mut text = String::new();
    for file in files {
        for case in &file.cases {
            let verdict = if case.differences.is_empty() { "ok    " } else { "FAILED" };
            let _ = writeln!(text, "{verdict}  {}:{}: {}", file.name, case.line, case.name);
            for difference in &case.differences {
                let _ = writeln!(text, "        {difference}");
            }
        }
    }
    let cases = || files.iter().flat_map(|file| &file.cases);
    let failed = cases().filter(|case| !case.differences.is_empty()).count();
    let count = cases().count();
    let _ = writeln!(text, "\n{count} case{}, {failed} failed", if count == 1 { "" } else { "s" });
    text
}

/// As JUnit XML: a suite a file.
///
/// # Errors
/// If it cannot be written, which no report has been seen to do.
pub(super) fn junit(files: &[FileResult]) -> anyhow::Result<String> {
    let mut report = Report::new("braid test");
    for file in files {
        let mut suite = TestSuite::new(file.name.clone());
        for case in &file.cases {
            let mut status = TestCaseStatus::success();
            if let Some(first) = case.differences.first() {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(first.clone()).set_description(case.differences.join("\n"));
            }
            let mut test = TestCase::new(case.name.clone(), status);
            test.set_classname(file.name.clone()).set_time(case.took);
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.to_string().context("writing the JUnit report")
}
