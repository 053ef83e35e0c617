//! Pointcast: device points to dashboards, as they change.

pub mod cli;
pub mod config;
pub mod limits;
pub mod registry;
