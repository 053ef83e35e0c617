//! Ctrl-C, SIGTERM, and SIGHUP of a terminal that is gone: the first asks to stop, the second stops at once.

use std::convert::Infallible;
use std::io;
use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that end the program, listened for from now on.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl StopSignals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's, when it will not deliver signals.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next of them.
    ///
    /// # Cancellation
    /// Safe: a signal that came is seen by the next call.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }

    /// At the first signal calls `first` and cancels `stop`; ends the process at the second. Never returns:
    /// race it with the work that `stop` ends.
    pub(super) async fn watch(
        mut self,
        stop: CancellationToken,
        first: impl FnOnce(),
    ) -> Infallible {
        self.next().await;
        first();
        stop.cancel();
        self.next().await;
        exit(i32::from(super::FAILED));
    }
}
