use std::process::ExitCode;

use crate::config::Faults;

/// How a command that could be done has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All went well.
    Done,
    /// Something was refused, or is not as needed; standard error says what.
    Refused,
    /// What was compared differs.
    Differs,
}

/// The exit code, as `braid --help` documents it.
pub fn exit_code(result: &anyhow::Result<Outcome>) -> ExitCode {
    ExitCode::from(number(result))
}

fn number(result: &anyhow::Result<Outcome>) -> u8 {
    match result {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Refused | Outcome::Differs) => 1,
        Err(error) if error.is::<Faults>() => 2,
        Err(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn a_script_can_tell_what_happened() {
        let faults = Config::parse(Path::new("braid.toml"), "x = 1", []).unwrap_err();
        let ends =
            [Ok(Outcome::Done), Ok(Outcome::Refused), Err(faults.into()), Err(anyhow::anyhow!("no broker"))];
        assert_eq!(ends.map(|end| number(&end)), [0, 1, 2, 3]);
    }
}
