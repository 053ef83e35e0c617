//! Pointcast: device points to dashboards, as they change.

pub mod limits;
