//! The wire contract, version 1, held over the network only: one module a chapter.
//!
//! The suite knows an address and nothing else. By default it starts the built program over a site of its own;
//! `POINTCAST_CONFORMANCE_URL=http://host:port` has it speak to another server instead, see `README.md` here.
//! The devices of the site it plays itself, so that every change is one that a test made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

#[path = "../peer/mod.rs"]
mod peer;

mod contract;
mod grammar;
mod place;
mod site;
mod stream;

mod compact;
mod connect;
mod entries;
mod framing;
mod head;
mod http2;
mod limits;
mod notices;
mod order;
mod patterns;
mod player;
mod point;
mod points;
mod problems;
mod replaced;
mod resume;
mod snapshot;
mod subscriptions;
mod vectors;
