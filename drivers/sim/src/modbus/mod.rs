//! Modbus slaves: the answer to a request (`answer`, `slaves`), its frames (`frame` on TCP, `coding` on lines; `damage`
//! is what faults do to them), and the wires: `tcp` with what waits there (`outbox`), and `serial` with the paced line
//! (`line`), what is heard on it (`ear`) and what leaves (`mouth`).
//!
//! The slaves know functions 01 to 06, 15, 16, 22 and 23. They answer whoever asks, as many masters as there are.

mod answer;
mod coding;
mod damage;
mod ear;
mod frame;
mod line;
mod mouth;
mod outbox;
pub(crate) mod serial;
mod slaves;
pub(crate) mod tcp;

use crate::fault::{Device, FaultBoard};
use crate::orders::Orders;

pub(crate) use answer::{Bank, answer};
pub use coding::Coding;
pub use line::{Format, FormatError, Line, Pace};
pub use serial::serve_line;
pub use slaves::Answer;

/// What the slaves of the greenhouse line answer.
pub(crate) fn greenhouses<'a>(
    faults: &'a FaultBoard,
    orders: &'a Orders,
) -> impl FnMut(u8, &[u8]) -> Option<Answer> + 'a {
    |unit_id, pdu| {
        let device = match unit_id {
            1 => Device::Greenhouse1,
            2 => Device::Greenhouse2,
            _ => return None,
        };
        slaves::answer_of(device, pdu, faults, orders)
    }
}
