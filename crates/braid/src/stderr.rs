//! Standard error, which may be closed before we have said all: then nobody is left to be told, and the exit code says how
//! it ended.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Writes a line to standard error.
pub fn line(text: Arguments<'_>) {
    let written = io::stderr().lock().write_fmt(format_args!("{text}\n"));
    drop(written);
}

/// Says something on standard error, as `eprintln!` does.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => {
        $crate::stderr::line(format_args!($($text)*))
    };
}
