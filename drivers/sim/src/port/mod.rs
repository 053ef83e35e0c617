//! A serial port that is not there: a pseudo terminal (`pty`) behind a lasting name (`link`).
//!
//! [`serve`] keeps it there until it is told to stop; while a device on it is unplugged on demand, name and
//! terminal are gone, as with a USB adapter.

mod link;
mod pty;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::fault::{Device, Fault, FaultBoard};
use link::Link;

pub(crate) use pty::Pty;

/// Keeps a pseudo terminal linked at `path` and runs `session` on it, until `stop`.
///
/// `present` hears whether it is there. What cannot be made is tried again with growing patience. The
/// link is removed at the end.
///
/// # Cancellation
/// Dropping it removes the link and closes the terminal.
pub(crate) async fn serve<F, S>(
    what: &'static str,
    path: &Path,
    (devices, faults): (&[Device], &FaultBoard),
    stop: &CancellationToken,
    present: impl Fn(Option<PathBuf>),
    session: F,
) where
    F: Fn(Arc<Pty>) -> S,
    S: Future<Output = std::io::Error>,
{
    let unplugged = |fault: Fault| fault == Fault::Disconnect;
    let keep = async {
        let mut backoff = Backoff::new();
        loop {
            for &device in devices {
                faults.until(device, |fault| !unplugged(fault)).await;
            }
            let opened = Pty::open().and_then(|pty| {
                let link = Link::create(pty.name(), path)?;
                Ok((Arc::new(pty), link))
            });
            let error = match opened {
                Ok((pty, link)) => {
                    info!(what, path = %path.display(), terminal = %pty.name().display(), "plugged in");
                    present(Some(path.to_owned()));
                    let ended = tokio::select! {
                        error = session(pty) => Some(error),
                        () = any_of(devices, faults, unplugged) => None,
                    };
                    drop(link);
                    present(None);
                    ended
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                let wait = backoff.next_wait();
                warn!(what, path = %path.display(), %error, retry_in = ?wait, "failed to keep the port");
                sleep(wait).await;
            } else {
                info!(what, path = %path.display(), "unplugged on demand");
                backoff = Backoff::new();
            }
        }
    };
    let _stopped: Option<()> = stop.run_until_cancelled(keep).await;
}

/// Waits until `wanted` says yes to one of the devices' faults.
async fn any_of(devices: &[Device], faults: &FaultBoard, wanted: fn(Fault) -> bool) {
    let waits = devices.iter().map(|&device| Box::pin(faults.until(device, wanted)));
    futures_util::future::select_all(waits).await;
}
