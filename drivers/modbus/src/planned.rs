//! A plan as people want to see it: what is asked, how long it takes, and what that is predicted from. Pure.

use std::time::Duration;

use pointcast_api::{PlannedRequest, Value};

use crate::learner::Paces;
use crate::line::{Line, Parity};
use crate::plan::{Block, DEFAULT_TCP_ROUND_TRIP};
use crate::settings::{Channel, Endpoint, Reach, SerialSettings, Site, Transport};

/// `block`, asked every `interval` of a device that answers as fast as `paces` knows or as is assumed; `None` for a
/// block of no device of the site.
pub(crate) fn planned(
    site: &Site,
    paces: &Paces,
    block: &Block,
    interval: Duration,
    is_refused: bool,
) -> Option<PlannedRequest> {
    let request = site.request(block)?;
    let channel = &site.channel;
    let pace = paces.of(block.device.at()).unwrap_or(channel.assumed_pace());
    Some(PlannedRequest {
        device: block.device,
        request: request.to_string(),
        parts: vec![
            ("unit", Value::U64(request.unit.into())),
            ("function", Value::U64(request.table.function().into())),
            ("table", Value::text(request.table.name())?),
            ("start", Value::U64(request.first.into())),
            ("count", Value::U64(request.quantity.into())),
        ],
        scan_interval: Some(interval),
        wire_time: Some(channel.wire_time(pace, &request)),
        busy_time: Some(channel.cost(pace).time(&request)),
        is_refused,
        points: block.points.clone(),
    })
}

/// The same of a block in SunSpec `models` that were not found yet: its address is only assumed.
pub(crate) fn without_address(
    mut told: PlannedRequest,
    block: &Block,
    models: &str,
) -> PlannedRequest {
    let (function, quantity) = (block.table.function(), block.quantity);
    let table = format!("{} of SunSpec model {models}", block.table.name());
    told.request = format!("{function:02} {quantity} {table}, address by discovery");
    told.parts.retain(|(part, _)| *part != "start");
    let part = told.parts.iter_mut().find(|(part, _)| *part == "table");
    if let (Some((_, known)), Some(table)) = (part, Value::text(&table)) {
        *known = table;
    }
    told
}

/// What predictions for a channel rest on before anything is measured, with the keys that would tell better.
pub(crate) fn basis(channel: &Channel) -> String {
    match &channel.transport {
        Transport::Tcp(server, _) => round_trip(server),
        Transport::Serial(serial) => of_line(serial),
    }
}

fn of_line(SerialSettings { reach, line, is_known, .. }: &SerialSettings) -> String {
    let turnaround = format!("a turnaround of {} ms (turnaround_ms)", line.turnaround.as_millis());
    let line = words(line);
    match (reach, is_known) {
        (Reach::Port(_), _) => format!("{line} and {turnaround}"),
        (Reach::Network(server), true) => {
            format!("{line} and {turnaround}, and {}", round_trip(server))
        }
        (Reach::Network(server), false) => format!(
            "a far line of {line}, which is assumed (baud tells better), {turnaround}, and {}",
            round_trip(server)
        ),
    }
}

fn round_trip(server: &Endpoint) -> String {
    match server.round_trip {
        Some(given) => format!("a round trip of {} ms", given.as_millis()),
        None => format!(
            "a round trip of {} ms, which is assumed (round_trip_ms tells better)",
            DEFAULT_TCP_ROUND_TRIP.as_millis()
        ),
    }
}

/// `9600 baud 8E1`.
pub(crate) fn words(line: &Line) -> String {
    let parity = match line.parity {
        Parity::None => 'N',
        Parity::Even => 'E',
        Parity::Odd => 'O',
    };
    format!("{} baud {}{parity}{}", line.baud, line.data_bits, line.stop_bits)
}
