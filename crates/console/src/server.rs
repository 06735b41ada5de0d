use std::future::{Future, pending};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use braid_runtime::hot_index::HotIndex;
use braid_runtime::integrations::IntegrationReport;
use braid_runtime::metrics::Metrics;
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::connections::Doorkeeper;
use crate::guard::Guard;
use crate::routes::{self, Sources};
use crate::{ConsoleSettings, SettingsFault, TlsFiles};

/// A request's head may have this many bytes; an entity's name of 1,024 characters, percent-encoded, fits.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// The HTTP server, before it has an address.
#[derive(Debug)]
pub struct Console;

/// The HTTP server with its address: connections wait in the system's queue until it serves.
#[derive(Debug)]
pub struct BoundConsole {
    settings: ConsoleSettings,
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    routes: Router,
}

/// Why the console cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindFault {
    /// The settings do not go; the first of [`ConsoleSettings::check`]'s faults.
    #[error(transparent)]
    Settings(#[from] SettingsFault),
    /// The address cannot be had.
    #[error("the console cannot listen on {listen}: {error}")]
    Listen {
        /// Which.
        listen: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// A PEM file cannot be read.
    #[error("the console cannot read {}: {error}", file.display())]
    Pem {
        /// Which.
        file: PathBuf,
        /// Why.
        error: pem::Error,
    },
    /// Certificate and key do not go together, or are of a kind that is not supported.
    #[error("the console cannot use certificate {} with key {}: {error}", files.certificate.display(), files.key.display())]
    Certificate {
        /// Which.
        files: TlsFiles,
        /// Why.
        error: rustls::Error,
    },
}

impl Console {
    /// Takes the address, and reads the TLS files if there are any. `unready` says why the process is not ready to
    /// work; nothing, if it is. `integrations` says how each of them is.
    ///
    /// # Errors
    /// [`BindFault`]: the settings leave the incidents open to the network, the address is taken, a file does not go.
    pub fn bind(
        settings: ConsoleSettings,
        index: Arc<HotIndex>,
        metrics: Arc<Metrics>,
        integrations: impl Fn() -> IntegrationReport + Send + Sync + 'static,
        unready: impl Fn() -> Vec<String> + Send + Sync + 'static,
    ) -> Result<BoundConsole, BindFault> {
        if let Some(fault) = settings.check().into_iter().next() {
            return Err(fault.into());
        }
        let tls = settings.tls.as_ref().map(read_tls).transpose()?;
        let refused = |error| BindFault::Listen { listen: settings.listen, error };
        let listener = TcpListener::bind(settings.listen).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        warn_of_half_protection(&settings);
        let sources =
            Sources { index, metrics, integrations: Box::new(integrations), unready: Box::new(unready) };
        let routes = routes::routes(Arc::new(sources), Arc::new(Guard::new(&settings)));
        Ok(BoundConsole { settings, listener, tls, routes })
    }
}

impl BoundConsole {
    /// Where it listens: with port 0 in the settings, the port that it was given.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `shutdown` is done; then takes no more connections, and lets those that are being
    /// answered finish for as long as the settings' `drain` says. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// What the system says of the listening socket.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let handle = Handle::new();
        let drain = self.settings.drain;
        let stop = async {
            shutdown.await;
            handle.graceful_shutdown(Some(drain));
            pending::<()>().await;
        };
        tokio::select! {
            served = self.answer(handle.clone()) => served,
            () = stop => Ok(()),
        }
    }

    async fn answer(self, handle: Handle<SocketAddr>) -> io::Result<()> {
        let server = axum_server::from_tcp(self.listener)?.handle(handle);
        let doorkeeper = Doorkeeper::new(self.settings.connections_max);
        match self.tls {
            None => run(server.acceptor(doorkeeper), &self.settings, self.routes).await,
            Some(config) => {
                let acceptor = RustlsAcceptor::new(config).handshake_timeout(self.settings.head_wait);
                run(server.acceptor(acceptor.acceptor(doorkeeper)), &self.settings, self.routes).await
            }
        }
    }
}

async fn run<A>(
    mut server: axum_server::Server<SocketAddr, A>,
    settings: &ConsoleSettings,
    routes: Router,
) -> io::Result<()>
where
    A: Accept<tokio::net::TcpStream, Router> + Clone + Send + Sync + 'static,
    A::Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    A::Service: axum_server::service::SendService<axum::http::Request<hyper::body::Incoming>> + Send,
    A::Future: Send,
{
    // Not before the acceptor is set, for that forgets it; and without it the wait for the first byte has no end.
    server = server.http1_only();
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_wait)
        .max_buf_size(HEAD_BYTES_MAX);
    server.serve(routes.into_make_service()).await
}

/// HTTP/1.1 alone is offered: its one request at a time is what makes the bound on connections one on work.
fn read_tls(files: &TlsFiles) -> Result<RustlsConfig, BindFault> {
    let unreadable = |file: &PathBuf| {
        let file = file.clone();
        move |error| BindFault::Pem { file, error }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    let unusable = |error| BindFault::Certificate { files: files.clone(), error };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

fn warn_of_half_protection(settings: &ConsoleSettings) {
    if settings.listen.ip().is_loopback() {
        return;
    }
    let listen = settings.listen;
    if settings.token.is_none() {
        tracing::warn!(%listen, "the console has TLS and no token: whoever can reach it can read every incident");
    } else if settings.tls.is_none() {
        tracing::warn!(%listen, "the console has a token and no TLS: whoever can listen on the way can read it");
    }
}
