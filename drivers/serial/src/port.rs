//! Opens the real port.

use std::io;
use std::time::Duration;

use pointcast_api::{Blocking, Fault};
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
pub(crate) async fn open(channel: &Channel, opening: &Blocking) -> Result<SerialStream, Fault> {
    let wire = channel.wire;
    let builder = tokio_serial::new(channel.port.clone(), wire.baud)
        .data_bits(wire.data_bits)
        .parity(wire.parity)
        .stop_bits(wire.stop_bits);
    let open = move || -> Result<SerialStream, String> {
        let stream = SerialStream::open(&builder).map_err(|error| explain(&error))?;
        stream.clear(ClearBuffer::Input).map_err(|error| explain(&error))?;
        Ok(stream)
    };
    // Opening talks to the adapter, which may take its time: not on a thread that others wait for.
    opening.run(format!("open {}", channel.port), OPEN_TIMEOUT, open).await
}

fn explain(error: &tokio_serial::Error) -> String {
    if error.kind == ErrorKind::Io(io::ErrorKind::PermissionDenied) {
        return format!("{error}: the gateway's user needs the group that owns it");
    }
    error.to_string()
}
