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
    exchange(address, &format!("GET {path} HTTP/1.0\r\n"), "")
}

/// Sends JSON to a path of `http://host:port`, by POST or PUT.
///
/// # Errors
/// As [`get`].
pub fn send_json(method: &str, address: &str, path: &str, json: &str) -> io::Result<Answer> {
    let head = format!(
        "{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        json.len()
    );
    exchange(address, &head, json)
}

/// 1.0 asks for a body that ends with the connection, in one piece.
fn exchange(address: &str, head: &str, body: &str) -> io::Result<Answer> {
    let host = address.strip_prefix("http://").unwrap_or(address);
    let mut connection = TcpStream::connect(host)?;
    connection.set_read_timeout(Some(ANSWER_MAX))?;
    write!(connection, "{head}Host: {host}\r\nConnection: close\r\n\r\n{body}")?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    read(&text).ok_or_else(|| io::Error::other(format!("no HTTP: {text:?}")))
}

fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let code = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let in_chunks = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
    Some(Answer { code, body: if in_chunks { joined(body)? } else { body.to_owned() } })
}

/// A body that came in pieces, each after its length; some servers send one even if asked not to.
fn joined(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, more) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(more.get(..length)?);
        rest = more.get(length..)?.strip_prefix("\r\n")?;
    }
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
        let answer =
            read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n");
        assert_eq!(answer, Some(Answer { code: 200, body: "body".into() }));
    }
}
