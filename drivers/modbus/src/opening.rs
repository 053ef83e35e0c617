//! Opening ports and connections.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{Blocking, Fault};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_serial::{ClearBuffer, SerialPort, SerialStream};

use crate::line::{Line, Parity};
use crate::settings::{Endpoint, Reach, SerialSettings};
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
) -> Result<TlsStream<TcpStream>, Fault> {
    let settings = tls.clone();
    let doing = format!("read the certificates for {}", endpoint.place());
    let config = opening.run(doing, READ_TIMEOUT, move || settings.load()).await?;
    let stream = connect(endpoint).await?;
    let doing = || format!("agree on TLS with {}", endpoint.place());
    let agreeing = TlsConnector::from(Arc::new(config)).connect(tls.server_name.clone(), stream);
    match timeout(endpoint.connect_timeout, agreeing).await {
        Ok(agreed) => agreed.map_err(|error| Fault::new(doing(), error)),
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
        Reach::Port(path) => Ok(Box::new(port(path, &serial.line, opening).await?)),
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
async fn port(path: &str, line: &Line, opening: &Blocking) -> Result<SerialStream, Fault> {
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
    let builder = tokio_serial::new(path, line.baud)
        .data_bits(data_bits)
        .parity(parity)
        .stop_bits(stop_bits)
        .flow_control(tokio_serial::FlowControl::None);
    let open = move || -> tokio_serial::Result<SerialStream> {
        let stream = SerialStream::open(&builder)?;
        stream.clear(ClearBuffer::Input)?;
        Ok(stream)
    };
    // Opening talks to the adapter, which may take its time: not on a thread that others wait for.
    opening.run(format!("open {path}"), OPEN_TIMEOUT, open).await
}
