//! Which units must not be asked yet: those whose late answer could be taken for the next one.
//!
//! An RTU reply says neither which request nor which address it answers. So a unit that left a request
//! unanswered is left alone until its answer can no longer come, or has come.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::frame::{Judged, Request};

/// Units that may still owe an answer. At most one entry for each unit.
#[derive(Debug)]
pub(super) struct Rests {
    /// Before this, any unit may owe an answer to somebody who asked before us.
    everybody_until: Instant,
    owed: HashMap<u8, (Request, Instant)>,
}

impl Rests {
    pub(super) fn new(everybody_until: Instant) -> Self {
        Self { everybody_until, owed: HashMap::new() }
    }

    /// `request` was given up; its answer may come until `until`.
    pub(super) fn owe(&mut self, request: Request, until: Instant) {
        self.owed.insert(request.unit(), (request, until));
    }

    /// A frame came that nobody waits for; whether it was an answer that was owed, which ends the rest.
    pub(super) fn settle(&mut self, unit: u8, pdu: &[u8]) -> bool {
        let owed = self.owed.get(&unit);
        let was_owed =
            owed.is_some_and(|(request, _)| matches!(request.judge(unit, pdu), Judged::Answer(_)));
        if was_owed {
            self.owed.remove(&unit);
        }
        was_owed
    }

    /// Until when `unit` rests; may lie in the past.
    pub(super) fn until(&self, unit: u8) -> Instant {
        let owed = self.owed.get(&unit).map(|(_, until)| *until);
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
