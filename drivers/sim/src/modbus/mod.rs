//! Modbus slaves: the answer to a request, and the two wires it travels on.

use crate::map::Table;

/// What a slave holds at one moment.
pub trait Bank {
    /// `count` registers from `start` on; `None` when any of them does not exist.
    fn registers(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>>;

    /// `count` coils or inputs from `start` on; `None` when any of them does not exist.
    fn bits(&self, table: Table, start: u16, count: u16) -> Option<Vec<bool>>;
}
