//! From the point table to one client: selection, session, delivery, frames.
//!
//! - `selection`: which points a subscription means. Pure.
//! - `event_id`: the position that an event's `id` names. Pure.
//! - `frame`: events as bytes. Pure.
//! - `delivery`: what a connection told its client, and what comes next.
//! - `session`: a client's selection, which outlives its connections.
//! - `sessions`: all of them, their limits and their ends; `addresses` counts where they come from.
//! - `feed`: one connection's events over time: waits, intervals, heartbeats, drain.
//!
//! Invariants: a client's `seq` is never ahead of what was put into a frame; readers never wait for each
//! other; nothing is queued for a client but one mark a point.

mod addresses;
mod delivery;
mod event_id;
mod feed;
#[cfg(test)]
mod feed_tests;
mod frame;
#[cfg(test)]
mod model;
mod selection;
mod session;
mod sessions;
#[cfg(test)]
mod stress;
#[cfg(test)]
mod testing;

pub use event_id::EventId;
pub use feed::{Feed, Next, Pace};
pub use selection::{EntryVerdict, Verdict};
pub use session::{Edit, EditError, Edited, Session};
pub use sessions::{Attached, Opening, Refused, Sessions};
