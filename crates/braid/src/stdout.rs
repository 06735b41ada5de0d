//! Standard output, which whoever reads it may close at any time: `head` has enough after some lines.

use std::io::{self, Write};

/// Writes a text. If nobody reads any more, nothing went wrong.
///
/// # Errors
/// If it cannot be written for another reason.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    unless_pipe_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Into::into))
}

/// What became of writing: that nobody reads any more means that we are done, and that nothing went wrong.
///
/// # Errors
/// What it was given, if it is anything else.
pub(crate) fn unless_pipe_closed(written: anyhow::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        written => written,
    }
}
