use std::future::{Ready, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets so many connections in at once. A further one is closed unanswered: what it would cost to tell it why is what
/// is to be saved.
#[derive(Debug, Clone)]
pub(crate) struct Doorkeeper {
    places: Arc<Semaphore>,
}

/// A connection and its place.
#[derive(Debug)]
pub(crate) struct Admitted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl Doorkeeper {
    pub(crate) fn new(connections_max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))) }
    }

    fn admit(&self, stream: TcpStream) -> io::Result<Admitted> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            tracing::debug!("a connection to the console is turned away: as many as allowed are open");
            io::Error::from(io::ErrorKind::ConnectionRefused)
        })?;
        // Answers are written whole, so waiting for more to send would only delay them.
        stream.set_nodelay(true)?;
        Ok(Admitted { stream, _place: place })
    }
}

impl<S> Accept<TcpStream, S> for Doorkeeper {
    type Stream = Admitted;
    type Service = S;
    type Future = Ready<io::Result<(Admitted, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(self.admit(stream).map(|stream| (stream, service)))
    }
}

impl AsyncRead for Admitted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Admitted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
