//! Pointcast: device points to dashboards, as they change.
//!
//! Data flows one way: device bytes → driver → batch → table → mailbox → frame → socket.
//!
//! - [`config`]: the file as written → the checked configuration.
//! - [`registry`]: driver name → constructor; the only place that names the drivers.
//! - [`app`]: wiring; starts every long-lived task.
//! - [`supervisor`]: runs a driver's sessions one after the other.
//! - [`outlet`], [`devices`]: where drivers put what they read, and how their devices are.
//! - [`writes`]: the way back, from a point to the command queue of its channel.
//! - [`own`]: what the gateway tells of itself.
//! - [`table`]: the newest sample of every point, numbered; the store that resumes are served from.
//! - [`stream`]: selection, session, delivery, frames.
//! - [`http`]: one file for each resource; the accept loop.
//! - [`boards`]: pages of tiles that people arrange, kept as files.
//! - `addresses`: how many of something each address has.
//! - `figures`: to what resolution measured figures are told. `files`: small files as a whole.
//! - [`limits`]: every bound, with its name and unit.
//! - [`cli`]: the commands.
//!
//! Nothing in `table` and `stream` knows a driver; nothing in `http` does; no driver knows any of this.

mod addresses;
pub mod app;
pub mod boards;
pub mod cli;
pub mod config;
pub mod devices;
mod figures;
mod files;
pub mod http;
pub mod limits;
pub mod memory;
pub mod outlet;
pub mod own;
pub mod registry;
pub mod stream;
pub mod supervisor;
pub mod table;
pub mod writes;
