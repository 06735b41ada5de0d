//! As much of HTTP as a test asks with.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The body.
    pub body: String,
}

/// Asks `http://host:port` for a path.
///
/// # Errors
/// If nobody answers, or what answers does not speak HTTP.
pub fn get(address: &str, path: &str) -> io::Result<Answer> {
    let host = address.strip_prefix("http://").unwrap_or(address);
    let mut connection = TcpStream::connect(host)?;
    connection.set_read_timeout(Some(ANSWER_MAX))?;
    // 1.0 asks for a body that ends with the connection, in one piece.
    write!(connection, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    read(&text).ok_or_else(|| io::Error::other(format!("no HTTP: {text:?}")))
}

fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let code = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { code, body: body.to_owned() })
}

/// The sum of the series of a metric that carry all these labels; 0 if there is none.
pub fn metric(exposition: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let series = exposition.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    let wanted = series.filter(|(set, _)| {
        (set.is_empty() || set.starts_with('{')) && labels.iter().all(|label| set.contains(label.as_str()))
    });
    wanted.filter_map(|(_, value)| value.parse::<f64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_whole_name_and_its_labels() {
        let text =
            "# TYPE a counter\na{reason=\"x\",stage=\"n\"} 2\na{reason=\"y\",stage=\"n\"} 3\na_b 7\nc 5\n";
        assert_eq!(metric(text, "a", &[("reason", "y")]), 3.0);
        assert_eq!(metric(text, "a", &[("stage", "n")]), 5.0);
        assert_eq!(metric(text, "c", &[]), 5.0);
        assert_eq!(metric(text, "a", &[("stage", "m")]), 0.0);
    }

    #[test]
    fn an_answer_has_a_code_and_a_body() {
        let answer = read("HTTP/1.0 503 Service Unavailable\r\na: b\r\n\r\nbody");
        assert_eq!(answer, Some(Answer { code: 503, body: "body".into() }));
    }
}
