//! What a request passes before a route sees it.
//!
//! ```text
//!   head read in time ─▶ Host ─▶ body announced ─┬─▶ /healthz, /readyz
//!                                                └─▶ token ─▶ room ─▶ time ─▶ every other route
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::problem::Problem;
use crate::{ConsoleSettings, Secret};

/// What the guards ask.
#[derive(Debug)]
pub(crate) struct Guard {
    token: Option<Secret>,
    hosts: Hosts,
    body_bytes_max: u64,
    answer_wait: Duration,
    room: Semaphore,
    https: bool,
}

/// Under which names the console may be asked.
#[derive(Debug)]
enum Hosts {
    /// Any: a token or the network decides.
    Any,
    /// The loopback's, and these. A page of the internet can make a browser on this machine ask 127.0.0.1 by a name of
    /// its own (DNS rebinding), and would get the answer; the name in `Host` gives it away.
    LoopbackAnd(Vec<Box<str>>),
}

impl Guard {
    pub(crate) fn new(settings: &ConsoleSettings) -> Self {
        let by_name = settings.listen.ip().is_loopback() && settings.token.is_none();
        Self {
            token: settings.token.clone(),
            hosts: if by_name { Hosts::LoopbackAnd(settings.hosts.clone()) } else { Hosts::Any },
            body_bytes_max: settings.body_bytes_max,
            answer_wait: settings.answer_wait,
            room: Semaphore::new(settings.requests_max.min(Semaphore::MAX_PERMITS)),
            https: settings.tls.is_some(),
        }
    }
}

impl Hosts {
    fn admits(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::LoopbackAnd(others) => {
                is_loopback(host) || others.iter().any(|other| other.eq_ignore_ascii_case(host))
            }
        }
    }
}

/// `localhost` and names below it (RFC 6761), 127.0.0.0/8 and `::1`.
fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => {
            let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// The name that a request asks for, without the port.
fn host(request: &Request) -> Option<String> {
    if let Some(host) = request.uri().host() {
        return Some(host.to_owned());
    }
    let authority: Authority = request.headers().get(header::HOST)?.to_str().ok()?.parse().ok()?;
    Some(authority.host().to_owned())
}

pub(crate) async fn check_host(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let admitted = match (&guard.hosts, host(&request)) {
        (Hosts::Any, _) => true,
        (hosts, Some(host)) => hosts.admits(&host),
        (_, None) => false,
    };
    if admitted {
        next.run(request).await
    } else {
        let detail = "on the loopback and without a token the console answers to localhost, 127.0.0.1 and [::1], \
                      and to the names in http.hosts";
        Problem::new(StatusCode::MISDIRECTED_REQUEST, detail).into_response()
    }
}

/// No route reads a body, so what is announced decides; a body without a length is never read.
pub(crate) async fn bound_body(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let length = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    if length <= guard.body_bytes_max {
        return next.run(request).await;
    }
    let detail = format!("a body may have {} bytes", guard.body_bytes_max);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response()
}

pub(crate) async fn check_token(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let Some(token) = &guard.token else { return next.run(request).await };
    if bearer(&request).is_some_and(|presented| token.is(presented)) {
        return next.run(request).await;
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "send the token as `Authorization: Bearer …`");
    let mut response = problem.into_response();
    let challenge = HeaderValue::from_static("Bearer realm=\"braid\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn bearer(request: &Request) -> Option<&[u8]> {
    let value = request.headers().get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// Bounds how many requests are worked on at once, and for how long each. A full house is said at once: a scraper
/// comes again, and a queue would only make everybody late.
pub(crate) async fn bound_work(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let Ok(_place) = guard.room.try_acquire() else {
        return busy("as many requests as allowed are being answered; try again");
    };
    match tokio::time::timeout(guard.answer_wait, next.run(request)).await {
        Ok(response) => response,
        Err(_) => busy("the answer took too long; ask for less"),
    }
}

fn busy(detail: &str) -> Response {
    let mut response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// What every answer carries: it is for this client, now, as data; no page may frame or embed it.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(crate) async fn add_headers(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if guard.https {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};

    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tokio::sync::mpsc;
    use tokio::task::spawn_blocking;

    use super::*;

    #[test]
    fn the_loopback_has_several_names_and_an_attacker_none_of_them() {
        for host in ["localhost", "LOCALHOST.", "braid.localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "[::]"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    async fn serve(settings: &ConsoleSettings, routes: Router) -> SocketAddr {
        let guard = Arc::new(Guard::new(settings));
        let routes = routes.layer(from_fn_with_state(guard, bound_work));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    async fn ask(address: SocketAddr) -> String {
        let asked = move || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        spawn_blocking(asked).await.expect("it does not panic").expect("it is answered")
    }

    #[tokio::test]
    async fn a_request_beyond_the_bound_is_told_so_at_once_and_the_others_are_answered() {
        let settings = ConsoleSettings { requests_max: 1, ..ConsoleSettings::default() };
        let (entered, mut entries) = mpsc::unbounded_channel();
        let release = Arc::new(Semaphore::new(0));
        let gate = release.clone();
        let wait = move || async move {
            entered.send(()).expect("the test listens");
            gate.acquire().await.expect("it is never closed").forget();
            "released"
        };
        let address = serve(&settings, Router::new().route("/", get(wait))).await;

        let first = tokio::spawn(ask(address));
        entries.recv().await.expect("the first is being answered");
        let second = ask(address).await;
        assert!(second.starts_with("HTTP/1.1 503") && second.contains("retry-after: 1"), "{second}");
        release.add_permits(2);
        let first = first.await.expect("it does not panic");
        assert!(first.starts_with("HTTP/1.1 200") && first.ends_with("released"), "{first}");
        assert!(ask(address).await.ends_with("released"), "its place is free again");
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_given_up_and_its_place_is_free_again() {
        let answer_wait = Duration::from_millis(5);
        let settings = ConsoleSettings { requests_max: 1, answer_wait, ..ConsoleSettings::default() };
        let never = || async { pending::<&str>().await };
        let address = serve(&settings, Router::new().route("/", get(never))).await;
        for _ in 0..2 {
            let answer = ask(address).await;
            assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("took too long"), "{answer}");
        }
    }
}
