//! A small MQTT 3.1.1 broker (`hub`, `session`) and the weather station that publishes in it (`station`).
//!
//! It knows QoS 0 and 1, retained messages, wills, wildcards, keep-alive and takeover of a client id. It
//! keeps no session past its connection, takes no QoS 2 (the connection is closed), and checks no password.

mod hub;
mod session;
mod station;

pub(crate) use hub::Hub;
pub(crate) use session::serve;
pub(crate) use station::run as station;

/// Longest packet that it takes, fixed header left out.
pub(crate) const MAX_PACKET_BYTES: usize = 64 * 1024;
