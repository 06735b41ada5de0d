//! What braid says about itself: readable on a terminal, a JSON object a line elsewhere, always on standard error, for
//! standard output belongs to what a command was asked for.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogFormat};

/// Begins to log. `RUST_LOG` goes before the configured level. To be called once; later calls change nothing.
///
/// # Errors
/// If `RUST_LOG` or the level is no filter.
pub fn start(log: &Log) -> Result<(), ParseError> {
    let directives = std::env::var("RUST_LOG").ok().filter(|directives| !directives.is_empty());
    let filter = EnvFilter::try_new(directives.as_deref().unwrap_or(&log.level))?;
    let is_terminal = std::io::stderr().is_terminal();
    let subscriber = subscriber(filter, is_json(log.format, is_terminal), is_terminal, std::io::stderr);
    // The only reason to fail is that somebody has begun before.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

fn is_json(format: LogFormat, is_terminal: bool) -> bool {
    match format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    }
}

fn subscriber(
    filter: EnvFilter,
    json: bool,
    colours: bool,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> Box<dyn Subscriber + Send + Sync> {
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    if json {
        Box::new(lines.json().flatten_event(true).with_current_span(true).with_span_list(false).finish())
    } else {
        Box::new(lines.with_ansi(colours).with_target(false).finish())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = subscriber(EnvFilter::new("info"), json, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(partition = 3, "restored");
            tracing::debug!("hidden by the level");
        });
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_machine_gets_one_object_a_line() {
        let line = logged(true);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(
            line.starts_with('{')
                && line.contains(r#""partition":3"#)
                && line.contains(r#""message":"restored""#)
        );
    }

    #[test]
    fn a_person_gets_a_sentence() {
        let line = logged(false);
        assert!(line.contains("INFO restored partition=3") && !line.contains("hidden"), "{line}");
    }

    #[test]
    fn the_form_follows_the_reader_unless_it_is_said() {
        assert!(is_json(LogFormat::Auto, false) && !is_json(LogFormat::Auto, true));
        assert!(is_json(LogFormat::Json, true) && !is_json(LogFormat::Text, false));
    }
}
