//! Work that blocks a thread for as long as somebody else likes: opening a port, reading a file.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Fault;

/// Runs one piece of blocking work at a time, on a thread that nobody waits for without a bound.
///
/// Work that hangs cannot be ended; so nothing new is begun before it is over, and a device that hangs for
/// days holds one thread and not one for each attempt.
#[derive(Clone, Debug)]
pub struct Blocking(Arc<Semaphore>);

impl Default for Blocking {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Blocking {
    /// What `work` returns, if that is within `within`. `doing` reads after "failed to".
    ///
    /// # Errors
    /// A [`Fault`] when the work fails, panics or takes longer, or when an earlier one still hangs. Trying
    /// again later is right.
    ///
    /// # Cancellation
    /// Safe, but work under way goes on, and its result is dropped.
    pub async fn run<T, E>(
        &self,
        doing: String,
        within: Duration,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
    {
        let Ok(turn) = self.0.clone().try_acquire_owned() else {
            return Err(Fault::new(doing, "an earlier attempt still hangs"));
        };
        let working = tokio::task::spawn_blocking(move || {
            let _until_it_is_over = turn;
            work()
        });
        match timeout(within, working).await {
            Ok(Ok(Ok(done))) => Ok(done),
            Ok(Ok(Err(error))) => Err(Fault::new(doing, error)),
            Ok(Err(panicked)) => Err(Fault::new(doing, panicked)),
            Err(_) => Err(Fault::new(doing, format!("no answer within {} ms", within.as_millis()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, Ordering};

    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn work_that_hangs_has_one_thread_and_no_more() {
        let blocking = Blocking::default();
        let released = Arc::new(AtomicBool::new(false));
        let seen = released.clone();
        let hanging = move || -> Result<(), Infallible> {
            while !seen.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        };
        let fault = blocking.run("open it".to_owned(), Duration::from_millis(20), hanging).await;
        assert_eq!(fault.unwrap_err().explain(), "failed to open it: no answer within 20 ms");
        let again = || blocking.run("open it".to_owned(), SOON, || Ok::<_, Infallible>(7));
        let fault = again().await.unwrap_err();
        assert_eq!(fault.explain(), "failed to open it: an earlier attempt still hangs");
        released.store(true, Ordering::SeqCst);
        let freed = async {
            while again().await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(SOON, freed).await.unwrap();
    }

    #[tokio::test]
    async fn an_error_names_what_was_being_done() {
        let wrong = || Err::<(), _>("it is not there");
        let fault = Blocking::default().run("open it".to_owned(), SOON, wrong).await.unwrap_err();
        assert_eq!(fault.explain(), "failed to open it: it is not there");
    }
}
