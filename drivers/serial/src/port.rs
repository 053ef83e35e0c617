//! Opens the real port.

use std::io;
use std::time::Duration;

use pointcast_api::Fault;
use tokio::time::timeout;
use tokio_serial::{ClearBuffer, ErrorKind, SerialPort, SerialStream};

use crate::config::Channel;

/// How long opening may take; a USB adapter that hangs takes for ever.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the channel's port for itself alone and drops what is waiting in it, whose age nobody knows.
///
/// # Errors
/// A [`Fault`] that names the port. Trying again later is right: a port may be plugged in again.
///
/// # Cancellation
/// Safe, but an opening under way goes on for its own bound, and the port is busy until it is done.
pub(crate) async fn open(channel: &Channel) -> Result<SerialStream, Fault> {
    let wire = channel.wire;
    let builder = tokio_serial::new(channel.port.clone(), wire.baud)
        .data_bits(wire.data_bits)
        .parity(wire.parity)
        .stop_bits(wire.stop_bits);
    // Opening talks to the adapter, which may take its time: not on a thread that others wait for.
    let opening = tokio::task::spawn_blocking(move || {
        let stream = SerialStream::open(&builder)?;
        stream.clear(ClearBuffer::Input)?;
        Ok(stream)
    });
    let doing = || format!("open {}", channel.port);
    match timeout(OPEN_TIMEOUT, opening).await {
        Ok(Ok(opened)) => opened.map_err(|error| Fault::new(doing(), explain(&error))),
        Ok(Err(panicked)) => Err(Fault::new(doing(), panicked)),
        Err(_) => {
            let cause = format!("no answer from the port within {} s", OPEN_TIMEOUT.as_secs());
            Err(Fault::new(doing(), cause))
        }
    }
}

fn explain(error: &tokio_serial::Error) -> String {
    if error.kind == ErrorKind::Io(io::ErrorKind::PermissionDenied) {
        return format!("{error}: the gateway's user needs the group that owns it");
    }
    error.to_string()
}
