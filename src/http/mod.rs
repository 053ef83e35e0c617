//! The HTTP side: one file for each resource, all under `/api/v1` but health and the page.
//!
//! - `accept`: the accept loop, with its limits and timeouts, and what is spoken on a connection.
//! - `pump`: plain streams, written on their sockets directly.
//! - `socket`: what is set on each socket.
//! - `guard`: who may speak to the gateway at all (`Host`, `Origin`).
//! - `problem`: every refusal as an RFC 9457 problem document.
//! - `request`, `once`, `body`, `entries`: query values and bodies, checked with a name for each bad field.
//! - `lookup`: what takes long is done aside, and little of it at once. `answer`, `listing`: bodies, and how many of
//!   their bytes may wait for slow readers.
//! - `points`, `devices`, `subscription`, `client`, `stream`, `notices`, `writes`, `boards`, `health`, `metrics`,
//!   `page`: the resources.
//!
//! Nothing here knows a driver.

pub mod accept;
mod answer;
mod boards;
mod body;
mod client;
mod devices;
mod entries;
mod guard;
mod health;
mod listing;
mod lookup;
mod metrics;
mod notices;
mod once;
mod page;
mod points;
mod problem;
mod pump;
mod request;
mod socket;
mod stream;
mod subscription;
mod writes;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::boards::Boards;
use crate::devices::Devices;
use crate::limits::Limits;
use crate::stream::Sessions;
use crate::table::Table;
use crate::writes::Writes;

pub use guard::Hosts;
pub use lookup::Lookups;

/// What the resources need.
#[derive(Debug, Clone)]
pub struct Api {
    /// The points.
    pub table: Arc<Table>,
    /// The devices.
    pub devices: Arc<Devices>,
    /// The way to the devices.
    pub writes: Arc<Writes>,
    /// The boards.
    pub boards: Arc<Boards>,
    /// The clients.
    pub sessions: Arc<Sessions>,
    /// The bounds.
    pub limits: Arc<Limits>,
    /// The names under which the gateway may be addressed.
    pub hosts: Arc<Hosts>,
    /// What takes long, a few at a time.
    pub lookups: Arc<Lookups>,
    /// Cancelled when the gateway is to stop: streams drain and end.
    pub stop: CancellationToken,
}

/// All routes.
pub fn router(api: Api) -> Router {
    let v1 = Router::new()
        .route("/points", get(points::list))
        .route("/points/read", post(points::read).get(points::one_named_read))
        .route("/points/{*id}", get(points::one))
        .route("/devices", get(devices::list))
        .route("/devices/{device}", get(devices::one))
        .route("/notices", post(notices::send))
        .route("/writes", post(writes::send))
        .route("/boards", get(boards::list))
        .route("/boards/{board}", get(boards::show).put(boards::put).delete(boards::remove))
        .route("/stream", get(stream::open))
        .route("/clients/{client}", get(client::show))
        .route(
            "/clients/{client}/subscription",
            get(subscription::show)
                .put(subscription::put)
                .patch(subscription::patch)
                .delete(subscription::clear),
        )
        .layer(middleware::from_fn_with_state(api.clone(), answer::bound));
    Router::new()
        .nest("/api/v1", v1)
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .merge(page::routes())
        .fallback(page::missing)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(middleware::from_fn_with_state(api.clone(), guard::check))
        .with_state(api)
}
