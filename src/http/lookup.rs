//! What a request may cost a processor: what takes long is done at the side of those who serve others, and little of it
//! at once.
//!
//! Costs are told in looks: one pattern held against one id, about 20 ns.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::problem::Problem;
use crate::table::{Catalog, Pattern};

/// Looks that a request may cost on a thread that serves others too: two milliseconds' worth.
const QUICK_LOOKS: usize = 100_000;

/// What it costs to find a point by its id, or where a pattern's ids begin.
const FIND_LOOKS: usize = 50;

/// What it costs to put a point into a selection: its readers are a list that others use, and so was its last one.
const SELECT_LOOKS: usize = 50;

/// What it costs to pass on a point that needs no look of its own.
const TAKE_LOOKS: usize = 1;

/// How long a request waits until it may begin what takes long.
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// When a client that waited in vain may try again, in seconds.
const AGAIN_AFTER_S: u32 = 5;

/// Lets requests do what takes long: one for each two processors at a time, so that others always find one.
#[derive(Debug)]
pub struct Lookups(Semaphore);

impl Default for Lookups {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self(Semaphore::new((processors / 2).max(1)))
    }
}

impl Lookups {
    /// Does `work`, which costs so much. If that is long, it has its turn, and others are served by another thread
    /// meanwhile.
    ///
    /// # Errors
    /// A problem, if too many others had their turn first; nothing was done then.
    ///
    /// # Cancellation
    /// Safe while it waits for its turn; then it is not interrupted.
    pub(super) async fn aside<T>(
        &self,
        cost: Cost,
        work: impl FnOnce() -> T,
    ) -> Result<T, Problem> {
        if !cost.is_long() {
            return Ok(work());
        }
        match timeout(TURN_WITHIN, self.0.acquire()).await {
            Ok(Ok(_turn)) => Ok(block_in_place(work)),
            Ok(Err(_)) | Err(_) => {
                let detail = "others look up so many points that it was not this request's turn";
                Err(Problem::busy(detail, AGAIN_AFTER_S))
            }
        }
    }
}

/// What a request costs, in looks, at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost(usize);

impl Cost {
    /// To find so many points by their ids.
    pub(super) fn of_finding(points: usize) -> Self {
        Self(points.saturating_mul(FIND_LOOKS))
    }

    /// To look at so many points whose places are known.
    pub(super) fn of_taking(points: usize) -> Self {
        Self(points.saturating_mul(TAKE_LOOKS))
    }

    /// To find at most `limit` points that patterns mean.
    pub(super) fn of_page(catalog: &Catalog, patterns: &[Pattern], limit: usize) -> Self {
        let looks = |pattern: &Pattern, candidates: usize| match pattern.is_beginning() {
            true => candidates.min(limit),
            false => candidates,
        };
        Self::of(catalog, patterns.iter(), looks)
    }

    /// To find all points that patterns mean.
    pub(super) fn of_counting<'p>(
        catalog: &Catalog,
        patterns: impl Iterator<Item = &'p Pattern>,
    ) -> Self {
        Self::of(catalog, patterns, |_, candidates| candidates * TAKE_LOOKS)
    }

    /// To select all points that patterns mean.
    pub(super) fn of_selecting<'p>(
        catalog: &Catalog,
        patterns: impl Iterator<Item = &'p Pattern>,
    ) -> Self {
        Self::of(catalog, patterns, |_, candidates| candidates * SELECT_LOOKS)
    }

    /// It is not counted on when it is clear that it is long: there may be ten thousand patterns.
    fn of<'p>(
        catalog: &Catalog,
        patterns: impl Iterator<Item = &'p Pattern>,
        looks: impl Fn(&Pattern, usize) -> usize,
    ) -> Self {
        let mut cost = Self::default();
        for pattern in patterns {
            if cost.is_long() {
                break;
            }
            let more = looks(pattern, catalog.candidates(pattern));
            cost.0 = cost.0.saturating_add(FIND_LOOKS).saturating_add(more);
        }
        cost
    }

    fn is_long(self) -> bool {
        self.0 > QUICK_LOOKS
    }
}

#[cfg(test)]
impl Lookups {
    /// None have their turn any more.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use pointcast_api::{PointDeclaration, PointId, ValueType};
    use tokio::runtime::Builder;

    use super::*;

    fn catalog(points: usize) -> Catalog {
        let declare = |at| PointId::new(&format!("line/{at:05}")).unwrap();
        let declare = |at| (PointDeclaration::bare(declare(at), ValueType::I64), String::new());
        Catalog::new((0..points).map(declare).collect()).unwrap()
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
    }

    #[test]
    fn a_request_costs_what_it_looks_at_and_not_what_there_is() {
        let catalog = catalog(10_000);
        let page = |texts: &[&str]| Cost::of_page(&catalog, &patterns(texts), 1_000).is_long();
        assert!(!page(&["**"]), "the first thousand need no look");
        assert!(!page(&["line/**", "line/00001", "other/*/x"]));
        assert!(!page(&["*/x"; 9]));
        assert!(page(&["*/x"; 10]));
        let select =
            |texts: &[&str]| Cost::of_selecting(&catalog, patterns(texts).iter()).is_long();
        assert!(!select(&["line/00001", "other/**"]));
        assert!(select(&["**"]), "each of them is put into a list");
        assert!(select(&["line/00001"; 1_100]), "and so are those that are named one by one");
        let count = |texts: &[&str]| Cost::of_counting(&catalog, patterns(texts).iter()).is_long();
        assert!(!count(&["**"; 9]));
        assert!(count(&["**"; 10]));
    }

    #[test]
    fn what_takes_long_has_its_turn_and_what_does_not_needs_none() {
        let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let lookups = Lookups(Semaphore::new(2));
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let long = || {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
            now.fetch_sub(1, Ordering::SeqCst);
        };
        thread::scope(|scope| {
            for _ in 0..6 {
                let long = lookups.aside(Cost(QUICK_LOOKS + 1), &long);
                scope.spawn(|| runtime.block_on(long).unwrap());
            }
        });
        assert_eq!(most.into_inner(), 2);
        let all = lookups.0.try_acquire_many(2).unwrap();
        runtime.block_on(lookups.aside(Cost(QUICK_LOOKS), || ())).unwrap();
        drop(all);
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_has_its_turn_is_told_to_come_again() {
        let lookups = Lookups(Semaphore::new(0));
        let refused = lookups.aside(Cost(usize::MAX), || ()).await.unwrap_err();
        assert!(format!("{refused:?}").contains("status: 503"), "{refused:?}");
    }
}
