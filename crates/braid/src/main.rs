//! The program `braid`.

use std::process::ExitCode;

use braid::cli::Cli;
use braid::config::Faults;
use clap::Parser;

/// An alert is some thirty small allocations, and forgetting one frees them in another order: under the allocator of
/// glibc more than a third of an engine step was spent in it (decision 7).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let result = braid::run_command(&Cli::parse().command);
    match &result {
        // Each of its lines begins with a place that editors can jump to.
        Err(error) if error.is::<Faults>() => braid::tell!("{error}"),
        Err(error) => braid::tell!("braid: {error:#}"),
        Ok(_) => {}
    }
    braid::exit_code(&result)
}
