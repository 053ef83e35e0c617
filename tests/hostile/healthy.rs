//! A reader that does nothing wrong, beside those that do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crate::peer::http::Stream;
use crate::peer::wait_for;
use crate::target::{COUNTING, SOON, Target};

/// A reader in a thread of its own. It reads until every point has the number that it is told to wait for.
pub(crate) struct Healthy {
    /// The number to wait for; none yet is 0.
    until: Arc<AtomicU64>,
    /// Frames of changes so far.
    frames: Arc<AtomicU64>,
    reader: JoinHandle<Account>,
}

/// What a reader was told, in all.
struct Account {
    /// The first and the last number of each point.
    numbers: BTreeMap<String, (u64, u64)>,
    told: u64,
    skipped: u64,
}

impl Healthy {
    /// Begins to follow everything that counts.
    pub(crate) fn follow(target: &Target) -> Self {
        let (until, frames) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (end, count) = (Arc::clone(&until), Arc::clone(&frames));
        let stream = Stream::open(target.address, "points=line/count/*&heartbeat_ms=1000");
        let reader = thread::spawn(move || read(stream, &end, &count));
        let healthy = Self { until, frames, reader };
        healthy.goes_on();
        healthy
    }

    /// Frames of changes that it has taken in so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Waits until it was told of changes that came after this call.
    #[track_caller]
    pub(crate) fn goes_on(&self) {
        let begin = self.frames();
        wait_for("the healthy reader to go on", SOON, || {
            assert!(!self.reader.is_finished(), "the healthy reader was cut off");
            (self.frames() >= begin + 3).then_some(())
        });
    }

    /// Stops the counting and settles the account: the last number of every point arrived, and every change was
    /// told or counted as skipped.
    #[track_caller]
    pub(crate) fn settle(self, target: &Target) {
        self.goes_on();
        self.until.store(u64::from(target.stand_still()), Ordering::Relaxed);
        let account = self.reader.join().expect("the healthy reader was told something untrue");
        assert_eq!(account.numbers.len(), usize::from(COUNTING));
        let changes: u64 = account.numbers.values().map(|(first, last)| last - first).sum();
        assert_eq!(
            account.told + account.skipped,
            changes,
            "{} told, {} skipped",
            account.told,
            account.skipped
        );
        assert!(account.told > 0);
    }
}

fn read(mut stream: Stream, until: &AtomicU64, frames: &AtomicU64) -> Account {
    let mut account = Account { numbers: BTreeMap::new(), told: 0, skipped: 0 };
    loop {
        let end = until.load(Ordering::Relaxed);
        let done = account.numbers.values().all(|(_, last)| *last == end);
        if end > 0 && done {
            return account;
        }
        // Two heartbeats are two seconds; the stream gives up far later.
        let event = stream.next().expect("the stream goes on");
        if event.name != "points" {
            continue;
        }
        let snapshot = event.data.get("snapshot").is_some();
        for point in event.data["points"].as_array().unwrap() {
            let (id, number) = (point["id"].as_str().unwrap(), point["value"].as_u64().unwrap());
            let known = account.numbers.entry(id.to_owned()).or_insert((number, number));
            assert!(number >= known.1, "{id} went back from {} to {number}", known.1);
            if !snapshot {
                account.told += 1;
            }
            known.1 = number;
        }
        account.skipped += event.data["skipped"].as_u64().unwrap_or(0);
        if !snapshot {
            frames.fetch_add(1, Ordering::Relaxed);
        }
    }
}
