//! Runs a driver's sessions one after the other: a lost channel, or a panicking driver, costs its own points
//! until its next session, and nothing else.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use pointcast_api::{Driver, Fault, Inlet, Outlet, Refused, UnixMs};
use rand::Rng as _;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The first wait after a lost session.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between two sessions: a device that is back is seen within so long, and one connection in
/// that time costs nobody anything.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A session that lasted this long was a good one: patience starts anew.
const GOOD_SESSION: Duration = Duration::from_secs(30);

/// How long a session may take to end once it was told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// What the supervisor needs of an outlet beyond what a driver needs.
pub trait ChannelEnd: Outlet {
    /// The whole channel is lost, for this reason.
    fn lose(&self, why: &str, time: UnixMs);
}

/// Runs sessions of `driver` until `stop`.
pub async fn supervise(
    channel: &str,
    driver: &dyn Driver,
    outlet: &dyn ChannelEnd,
    mut inlet: Inlet,
    stop: CancellationToken,
) {
    let mut patience = Patience::default();
    let mut told = String::new();
    while !stop.is_cancelled() {
        let started = Instant::now();
        let why = match run_session(driver, outlet, &mut inlet, &stop).await {
            Ended::Stopped => return,
            Ended::Lost(fault) => fault.explain(),
            Ended::Early => "the driver ended its session without being told to".to_owned(),
            Ended::Panicked => "the driver panicked; this is a defect of the driver".to_owned(),
        };
        outlet.lose(&why, UnixMs::now());
        let wait = patience.after(started.elapsed());
        // Once for each new reason: a device that is away for days fills no log.
        if why != told {
            warn!(channel, error = %why, "channel lost, trying again");
            told = why;
        }
        let over = Instant::now() + wait;
        while Instant::now() < over && !stop.is_cancelled() {
            inlet.refuse_all(&Refused::Unreachable);
            let nap = over.saturating_duration_since(Instant::now()).min(STOP_WITHIN);
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(nap) => {}
            }
        }
    }
}

enum Ended {
    Stopped,
    Lost(Fault),
    Early,
    Panicked,
}

async fn run_session(
    driver: &dyn Driver,
    outlet: &dyn ChannelEnd,
    inlet: &mut Inlet,
    stop: &CancellationToken,
) -> Ended {
    // Within the caught future, because a driver can panic before it has made one.
    let session = async { driver.session(outlet, inlet, stop.clone()).await };
    let session = AssertUnwindSafe(session).catch_unwind();
    let mut session = std::pin::pin!(session);
    let ended = tokio::select! {
        ended = &mut session => ended,
        () = stop.cancelled() => {
            if timeout(STOP_WITHIN, &mut session).await.is_err() {
                info!("a session did not stop in time and was dropped");
            }
            return Ended::Stopped;
        }
    };
    match ended {
        Ok(Ok(())) if stop.is_cancelled() => Ended::Stopped,
        Ok(Ok(())) => Ended::Early,
        Ok(Err(fault)) => Ended::Lost(fault),
        Err(_) => {
            error!("a driver panicked");
            Ended::Panicked
        }
    }
}

/// How long to wait before the next session: doubling, spread, and starting anew after a good one.
#[derive(Debug, Default)]
struct Patience {
    failures: u32,
}

impl Patience {
    fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= GOOD_SESSION {
            self.failures = 0;
        }
        let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        doubled.mul_f64(rand::rng().random_range(0.75..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pointcast_api::{
        DeviceDeclaration, DeviceIndex, DeviceReport, Failure, PlannedRequest, PointDeclaration,
        Sample, SessionFuture, command_queue,
    };
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Outlet for Heard {
        fn put(&self, _: &[Sample]) {}
        fn fail_device(&self, _: DeviceIndex, _: Failure, _: UnixMs) {}
        fn report(&self, _: DeviceIndex, _: DeviceReport) {}
    }

    impl ChannelEnd for Heard {
        fn lose(&self, why: &str, _: UnixMs) {
            self.0.lock().unwrap().push(why.to_owned());
        }
    }

    /// A driver whose sessions fault, panic, panic before they begin, end early, and at last run.
    #[derive(Default)]
    struct Moody(AtomicUsize);

    impl Driver for Moody {
        fn devices(&self) -> &[DeviceDeclaration] {
            &[]
        }
        fn points(&self) -> &[PointDeclaration] {
            &[]
        }
        fn plan(&self) -> Vec<PlannedRequest> {
            Vec::new()
        }
        fn session<'a>(
            &'a self,
            _: &'a dyn Outlet,
            _: &'a mut Inlet,
            stop: CancellationToken,
        ) -> SessionFuture<'a> {
            let turn = self.0.fetch_add(1, Ordering::SeqCst);
            assert_ne!(turn, 2, "on purpose");
            Box::pin(async move {
                match turn {
                    0 => Err(Fault::new("open it", std::io::Error::other("not there"))),
                    1 => panic!("on purpose"),
                    3 => Ok(()),
                    _ => {
                        stop.cancelled().await;
                        Ok(())
                    }
                }
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_end_is_told_and_followed_by_a_new_session() {
        let (heard, driver, stop) = (Heard::default(), Moody::default(), CancellationToken::new());
        let (_sender, inlet) = command_queue();
        let run = supervise("c", &driver, &heard, inlet, stop.clone());
        let end = async {
            while driver.0.load(Ordering::SeqCst) < 5 {
                sleep(Duration::from_millis(10)).await;
            }
            stop.cancel();
        };
        tokio::join!(run, end);
        let heard = heard.0.into_inner().unwrap();
        assert_eq!(
            heard,
            [
                "failed to open it: not there",
                "the driver panicked; this is a defect of the driver",
                "the driver panicked; this is a defect of the driver",
                "the driver ended its session without being told to",
            ]
        );
    }

    #[test]
    fn patience_grows_to_its_bound_and_starts_anew_after_a_good_session() {
        let mut patience = Patience::default();
        let waits: Vec<_> = (0..10).map(|_| patience.after(Duration::ZERO)).collect();
        assert!(waits[0] <= FIRST_WAIT && waits[0] >= FIRST_WAIT.mul_f64(0.75));
        assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT));
        assert!(waits[9] >= LONGEST_WAIT.mul_f64(0.75));
        assert!(patience.after(GOOD_SESSION) <= FIRST_WAIT);
    }
}
