//! Modbus slaves: the answer to a request (`answer`), its frames (`frame`), when it leaves (`outbox`), and
//! the two wires (`tcp`, `rtu`).
//!
//! The slaves read only: functions 01 to 04. They answer whoever asks, as many masters as there are.

mod answer;
mod frame;
mod outbox;
pub(crate) mod rtu;
pub(crate) mod tcp;

pub(crate) use answer::{Bank, answer};
