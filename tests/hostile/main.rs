//! Peers that mean harm, or that are broken in a way that looks like it: each test names its threat, and holds that
//! it costs a bounded share.
//!
//! Beside every attack a healthy reader follows points that count. It must miss nothing that it is not told of; that
//! is exact, however slow the machine is. Memory and files are compared with named bounds that leave generous room.
//! Where a test waits, it waits for the attack's end as the gateway brings it about, under the bound that the
//! gateway promises.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

#[path = "../peer/mod.rs"]
mod peer;

mod absent;
mod bodies;
mod connects;
mod heads;
mod healthy;
mod http2;
mod patterns;
mod readers;
mod target;
