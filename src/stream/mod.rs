//! From the point table to one client: selection, session, delivery, frames.
//!
//! - `entry`: one entry of a subscription, and what it wants to hear. Pure.
//! - `selection`: which points a subscription means. Pure.
//! - `restraint`: what intervals and deadbands hold back. Pure.
//! - `event_id`: the position that an event's `id` names. Pure.
//! - `frame`: events as bytes. Pure.
//! - `offer`: what may be shown of one selected point, and whether its client needs it.
//! - `delivery`: what a connection told its client, and what comes next.
//! - `arrangement`: a selection in memory, and its change.
//! - `session`: a client's selection, which outlives its connections; `client` is its name.
//! - `sessions`: all of them, their limits and their ends; `shared` is what they share.
//! - `coming`: points that come and go; `standing` is who wants those that are yet to come, `gone` what a session keeps
//!   of those that went.
//! - `notices`: messages to clients.
//! - `pending`: bytes that wait for their readers.
//! - `statistics`: what was sent, and how long it took.
//! - `feed`: one connection's events over time: waits, intervals, heartbeats, drain.
//!
//! Invariants: a client's `seq` is never ahead of what was put into a frame; readers never wait for each
//! other; nothing is queued for a client but one mark a point.

mod arrangement;
mod client;
mod coming;
mod delivery;
mod entries;
mod entry;
mod event_id;
mod feed;
#[cfg(test)]
mod feed_tests;
mod frame;
mod gone;
#[cfg(test)]
mod model;
mod notices;
mod offer;
mod pending;
mod restraint;
mod selection;
mod session;
mod sessions;
mod shared;
mod standing;
mod statistics;
#[cfg(test)]
mod stress;
#[cfg(test)]
mod testing;

pub use client::ClientName;
pub use entry::{Deadband, Entry, MAX_FLUSH_MS, MAX_INTERVAL_MS, Wish};
pub use event_id::EventId;
pub use feed::{Feed, Next, Pace};
pub use notices::{Addressee, MAX_NOTICE_BYTES, Notice, Severity};
pub use pending::{Held, Pending};
pub use selection::{EntryVerdict, Verdict};
pub use session::{Edit, EditError, Edited, Overview, Session};
pub use sessions::{Attached, Opening, Refused, Sessions};
pub use statistics::{DELAY_BOUNDS_US, Delays, Outgoing, Sent, Totals};
