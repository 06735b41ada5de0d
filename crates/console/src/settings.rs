use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use subtle::ConstantTimeEq;

/// What the console needs to know.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    /// Where to listen. 127.0.0.1:9464 by default: incidents tell an attacker what is known of the attack, so who wants
    /// them to leave the machine has to say how they are protected.
    pub listen: SocketAddr,
    /// What a request must bring as `Authorization: Bearer …`; health is open without it.
    pub token: Option<Secret>,
    /// Serve HTTPS with these files; else HTTP.
    pub tls: Option<TlsFiles>,
    /// Host names, besides those of the loopback, under which a console without token may be asked on the loopback: a
    /// reverse proxy's, say.
    pub hosts: Vec<Box<str>>,
    /// How many connections there may be at once; further ones are closed unanswered. 256 by default.
    pub connections_max: usize,
    /// How many requests are answered at once, health not counted; further ones get 503. 32 by default.
    pub requests_max: usize,
    /// How large the body of a request may be, in bytes. No route reads one, so 4 KiB by default.
    pub body_bytes_max: u64,
    /// For how long a connection may take over its TLS handshake, and over the head of a request. 10 s by default.
    pub head_wait: Duration,
    /// For how long a request may be worked on. 30 s by default.
    pub answer_wait: Duration,
    /// For how long connections may finish when the console stops. 5 s by default.
    pub drain: Duration,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            token: None,
            tls: None,
            hosts: Vec::new(),
            connections_max: 256,
            requests_max: 32,
            body_bytes_max: 4 << 10,
            head_wait: Duration::from_secs(10),
            answer_wait: Duration::from_secs(30),
            drain: Duration::from_secs(5),
        }
    }
}

/// A certificate chain and its key, each a PEM file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then the ones that it is signed by.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Keeps a secret. White space around it goes: files end in a newline.
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// Whether it is this one. How long that takes says how long the secret is, and nothing else of it.
    pub fn is(&self, presented: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(presented).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Shorter tokens can be tried out.
const TOKEN_CHARACTERS_MIN: usize = 16;

/// Settings with which the console does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// Everybody on the network could read the incidents.
    #[error(
        "the console would listen on {0}, which other machines can reach, without token and without TLS: \
         set http.token or http.tls, or listen on 127.0.0.1"
    )]
    Unprotected(SocketAddr),
    /// The token can be guessed.
    #[error("the console's token has {0} characters; at least {TOKEN_CHARACTERS_MIN} are needed")]
    TokenTooShort(usize),
    /// The token cannot be written into a header.
    #[error("the console's token holds a blank or a character outside ASCII, which no header can carry")]
    TokenUnsendable,
    /// Nobody would ever be answered.
    #[error("{0} of the console is 0, so it would answer nobody")]
    Zero(&'static str),
}

impl ConsoleSettings {
    /// Every fault of these settings; none if the console can start with them. Files are not opened.
    pub fn check(&self) -> Vec<SettingsFault> {
        let unprotected = !self.listen.ip().is_loopback() && self.token.is_none() && self.tls.is_none();
        let mut faults = Vec::new();
        faults.extend(unprotected.then_some(SettingsFault::Unprotected(self.listen)));
        faults.extend(self.token.as_ref().and_then(token_fault));
        faults.extend((self.connections_max == 0).then_some(SettingsFault::Zero("connections_max")));
        faults.extend((self.requests_max == 0).then_some(SettingsFault::Zero("requests_max")));
        faults
    }
}

fn token_fault(token: &Secret) -> Option<SettingsFault> {
    let characters = token.0.chars().count();
    if characters < TOKEN_CHARACTERS_MIN {
        Some(SettingsFault::TokenTooShort(characters))
    } else if !token.0.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some(SettingsFault::TokenUnsendable)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(listen: &str) -> ConsoleSettings {
        let listen = listen.parse().expect("an address");
        ConsoleSettings { listen, ..ConsoleSettings::default() }
    }

    #[test]
    fn what_others_can_reach_needs_a_token_or_tls() {
        assert_eq!(on("127.0.0.1:0").check(), []);
        assert_eq!(on("127.1.2.3:0").check(), []);
        assert_eq!(on("[::1]:0").check(), []);
        for open in ["0.0.0.0:9464", "[::]:9464", "10.0.0.7:9464"] {
            let settings = on(open);
            assert_eq!(settings.check(), [SettingsFault::Unprotected(settings.listen)]);
            let token = Some(Secret::new("0123456789abcdef"));
            assert_eq!(ConsoleSettings { token, ..on(open) }.check(), []);
            let tls = Some(TlsFiles { certificate: "tls.crt".into(), key: "tls.key".into() });
            assert_eq!(ConsoleSettings { tls, ..on(open) }.check(), []);
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let settings =
            ConsoleSettings { token: Some(Secret::new("short")), connections_max: 0, ..on("127.0.0.1:0") };
        assert_eq!(
            settings.check(),
            [SettingsFault::TokenTooShort(5), SettingsFault::Zero("connections_max")]
        );
        let spaced = Some(Secret::new("0123456789 abcdef"));
        assert_eq!(
            ConsoleSettings { token: spaced, ..on("[::1]:0") }.check(),
            [SettingsFault::TokenUnsendable]
        );
    }

    #[test]
    fn a_secret_is_compared_whole_and_never_shown() {
        let secret = Secret::new("0123456789abcdef\n");
        assert!(secret.is(b"0123456789abcdef"));
        for other in [&b"0123456789abcde"[..], b"0123456789abcdef0", b"0123456789abcdeF", b""] {
            assert!(!secret.is(other), "{other:?}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
