//! One request over one connection: HTTP/1.1 without TLS.

use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderName, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::target::Target;

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long the head of an answer, or a whole small one, may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why a request came to nothing. Another try may work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// Nobody listens there, or no way leads there.
    #[error("cannot connect: {0}")]
    Connect(#[source] std::io::Error),
    /// The other side broke off or spoke something else than HTTP.
    #[error("the connection broke: {0}")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no {0} within {wait} s", wait = ANSWER_WITHIN.as_secs())]
    Late(&'static str),
    /// The request itself cannot be put together.
    #[error("cannot be asked: {0}")]
    Request(#[from] hyper::http::Error),
}

/// Sends `GET path` with `headers` and hands the answer to `take`, which may read it as long as it likes.
///
/// # Errors
/// [`Lost`], before there is an answer.
///
/// # Cancellation
/// Safe: the connection goes with the future.
pub(super) async fn get<T>(
    target: &Target,
    path: &str,
    headers: &[(HeaderName, &str)],
    take: impl AsyncFnOnce(Response<Incoming>) -> T,
) -> Result<T, Lost> {
    let address = (target.host.as_str(), target.port);
    let socket = timeout(CONNECT_WITHIN, TcpStream::connect(address))
        .await
        .map_err(|_| Lost::Late("connection"))?
        .map_err(Lost::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    let agent = concat!("pointcast-watch/", env!("CARGO_PKG_VERSION"));
    let mut request = Request::get(path).header(HOST, &target.authority).header(USER_AGENT, agent);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Empty::<Bytes>::new())?;
    let work = async {
        let answer = timeout(ANSWER_WITHIN, sender.send_request(request)).await;
        Ok(take(answer.map_err(|_| Lost::Late("answer"))??).await)
    };
    let (mut work, connection) = (pin!(work), pin!(connection));
    tokio::select! {
        done = &mut work => done,
        // The other side closed; what came before is still to be read, and ends by itself.
        _closed = connection => work.await,
    }
}

/// A whole body of at most `most_bytes`, or what kept it from coming.
pub(super) async fn whole(body: Incoming, most_bytes: usize) -> Result<Bytes, String> {
    match timeout(ANSWER_WITHIN, Limited::new(body, most_bytes).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(Lost::Late("answer").to_string()),
    }
}
