//! Modbus slaves: the answer to a request (`answer`), its frames (`frame`), when it leaves (`outbox`), and
//! the two wires (`tcp`, `rtu`).
//!
//! The slaves know functions 01 to 06, 15, 16, 22 and 23. They answer whoever asks, as many masters as there are.

mod answer;
mod frame;
mod outbox;
pub(crate) mod rtu;
pub(crate) mod tcp;

pub(crate) use answer::{Bank, answer};
