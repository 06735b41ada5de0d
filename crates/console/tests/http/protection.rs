//! Who may ask, how much, and for how long.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{PATIENCE, Running, no_integrations, read_answer, run, run_with, settings};
use braid_console::{BindFault, Console, ConsoleSettings, Secret, SettingsFault};
use braid_runtime::hot_index::HotIndex;
use braid_runtime::metrics::Metrics;

const TOKEN: &str = "7f2c9d51b0e84a66";

fn with_token() -> Running {
    run_with(ConsoleSettings { token: Some(Secret::new(TOKEN)), ..settings() }, Vec::new)
}

#[test]
fn what_others_can_reach_is_not_opened_without_protection() {
    let listen = "0.0.0.0:0".parse().expect("an address");
    let settings = ConsoleSettings { listen, ..settings() };
    let metrics = Arc::new(Metrics::new([], []));
    let fault = Console::bind(settings, Arc::new(HotIndex::new()), metrics, no_integrations, Vec::new)
        .expect_err("it is open");
    assert!(matches!(fault, BindFault::Settings(SettingsFault::Unprotected(at)) if at == listen), "{fault}");
    assert!(fault.to_string().contains("set http.token or http.tls"), "{fault}");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let console = run();
    let settings = ConsoleSettings { listen: console.address, ..settings() };
    let metrics = Arc::new(Metrics::new([], []));
    let fault = Console::bind(settings, Arc::new(HotIndex::new()), metrics, no_integrations, Vec::new)
        .expect_err("it is taken");
    assert!(fault.to_string().starts_with(&format!("the console cannot listen on {}", console.address)));
}

#[test]
fn with_a_token_set_everything_but_health_needs_it() {
    let console = with_token();
    for path in ["/", "/metrics", "/api/incidents", "/api/entities/x", "/no/such/route"] {
        let bare = console.get(path);
        assert_eq!(bare.status, 401, "{path}");
        assert_eq!(bare.header("www-authenticate"), Some("Bearer realm=\"braid\""));
        bare.problem();
    }
    assert_eq!((console.get("/healthz").status, console.get("/readyz").status), (200, 200));
}

#[test]
fn only_the_token_itself_opens() {
    let console = with_token();
    let ask = |authorization: &str| {
        console.ask("GET", "/metrics", &[("host", "braid.example"), ("authorization", authorization)]).status
    };
    assert_eq!(ask(&format!("Bearer {TOKEN}")), 200);
    assert_eq!(ask(&format!("bearer  {TOKEN}")), 200);
    for wrong in [
        "Bearer ".to_owned(),
        format!("Bearer {TOKEN}0"),
        format!("Bearer {}", &TOKEN[1..]),
        format!("Bearer {}", TOKEN.to_uppercase()),
        format!("Basic {TOKEN}"),
        TOKEN.to_owned(),
    ] {
        assert_eq!(ask(&wrong), 401, "{wrong}");
    }
}

#[test]
fn on_the_loopback_a_foreign_host_name_is_turned_away() {
    let hosts = vec!["Braid.Example".into()];
    let console = run_with(ConsoleSettings { hosts, ..settings() }, Vec::new);
    let ask = |host: &str| console.ask("GET", "/api/incidents", &[("host", host)]).status;
    for host in ["localhost", "localhost:8080", "127.0.0.1:9464", "[::1]:9464", "braid.example:443"] {
        assert_eq!(ask(host), 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example:9464", "localhost@evil.example", ""] {
        assert_eq!(ask(host), 421, "{host}");
    }
    assert_eq!(console.ask("GET", "/readyz", &[("host", "evil.example")]).status, 421);
    assert_eq!(console.ask("GET", "/", &[]).status, 421, "no host at all");
    assert_eq!(console.ask("GET", "http://evil.example/", &[("host", "localhost")]).status, 421);
}

#[test]
fn every_answer_tells_the_browser_to_be_careful() {
    let console = run();
    for (path, status) in [("/healthz", 200), ("/no/such/route", 404)] {
        let answer = console.get(path);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, Some("default-src 'none'; frame-ancestors 'none'"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("strict-transport-security"), None, "it is not HTTPS");
    }
    assert_eq!(console.ask("GET", "/", &[("host", "evil.example")]).header("x-frame-options"), Some("DENY"));
}

#[test]
fn a_large_body_is_refused_by_what_it_announces() {
    let console = run();
    let host = console.address.to_string();
    let answer = console.ask("POST", "/api/incidents", &[("host", &host), ("content-length", "4097")]);
    assert_eq!(answer.status, 413);
    assert!(answer.problem().contains("4096 bytes"));
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let console = run();
    let mut stream = console.connect();
    let name = "x".repeat(40_000);
    // The server closes with bytes unread, so the connection may end in a reset, at either end.
    let _ = write!(stream, "GET /api/entities/{name} HTTP/1.1\r\nhost: localhost\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || [414, 431].contains(&read_answer(&answer).status), "{answer:?}");
    assert_eq!(console.get("/healthz").status, 200);
}

#[test]
fn a_connection_that_does_not_get_on_is_closed() {
    let head_wait = Duration::from_millis(50);
    let console = run_with(ConsoleSettings { head_wait, ..settings() }, Vec::new);
    for begun in ["", "GET /metrics HTTP/1.1\r\nhost: local"] {
        let mut stream = console.connect();
        stream.write_all(begun.as_bytes()).expect("it is sent");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("it is closed before patience ends");
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{begun:?}");
    }
}

fn ask_and_keep(stream: &mut TcpStream) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it is sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"alive\"}") {
        let mut some = [0; 512];
        let read = stream.read(&mut some).expect("it is answered");
        assert_ne!(read, 0, "the connection is kept");
        answer.extend_from_slice(&some[..read]);
    }
}

#[test]
fn connections_beyond_the_bound_are_closed_and_the_others_go_on() {
    let console = run_with(ConsoleSettings { connections_max: 1, ..settings() }, Vec::new);
    let mut first = console.connect();
    ask_and_keep(&mut first);
    let mut second = console.connect();
    let mut nothing = Vec::new();
    let read = second.read_to_end(&mut nothing);
    assert!(nothing.is_empty(), "{read:?} {nothing:?}");
    ask_and_keep(&mut first);
}

#[test]
fn a_stop_ends_idle_connections_and_takes_no_new_ones() {
    let console = run();
    let address = console.address;
    let mut idle = console.connect();
    ask_and_keep(&mut idle);
    console.stop().expect("it ends well");
    assert_eq!(idle.read(&mut [0; 1]).expect("it is closed in order"), 0);
    assert!(TcpStream::connect_timeout(&address, PATIENCE).is_err());
}
