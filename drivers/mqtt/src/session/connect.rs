//! The library's client as this driver wants it, and its errors as a person understands them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use pointcast_api::{Blocking, Fault};
use rumqttc::{
    AsyncClient, Broker, ConnectReturnCode, ConnectionError, EventLoop, MqttOptions,
    NetworkOptions, StateError,
};

use super::REQUEST_QUEUE;
use crate::config::{Channel, Login, MAX_TOPIC_BYTES};
use crate::subscriptions::TOPICS_PER_REQUEST;

/// A password longer than this is some other file.
const MAX_PASSWORD_BYTES: usize = 4096;

/// Packets read before the session sees them: so many of `max_packet_bytes` may wait in memory.
const PACKETS_PER_READ: usize = 16;

/// Largest packet this client sends: CONNECT with a password, or a full SUBSCRIBE.
const MAX_OUTGOING_BYTES: usize = 2 * TOPICS_PER_REQUEST * MAX_TOPIC_BYTES;

/// Reads the password and makes a client that has not connected yet.
pub(super) async fn open(
    channel: &Channel,
    reading: &Blocking,
) -> Result<(AsyncClient, EventLoop), Fault> {
    let broker = Broker::tcp(channel.broker.host.clone(), channel.broker.port);
    let mut options = MqttOptions::new(channel.client_id.clone(), broker);
    let keep_alive = u16::try_from(channel.keep_alive.as_secs()).unwrap_or(u16::MAX);
    options
        .set_keep_alive(keep_alive)
        .set_clean_session(true)
        .set_read_batch_size(PACKETS_PER_READ)
        .set_max_packet_size(channel.max_packet_bytes, MAX_OUTGOING_BYTES);
    match &channel.login {
        Some(Login { username, password_file: Some(file) }) => {
            let path = file.clone();
            let doing = format!("read the password file {}", file.display());
            let read = move || read_password(&path);
            let password = reading.run(doing, channel.connect_timeout, read).await?;
            options.set_credentials(username.clone(), password);
        }
        Some(Login { username, password_file: None }) => {
            options.set_username(username.clone());
        }
        None => {}
    }
    let (client, mut events) = AsyncClient::builder(options).capacity(REQUEST_QUEUE).build();
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    // The session's own bound is exact; this one is for writes later on, and counts whole seconds.
    network.set_connection_timeout(channel.connect_timeout.as_secs().saturating_add(1));
    events.set_network_options(network);
    Ok((client, events))
}

/// What a fault before the broker's CONNACK says.
pub(super) fn doing(channel: &Channel) -> String {
    format!("connect to {}", channel.broker)
}

/// The library's error as a fault, in words for whoever runs the broker.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add errors; each has its text")]
pub(super) fn fault(channel: &Channel, is_connected: bool, error: ConnectionError) -> Fault {
    let doing =
        if is_connected { format!("stay connected to {}", channel.broker) } else { doing(channel) };
    let cause = match error {
        ConnectionError::Io(cause)
        | ConnectionError::MqttState(StateError::Deserialization(rumqttc::Error::Io(cause))) => {
            return Fault::new(doing, cause);
        }
        ConnectionError::ConnectionRefused(code) => refusal(code).to_owned(),
        ConnectionError::MqttState(StateError::ConnectionAborted) => {
            "the broker closed the connection".to_owned()
        }
        ConnectionError::MqttState(StateError::AwaitPingResp) => format!(
            "no answer to a ping within the keep-alive time of {} ms",
            channel.keep_alive.as_millis()
        ),
        ConnectionError::MqttState(StateError::Deserialization(
            rumqttc::Error::PayloadSizeLimitExceeded(bytes),
        )) => format!(
            "a packet of {bytes} bytes, more than max_packet_bytes = {}; raise it, or have the message \
             published smaller",
            channel.max_packet_bytes
        ),
        // The others show their own causes: as a source they would be told twice.
        other => other.to_string(),
    };
    Fault::new(doing, cause)
}

fn refusal(code: ConnectReturnCode) -> &'static str {
    match code {
        ConnectReturnCode::Success => "the broker refuses, and says that it does not",
        ConnectReturnCode::RefusedProtocolVersion => "the broker does not speak MQTT 3.1.1",
        ConnectReturnCode::BadClientId => "the broker refuses the client id; set client_id",
        ConnectReturnCode::ServiceUnavailable => "the broker takes no connections at present",
        ConnectReturnCode::BadUserNamePassword => {
            "the broker refuses the login; check username and password_file"
        }
        ConnectReturnCode::NotAuthorized => {
            "the broker refuses the connection as not authorised; check username and password_file"
        }
    }
}

/// The file's bytes without one line end at their end.
fn read_password(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut password = Vec::new();
    let most = u64::try_from(MAX_PASSWORD_BYTES).unwrap_or(u64::MAX);
    file.take(most.saturating_add(2)).read_to_end(&mut password)?;
    for end in [b'\n', b'\r'] {
        if password.last() == Some(&end) {
            password.pop();
        }
    }
    if password.is_empty() {
        return Err(io::Error::other("it is empty"));
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(io::Error::other(format!("more than {MAX_PASSWORD_BYTES} bytes")));
    }
    Ok(password)
}
