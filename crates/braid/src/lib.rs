//! The binary's parts: configuration, command line, wiring. `main.rs` only calls [`run_command`].
//!
//! It decides nothing about alerts: the formats are `braid-wire`'s, correlation `braid-engine`'s, the loop
//! `braid-runtime`'s and Kafka `braid-kafka`'s. Here is what an operator touches.
//!
//! Start with [`cli::Cli`] and [`config::Config`].

// `println!` and `eprintln!` panic when whoever reads them has enough: `stdout` and `stderr` are the ways out.
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
pub mod stderr;

pub mod cli;
pub mod config;
pub mod logging;
pub mod schema_registry;
pub mod topology;

mod api;
mod audit;
mod decode;
mod demo;
mod dlq;
mod dump;
mod evaluate;
mod explain;
mod init;
mod outcome;
mod paint;
mod remote;
mod replay;
mod rules;
mod run;
mod simulate;
mod status;
mod stdout;
mod table;
mod test_cases;
mod topics;
mod validate;
mod wording;

use cli::Command;

pub use outcome::{Outcome, exit_code};

/// Does what the command line says.
///
/// # Errors
/// A [`config::Faults`] if the configuration is wrong, else whatever kept the command from being done; [`exit_code`]
/// tells them apart.
pub fn run_command(command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Validate(arguments) => validate::run(arguments),
        Command::Topics(arguments) => topics::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Decode(arguments) => decode::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Test(arguments) => test_cases::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Dump(arguments) => dump::run(arguments),
        Command::Dlq(arguments) => dlq::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Audit(arguments) => audit::run(arguments),
    }
}
