//! A session at work, and what it says.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::testing::Recorder;
use pointcast_api::{Command, DeviceReport, DeviceState, Driver, Fault, Reading, command_queue};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A session at work.
pub(crate) struct Session {
    pub(crate) outlet: Arc<Recorder>,
    pub(crate) stop: CancellationToken,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) ended: JoinHandle<Result<(), Fault>>,
    taken: Cell<usize>,
}

impl Session {
    pub(crate) fn start(driver: &Arc<dyn Driver>) -> Self {
        let (outlet, stop) = (Arc::new(Recorder::default()), CancellationToken::new());
        let (commands, mut inlet) = command_queue();
        let (driver, its_outlet, its_stop) = (driver.clone(), outlet.clone(), stop.clone());
        let ended =
            tokio::spawn(async move { driver.session(&*its_outlet, &mut inlet, its_stop).await });
        Self { outlet, stop, commands, ended, taken: Cell::new(0) }
    }

    pub(crate) async fn online(driver: &Arc<dyn Driver>) -> Self {
        let session = Self::start(driver);
        session.state(DeviceState::Online).await;
        session
    }

    pub(crate) async fn report(
        &self,
        what: &str,
        is_right: impl Fn(&DeviceReport) -> bool,
    ) -> DeviceReport {
        let newest = |outlet: &Recorder| outlet.report_of(0).filter(|report| is_right(report));
        self.outlet.until(what, SOON, newest).await
    }

    pub(crate) async fn state(&self, state: DeviceState) -> DeviceReport {
        self.report(state.as_str(), |report| report.state == state).await
    }

    /// The next batch that was not looked at yet.
    pub(crate) async fn batch(&self) -> Vec<(u32, Reading)> {
        let next = |outlet: &Recorder| outlet.batches().get(self.taken.get()).cloned();
        let batch = self.outlet.until("batch", SOON, next).await;
        self.taken.set(self.taken.get() + 1);
        batch
    }

    pub(crate) async fn fault(self, within: Duration) -> String {
        let ended = timeout(within, self.ended).await.expect("the session ends in time");
        ended.unwrap().unwrap_err().explain()
    }

    pub(crate) async fn finish(self) {
        self.stop.cancel();
        let ended = timeout(Duration::from_secs(1), self.ended).await;
        ended.expect("a stopped session ends within a second").unwrap().unwrap();
    }
}
