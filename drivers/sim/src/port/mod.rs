//! A serial port that is not there: a pseudo terminal (`pty`) behind a lasting name (`link`).
//!
//! [`serve`] keeps it there until it is told to stop; while a device on it is unplugged on demand, name and
//! terminal are gone, as with a USB adapter. Whoever has the `claim` to a name keeps it all the while:
//! nobody else's link is ever replaced.

mod claim;
mod link;
mod pty;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::fault::{Device, Fault, FaultBoard};
use crate::presence::Presence;
use claim::Claim;
use link::Link;

pub(crate) use pty::Pty;

/// Keeps a pseudo terminal linked at `path` and runs `session` on it, until `stop`.
///
/// `present` hears whether it is there. What cannot be made, or is another's, is tried again with growing
/// patience. The link is removed at the end.
///
/// # Cancellation
/// Dropping it removes the link and closes the terminal.
pub(crate) async fn serve<F, S>(
    what: &'static str,
    path: &Path,
    (devices, faults): (&[Device], &FaultBoard),
    stop: &CancellationToken,
    present: impl Fn(Presence<'_, PathBuf>),
    session: F,
) where
    F: Fn(Arc<Pty>) -> S,
    S: Future<Output = std::io::Error>,
{
    let unplugged = |fault: Fault| fault == Fault::Disconnect;
    let keep = async {
        let claim = claim(what, path, &present).await;
        let mut backoff = Backoff::new();
        loop {
            for &device in devices {
                faults.until(device, |fault| !unplugged(fault)).await;
            }
            let opened = Pty::open().and_then(|pty| {
                let link = Link::create(pty.name(), &claim)?;
                Ok((Arc::new(pty), link))
            });
            let error = match opened {
                Ok((pty, link)) => {
                    info!(what, path = %path.display(), terminal = %pty.name().display(), "plugged in");
                    present(Presence::There(path.to_owned()));
                    let ended = tokio::select! {
                        error = session(pty) => Some(error),
                        () = any_of(devices, faults, unplugged) => None,
                    };
                    drop(link);
                    present(Presence::Gone);
                    ended
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                present(Presence::Failed(&error));
                yield_now().await;
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

/// Tries to get the right to `path` until it has it.
async fn claim(what: &'static str, path: &Path, present: &impl Fn(Presence<'_, PathBuf>)) -> Claim {
    let mut backoff = Backoff::new();
    loop {
        match Claim::take(path) {
            Ok(claim) => return claim,
            Err(error) => {
                present(Presence::Failed(&error));
                yield_now().await;
                let wait = backoff.next_wait();
                warn!(what, path = %path.display(), %error, retry_in = ?wait, "failed to claim the port");
                sleep(wait).await;
            }
        }
    }
}

/// Waits until `wanted` says yes to one of the devices' faults.
async fn any_of(devices: &[Device], faults: &FaultBoard, wanted: fn(Fault) -> bool) {
    let waits = devices.iter().map(|&device| Box::pin(faults.until(device, wanted)));
    futures_util::future::select_all(waits).await;
}
