//! What tests share.

pub(crate) mod bus;
mod config;

pub(crate) use config::{Ear, Heard, channel, told};
