//! Opening ports and connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{Blocking, Fault};
use serial2::KeepSettings;
use serial2::rs4xx::{Rs485Config, TransceiverMode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_serial::{ClearBuffer, SerialPort, SerialStream};

use crate::line::{Line, Parity};
use crate::settings::{Endpoint, PortSettings, Reach, Rs485, SerialSettings};
use crate::tls::TlsSettings;

/// How long opening a port may take; a USB adapter that hangs takes for ever.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long reading a few certificates may take; a network's file system that hangs takes for ever.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes both ways, of whatever is open.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for S {}

/// Connects.
///
/// # Errors
/// What the system says, or that there was no answer in time. Trying again later is right.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<TcpStream, Fault> {
    let doing = || format!("connect to {}", endpoint.place());
    let connecting = TcpStream::connect((endpoint.host.as_str(), endpoint.port));
    let stream = match timeout(endpoint.connect_timeout, connecting).await {
        Ok(connected) => connected.map_err(|error| Fault::new(doing(), error))?,
        Err(_) => {
            let waited = endpoint.connect_timeout.as_millis();
            return Err(Fault::new(doing(), format!("no answer within {waited} ms")));
        }
    };
    // A request is one small segment: held back, it would wait for an acknowledgement.
    stream.set_nodelay(true).map_err(|error| Fault::new(doing(), error))?;
    Ok(stream)
}

/// Connects, and agrees on TLS.
///
/// # Errors
/// As [`connect`]; what is wrong with a file; why the server is not trusted, or does not trust us.
pub(crate) async fn secure(
    endpoint: &Endpoint,
    tls: &TlsSettings,
    opening: &Blocking,
) -> Result<Box<dyn ByteStream>, Fault> {
    let settings = tls.clone();
    let doing = format!("read the certificates for {}", endpoint.place());
    let config = opening.run(doing, READ_TIMEOUT, move || settings.load()).await?;
    let stream = connect(endpoint).await?;
    let doing = || format!("agree on TLS with {}", endpoint.place());
    let agreeing = TlsConnector::from(Arc::new(config)).connect(tls.server_name.clone(), stream);
    match timeout(endpoint.connect_timeout, agreeing).await {
        Ok(agreed) => Ok(Box::new(agreed.map_err(|error| Fault::new(doing(), error))?)),
        Err(_) => {
            let waited = endpoint.connect_timeout.as_millis();
            Err(Fault::new(doing(), format!("no answer within {waited} ms")))
        }
    }
}

/// Opens a serial line, wherever its port is.
///
/// # Errors
/// As [`connect`], and what the system says about the port.
pub(crate) async fn line(
    serial: &SerialSettings,
    opening: &Blocking,
) -> Result<Box<dyn ByteStream>, Fault> {
    match &serial.reach {
        Reach::Port(settings) => Ok(Box::new(port(settings, &serial.line, opening).await?)),
        Reach::Network(endpoint) => {
            let stream = connect(endpoint).await?;
            // What waits to be sent when the connection is given up must not be sent after all: the next
            // connection would get the answer.
            stream
                .set_zero_linger()
                .map_err(|error| Fault::new(format!("connect to {}", endpoint.place()), error))?;
            Ok(Box::new(stream))
        }
    }
}

/// Opens a port for itself alone and drops what is waiting in it, which answers nothing of ours.
async fn port(
    settings: &PortSettings,
    line: &Line,
    opening: &Blocking,
) -> Result<SerialStream, Fault> {
    let data_bits = match line.data_bits {
        7 => tokio_serial::DataBits::Seven,
        _ => tokio_serial::DataBits::Eight,
    };
    let parity = match line.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = match line.stop_bits {
        2 => tokio_serial::StopBits::Two,
        _ => tokio_serial::StopBits::One,
    };
    let builder = tokio_serial::new(&settings.path, line.baud)
        .data_bits(data_bits)
        .parity(parity)
        .stop_bits(stop_bits)
        .flow_control(tokio_serial::FlowControl::None);
    let PortSettings { path, rs485 } = settings.clone();
    let open = move || -> Result<SerialStream, PortError> {
        // Open until the port is open for good: some drivers forget the mode of a port that nobody has open.
        let _switching = rs485.map(|rs485| switch(&path, rs485)).transpose()?;
        let stream = SerialStream::open(&builder)?;
        stream.clear(ClearBuffer::Input)?;
        Ok(stream)
    };
    // Opening talks to the adapter, which may take its time: not on a thread that others wait for.
    opening.run(format!("open {}", settings.path), OPEN_TIMEOUT, open).await
}

/// Why a port is of no use.
#[derive(Debug, thiserror::Error)]
enum PortError {
    #[error(transparent)]
    Open(#[from] tokio_serial::Error),
    #[error(
        "its driver does not switch RS-485 transceivers; leave rs485 away if the adapter does it by itself"
    )]
    NoRs485(#[source] io::Error),
    #[error("its driver does not take these RS-485 settings; it would use {used}")]
    OtherRs485 { used: String },
}

/// Has the kernel switch the transceiver at `path`; the port that it was asked through.
fn switch(path: &str, rs485: Rs485) -> Result<serial2::SerialPort, PortError> {
    let port = serial2::SerialPort::open(path, KeepSettings).map_err(tokio_serial::Error::from)?;
    let mut wanted = Rs485Config::new();
    wanted.set_invert_rts(rs485.is_inverted);
    wanted.set_delay_before_send(rs485.delay_before);
    wanted.set_delay_after_send(rs485.delay_after);
    port.set_rs4xx_mode(wanted).map_err(PortError::NoRs485)?;
    // Drivers pass over what they cannot do, without a word.
    match port.get_rs4xx_mode().map_err(PortError::NoRs485)? {
        TransceiverMode::Rs485(used) if is_as_wanted(&used, rs485) => Ok(port),
        used @ (TransceiverMode::Rs485(_) | TransceiverMode::Rs422 | TransceiverMode::Default) => {
            Err(PortError::OtherRs485 { used: format!("{used:?}") })
        }
    }
}

fn is_as_wanted(used: &Rs485Config, wanted: Rs485) -> bool {
    used.get_invert_rts() == wanted.is_inverted
        && used.get_delay_before_send() == wanted.delay_before
        && used.get_delay_after_send() == wanted.delay_after
}
