//! A stand-in for Splunk's HTTP Event Collector: there is no Splunk that a test may start. It wants the token and the
//! path, takes events as the collector's manual says, and keeps them in the order in which they came. It replaces nothing,
//! as Splunk does not.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// The collector's path for events in JSON.
const PATH: &str = "/services/collector/event";

/// A collector on a port of its own; it goes on until the process ends.
#[derive(Debug, Clone)]
pub struct Collector {
    address: String,
    kept: Arc<Kept>,
}

#[derive(Debug)]
struct Kept {
    token: String,
    events: Mutex<Vec<Value>>,
    /// How many requests are still to be answered by "busy".
    busy: AtomicU32,
}

impl Collector {
    /// Starts one that knows this token; its first `busy` requests it turns away, as one that is overloaded does.
    ///
    /// # Panics
    /// If there is no port.
    pub fn start(token: &str, busy: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let kept = Kept { token: token.to_owned(), events: Mutex::default(), busy: busy.into() };
        let collector = Self { address, kept: Arc::new(kept) };
        let kept = collector.kept.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let kept = kept.clone();
                // A client that goes away ends its connection, and nothing else.
                std::thread::spawn(move || kept.serve(connection));
            }
        });
        collector
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What has come, each with what its envelope says, in order.
    ///
    /// # Panics
    /// If a connection's thread has panicked.
    pub fn events(&self) -> Vec<Value> {
        self.kept.events.lock().expect("nobody panics holding it").clone()
    }
}

impl Kept {
    fn serve(&self, connection: TcpStream) -> io::Result<()> {
        let mut answers = connection.try_clone()?;
        let mut requests = BufReader::new(connection);
        while let Some((head, body)) = read_request(&mut requests)? {
            let (status, text) = self.answer(&head, &body);
            write!(answers, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{text}", text.len())?;
        }
        Ok(())
    }

    fn answer(&self, head: &[String], body: &[u8]) -> (&'static str, &'static str) {
        let authorized = head.iter().any(|line| *line == format!("authorization: Splunk {}", self.token));
        if !head[0].starts_with(&format!("POST {PATH} ")) {
            return ("404 Not Found", "");
        }
        if !authorized {
            return ("403 Forbidden", r#"{"text":"Invalid token","code":4}"#);
        }
        let turned_away = |busy: u32| busy.checked_sub(1);
        if self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, turned_away).is_ok() {
            return ("503 Service Unavailable", r#"{"text":"Server is busy","code":9}"#);
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(event) if event["event"].is_object() => {
                self.events.lock().expect("nobody panics holding it").push(event);
                ("200 OK", r#"{"text":"Success","code":0}"#)
            }
            _ => ("400 Bad Request", r#"{"text":"No data","code":5}"#),
        }
    }
}

/// The lines of a request's head, with the names of its headers in small letters, and its body. `None` at the end of the
/// connection.
fn read_request(from: &mut impl BufRead) -> io::Result<Option<(Vec<String>, Vec<u8>)>> {
    let mut head = Vec::new();
    loop {
        let line = read_line(from)?;
        match line {
            None => return Ok(None),
            Some(line) if line.is_empty() => break,
            Some(line) => head.push(match line.split_once(": ") {
                Some((name, value)) if !head.is_empty() => {
                    format!("{}: {}", name.to_ascii_lowercase(), value.trim())
                }
                _ => line,
            }),
        }
    }
    let is_chunked = head.iter().any(|line| line == "transfer-encoding: chunked");
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let body = if is_chunked { read_chunks(from)? } else { read_exactly(from, length.unwrap_or(0))? };
    Ok(Some((head, body)))
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        body.extend(read_exactly(from, size)?);
        read_line(from)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn read_exactly(from: &mut impl BufRead, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = from.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_come_in_pieces() {
        let text = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let (head, body) = read_request(&mut text.as_bytes()).unwrap().unwrap();
        assert_eq!(head[1], "transfer-encoding: chunked");
        assert_eq!(body, b"abcde");
    }
}
