//! HTTP/2 on one connection (RFC 9113), in clear text by prior knowledge.
//!
//! Many requests share the connection, so none can be handed over: a stream is answered as a body. Everything a client
//! could make grow has a bound here.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::header::{HOST, HeaderValue};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, sleep_until};
use tracing::debug;

use super::Peer;
use super::connection::{First, HEAD_BYTES, Service};
use super::patience::{Patience, Pieces};

/// Requests that one connection may have open. RFC 9113 (section 6.5.2) advises no less.
const STREAMS: u32 = 100;

/// Bytes of a request's body, and of all bodies on a connection, that a client may send before they are read.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;

/// Largest frame a client may send: the least that may be asked for.
const FRAME_BYTES: u32 = 16 * 1024;

/// Bytes of one answer that wait for the client's window.
const SEND_BUFFER_BYTES: usize = 16 * 1024;

/// Requests that a client may take back before they were looked at, and that may end by its errors.
const RESETS: usize = 20;
const LOCAL_RESETS: usize = 64;

/// A client from which nothing came for so long is asked whether it is there, and has so long to say so: together less than
/// the 30 s within which a vanished one is to be gone. Where what is on its way holds up the question, and hyper's farewell,
/// the kernel ends the connection: see [`super::super::socket::prepare`].
const PING_AFTER: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(19);

tokio::task_local! {
    /// Of the request that is being served.
    static PATIENCE: Patience;
}

impl Service {
    /// Serves requests until the client leaves, has asked for nothing for a while, or the gateway stops.
    pub(super) async fn http2(
        &self,
        stream: &mut TcpStream,
        first: &First,
        peer: Peer,
    ) -> hyper::Result<()> {
        let service = service_fn(|request| answer(self.clone(), request, peer));
        let streams = Streams::within(self.limits.write_timeout);
        let mut lent = pin!(self.lend(stream, first));
        let served = http2::Builder::new(streams.clone())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES)
            .max_header_list_size(HEAD_BYTES)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(LOCAL_RESETS)
            .keep_alive_interval(PING_AFTER)
            .keep_alive_timeout(PING_TIMEOUT)
            .serve_connection(TokioIo::new(lent.as_mut()), service);
        let mut served = pin!(served);
        let idle = self.limits.header_timeout;
        let mut looks = interval_at(Instant::now() + idle, idle);
        let (mut stopping, mut cut_at, mut begun) = (false, None, 0);
        loop {
            // Every arm is cancel-safe: the connection keeps its place in what it does, and times stay.
            tokio::select! {
                ended = served.as_mut() => return ended,
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    served.as_mut().graceful_shutdown();
                }
                _ = looks.tick(), if !stopping => {
                    let before = std::mem::replace(&mut begun, streams.begun.load(Ordering::Relaxed));
                    if streams.open.load(Ordering::Relaxed) == 0 && begun == before {
                        stopping = true;
                        served.as_mut().graceful_shutdown();
                        // What it never took of its answers is not worth more waiting.
                        cut_at = Some(Instant::now() + self.limits.write_timeout);
                    }
                }
                () = until(cut_at) => return Ok(()),
            }
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

async fn answer(
    service: Service,
    mut request: hyper::Request<Incoming>,
    peer: Peer,
) -> Result<hyper::Response<Pieces>, std::convert::Infallible> {
    // What names the gateway has another place here (RFC 9113, section 8.3.1).
    if !request.headers().contains_key(HOST)
        && let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
    let patience = PATIENCE.try_with(Patience::clone).unwrap_or_default();
    let response = service.call(request, peer).await?;
    Ok(response.map(|body| Pieces::new(body, patience)))
}

/// Runs the connection's requests, each in a task of its own that ends with its connection at the latest.
#[derive(Clone)]
struct Streams {
    open: Arc<AtomicUsize>,
    begun: Arc<AtomicUsize>,
    /// How long a reader may take nothing.
    patience: Duration,
}

impl Streams {
    fn within(patience: Duration) -> Self {
        Self { open: Arc::default(), begun: Arc::default(), patience }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let open = Open::one_of(&self.open);
        let bound = self.patience;
        TokioExecutor::new().execute(async move {
            let patience = Patience::default();
            // Neither arm goes on after the other ended.
            tokio::select! {
                () = PATIENCE.scope(patience.clone(), stream) => {}
                () = patience.lost(bound) => debug!("a reader that took nothing lost its stream"),
            }
            drop(open);
        });
    }
}

/// Counts a request as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn one_of(all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(all))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
