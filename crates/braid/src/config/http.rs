use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use braid_console::{ConsoleSettings, TlsFiles};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;
use super::reference::Plain;
use super::secret::SecretError;

/// The HTTP server: the API, health and metrics.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Whether there is one.
    pub enabled: bool,
    /// Where it listens. On anything but the loopback it needs `token` or `tls`, since incidents name people; both is
    /// better.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// What a request must carry as `Authorization: Bearer …`: `{ file = "…" }` or `{ env = "…" }`, 16 characters at
    /// least. Health answers without it.
    #[schemars(example = Plain::table([("file", "/run/secrets/braid-token".into())]))]
    pub token: Option<Secret>,
    /// Host names under which it may be asked without a token on the loopback, besides those of the loopback itself: a
    /// reverse proxy's, say. Any other name is refused, so that no page in a browser can ask in its user's place.
    pub hosts: Vec<String>,
    /// A certificate to serve TLS with.
    pub tls: Option<Tls>,
}

/// A certificate to serve TLS with.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// A PEM file with the certificate, those of the authorities between behind it. Required.
    #[schemars(example = &"/etc/braid/tls.crt")]
    pub cert: PathBuf,
    /// A PEM file with its private key. Required.
    #[schemars(example = &"/etc/braid/tls.key")]
    pub key: PathBuf,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            token: None,
            hosts: Vec::new(),
            tls: None,
        }
    }
}

impl Http {
    /// As the console has it, the token read now.
    ///
    /// # Errors
    /// If the token cannot be had.
    pub fn console(&self) -> Result<ConsoleSettings, SecretError> {
        let token = self.token.as_ref().map(Secret::reveal).transpose()?;
        let tls = self.tls.as_ref();
        Ok(ConsoleSettings {
            listen: self.listen,
            token: token.map(|token| braid_console::Secret::new(&token)),
            tls: tls.map(|tls| TlsFiles { certificate: tls.cert.clone(), key: tls.key.clone() }),
            hosts: self.hosts.iter().map(|host| host.as_str().into()).collect(),
            ..ConsoleSettings::default()
        })
    }
}
