//! Which units must not be asked yet: those whose late answer could be taken for the next one.
//!
//! A reply on a serial line says neither which request nor which address it answers. So a unit that left a
//! request unanswered is left alone until its answer can no longer come, or has come.
//!
//! Over a connection the time counts from when the request is known to have arrived, and when it is over,
//! whatever was on its way back must be known to have arrived as well. The reply to a `fence` knows both. No
//! more than one is ever out: the reply to an earlier one would say nothing of what was asked after that.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::fence;
use crate::frame::{Judged, Request};

/// Units that may still owe an answer. At most one entry for each unit.
#[derive(Debug)]
pub(super) struct Rests {
    /// Before this, any unit may owe an answer to somebody who asked before us.
    everybody_until: Instant,
    owed: HashMap<u8, Owed>,
}

#[derive(Debug)]
struct Owed {
    request: Request,
    until: Instant,
    /// Whether the request is known to have arrived, as something was answered that was asked after it.
    delivered: bool,
    /// Whether a fence was sent after it.
    is_fenced: bool,
}

impl Rests {
    pub(super) fn new(everybody_until: Instant) -> Self {
        Self { everybody_until, owed: HashMap::new() }
    }

    /// `request` was given up; its answer may come until `until`.
    pub(super) fn owe(&mut self, request: Request, until: Instant) {
        let unit = request.unit();
        let owed = Owed { request, until, delivered: false, is_fenced: false };
        self.owed.insert(unit, owed);
    }

    /// A fence is sent to `unit`; its reply may come until `until`.
    pub(super) fn fence(&mut self, unit: u8, until: Instant) {
        if let Some(owed) = self.owed.get_mut(&unit) {
            owed.until = until;
            owed.delivered = false;
            owed.is_fenced = true;
        }
    }

    /// Whether a fence was sent to `unit`, and whatever it owes is still owed.
    pub(super) fn is_fenced(&self, unit: u8) -> bool {
        self.owed.get(&unit).is_some_and(|owed| owed.is_fenced)
    }

    /// Whether an answer of `unit` is owed that did not come, however long ago.
    pub(super) fn owes(&self, unit: u8) -> bool {
        self.owed.contains_key(&unit)
    }

    /// Nothing of what `unit` owes can come any more.
    pub(super) fn forget(&mut self, unit: u8) {
        self.owed.remove(&unit);
    }

    /// A request that was made at `asked` was answered at `now`, by whatever unit.
    ///
    /// A connection keeps the order of what it carries. So every request before that one has arrived, and
    /// its answer can begin no later than `longest_delay` from now. And once something is answered that was
    /// asked after that time, no such answer is on its way any more.
    pub(super) fn passed(&mut self, asked: Instant, now: Instant, longest_delay: Duration) {
        self.owed.retain(|_, owed| {
            if owed.delivered {
                return asked < owed.until;
            }
            owed.delivered = true;
            owed.until = owed.until.max(now + longest_delay);
            true
        });
    }

    /// A frame came that nobody waits for; whether it was one that was owed. The answer itself ends the rest,
    /// or the fence's reply where there is one.
    pub(super) fn settle(&mut self, unit: u8, pdu: &[u8]) -> bool {
        let Some(owed) = self.owed.get(&unit) else { return false };
        let is_answer = matches!(owed.request.judge(unit, pdu), Judged::Answer(_));
        let ends = if owed.is_fenced { fence::is_reply(pdu) } else { is_answer };
        if ends {
            self.owed.remove(&unit);
        }
        is_answer || ends
    }

    /// Until when `unit` rests; may lie in the past.
    pub(super) fn until(&self, unit: u8) -> Instant {
        let owed = self.owed.get(&unit).map(|owed| owed.until);
        owed.map_or(self.everybody_until, |until| until.max(self.everybody_until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::frame::{ReadRequest, Write, WriteRequest};
    use std::time::Duration;

    #[test]
    fn a_rest_ends_with_time_or_with_the_answer_that_was_owed() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let request = ReadRequest { unit: 7, table: Table::InputRegisters, first: 5, quantity: 1 };
        let mut rests = Rests::new(start);
        assert_eq!(rests.until(7), start);
        rests.owe(request.into(), later);
        assert_eq!((rests.until(7), rests.until(8)), (later, start));
        assert!(!rests.settle(8, &[4, 2, 0, 1]), "another unit");
        assert!(!rests.settle(7, &[4, 4, 0, 1, 0, 2]), "another length");
        assert_eq!(rests.until(7), later);
        assert!(rests.settle(7, &[4, 2, 0, 1]));
        assert_eq!(rests.until(7), start);
        rests.owe(request.into(), later);
        assert!(rests.settle(7, &[0x84, 6]), "a late exception is an answer as well");
        assert!(!rests.settle(7, &[0x84, 6]), "and comes once");
        let write = WriteRequest { unit: 7, first: 5, write: Write::Register(9) };
        rests.owe(write.into(), later);
        assert!(!rests.settle(7, &[6, 0, 5, 0, 8]), "the echo of another write");
        assert!(rests.settle(7, &[6, 0, 5, 0, 9]));
    }

    #[test]
    fn over_a_connection_two_answers_end_a_rest_and_so_does_a_fence() {
        let start = Instant::now();
        let [second, third, fourth] = [1, 2, 3].map(|s| start + Duration::from_secs(s));
        let delay = Duration::from_secs(1);
        let request = ReadRequest { unit: 7, table: Table::InputRegisters, first: 5, quantity: 1 };
        let mut rests = Rests::new(start);
        rests.owe(request.into(), second);
        // The first shows that the request has arrived: from then on the delay counts.
        rests.passed(start, second, delay);
        assert!(rests.owes(7) && rests.until(7) == third);
        rests.passed(second, third, delay);
        assert!(rests.owes(7), "asked before the delay was over");
        rests.passed(third, fourth, delay);
        assert!(!rests.owes(7));

        rests.owe(request.into(), second);
        assert!(!rests.settle(7, &[7, 0]), "no fence was sent");
        rests.fence(7, third);
        assert!(rests.is_fenced(7) && rests.until(7) == third);
        assert!(rests.settle(7, &[4, 2, 0, 1]) && rests.is_fenced(7), "its reply is still to come");
        rests.passed(start, second, delay);
        rests.passed(second, second, delay);
        assert!(rests.is_fenced(7));
        assert!(rests.settle(7, &[7, 0]) && !rests.owes(7));
        assert!(!rests.settle(7, &[7, 0]));
    }

    #[test]
    fn at_first_everybody_rests() {
        let start = Instant::now();
        let later = start + Duration::from_secs(2);
        let mut rests = Rests::new(later);
        assert_eq!(rests.until(1), later);
        let request = ReadRequest { unit: 1, table: Table::Coils, first: 0, quantity: 1 };
        rests.owe(request.into(), start);
        assert_eq!(rests.until(1), later);
    }
}
