//! One client's connection to the broker (MQTT 3.1.1, chapters 3 and 4).
//!
//! While the broker is silent on demand, whatever comes is thrown away and nothing goes out; a client that
//! connects meanwhile never gets its CONNACK.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::mqttbytes::v4::{
    ConnAck, Connect, ConnectReturnCode, LastWill, Packet, PubAck, Publish, SubAck, Subscribe,
    SubscribeReasonCode, UnsubAck,
};
use rumqttc::mqttbytes::{self, Error as PacketError, valid_topic};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

use super::MAX_PACKET_BYTES;
use super::hub::{Attached, Hub, MAX_RETAINED, Message, QoS};
use crate::fault::{Device, Fault, FaultBoard};

/// From the connection to its CONNECT.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A client that takes nothing for this long is hung up on.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// A client without a keep-alive of its own that says nothing for this long is hung up on.
const IDLE_LIMIT: Duration = Duration::from_secs(3_600);

/// Most messages of QoS 1 whose acknowledgement is owed; past it the client's queue fills.
const MAX_IN_FLIGHT: usize = 64;

/// Most retained messages waiting for one client. Nothing is read while any waits, but for acknowledgements
/// without which they cannot go out.
const MAX_KEPT: usize = 2 * MAX_RETAINED;

/// Serves one client until either side hangs up.
///
/// # Cancellation
/// Dropping it closes the connection; its will is then not published.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, hub: &Hub, faults: &FaultBoard) {
    let ended = tokio::select! {
        ended = converse(stream, hub, faults) => ended,
        () = faults.until(Device::Broker, |fault| fault == Fault::Disconnect) => Ok(()),
    };
    match ended {
        Ok(()) => debug!(%peer, "a client went"),
        Err(error) => debug!(%peer, %error, "a client was lost"),
    }
}

async fn converse(stream: TcpStream, hub: &Hub, faults: &FaultBoard) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut wire = Wire { stream, received: BytesMut::new(), faults };
    let Some(connect) = greet(&mut wire).await? else {
        return Ok(());
    };
    let attached = hub.attach(&connect.client_id);
    wire.send(&Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, false))).await?;
    let mut client = Client::new(hub, attached, connect.keep_alive);
    let ended = client.run(&mut wire).await;
    // Only a DISCONNECT takes the will back (§3.1.2.5).
    if let (Some(will), false) = (connect.last_will, matches!(ended, Ok(Goodbye::Said))) {
        publish_will(hub, will);
    }
    ended.map(|_| ())
}

fn publish_will(hub: &Hub, will: LastWill) {
    let LastWill { topic, message, qos, retain } = will;
    hub.publish(&Message { topic: topic.into(), payload: message, qos: qos.into(), retain });
}

/// The client's CONNECT; `None` when it was refused.
async fn greet(wire: &mut Wire<'_>) -> io::Result<Option<Connect>> {
    let first = loop {
        match timeout(CONNECT_LIMIT, wire.read()).await {
            Ok(first) => break first,
            Err(_) if wire.is_silent() => {}
            Err(late) => return Err(late.into()),
        }
    };
    let refusal = match first {
        Ok(Some(Packet::Connect(connect))) => {
            if connect.clean_session || !connect.client_id.is_empty() {
                return Ok(Some(connect));
            }
            ConnectReturnCode::BadClientId
        }
        Err(ReadError::Packet(PacketError::InvalidProtocolLevel(_))) => {
            ConnectReturnCode::RefusedProtocolVersion
        }
        Ok(None) => return Ok(None),
        Ok(Some(other)) => return Err(unexpected(&other)),
        Err(error) => return Err(error.into()),
    };
    wire.send(&Packet::ConnAck(ConnAck::new(refusal, false))).await?;
    Ok(None)
}

fn unexpected(packet: &Packet) -> io::Error {
    invalid(format!("a client never sends {:?} here", packet.packet_type()))
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

/// How a conversation ended without an error.
enum Goodbye {
    /// With a DISCONNECT.
    Said,
    /// Without.
    Missed,
}

/// A client after its CONNECT.
struct Client<'a> {
    hub: &'a Hub,
    attached: Attached,
    /// Retained messages that subscribing brought; at most [`MAX_KEPT`].
    kept: VecDeque<Message>,
    in_flight: BTreeSet<u16>,
    last_packet_id: u16,
    patience: Duration,
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        self.hub.detach(self.attached.key);
    }
}

impl<'a> Client<'a> {
    fn new(hub: &'a Hub, attached: Attached, keep_alive_s: u16) -> Self {
        // §3.1.2.10: one and a half times the keep-alive; 0 switches it off.
        let patience = match keep_alive_s {
            0 => IDLE_LIMIT,
            seconds => Duration::from_secs(u64::from(seconds)) * 3 / 2,
        };
        let (kept, in_flight) = (VecDeque::new(), BTreeSet::new());
        Self { hub, attached, kept, in_flight, last_packet_id: 0, patience }
    }

    async fn run(&mut self, wire: &mut Wire<'_>) -> io::Result<Goodbye> {
        let mut silent_at = Instant::now() + self.patience;
        loop {
            let may_send = self.in_flight.len() < MAX_IN_FLIGHT;
            let may_read = self.kept.is_empty() || !may_send;
            // Cancel-safe: the wire keeps half a packet, the queues keep their messages.
            tokio::select! {
                () = self.attached.taken_over.cancelled() => return Ok(Goodbye::Missed),
                packet = wire.read(), if may_read => {
                    silent_at = Instant::now() + self.patience;
                    let Some(packet) = packet? else { return Ok(Goodbye::Missed) };
                    if matches!(packet, Packet::Disconnect) {
                        return Ok(Goodbye::Said);
                    }
                    self.take(packet, wire).await?;
                }
                message = next(&mut self.kept, &mut self.attached.queue), if may_send => {
                    self.deliver(message, wire).await?;
                }
                () = sleep_until(silent_at) => {
                    // A silent broker does not hang up either: its client is to find out by itself.
                    if !wire.is_silent() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    silent_at = Instant::now() + self.patience;
                }
            }
        }
    }

    async fn take(&mut self, packet: Packet, wire: &mut Wire<'_>) -> io::Result<()> {
        match packet {
            Packet::Publish(publish) => self.publish(publish, wire).await,
            Packet::Subscribe(subscribe) => self.subscribe(subscribe, wire).await,
            Packet::Unsubscribe(unsubscribe) => {
                self.hub.unsubscribe(self.attached.key, &unsubscribe.topics);
                wire.send(&Packet::UnsubAck(UnsubAck::new(unsubscribe.pkid))).await
            }
            Packet::PubAck(ack) => {
                self.in_flight.remove(&ack.pkid);
                Ok(())
            }
            Packet::PingReq => wire.send(&Packet::PingResp).await,
            other @ (Packet::Connect(_)
            | Packet::ConnAck(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::SubAck(_)
            | Packet::UnsubAck(_)
            | Packet::PingResp
            | Packet::Disconnect) => Err(unexpected(&other)),
        }
    }

    async fn publish(&mut self, publish: Publish, wire: &mut Wire<'_>) -> io::Result<()> {
        let Publish { qos, retain, topic, pkid, payload, .. } = publish;
        let sound =
            std::str::from_utf8(&topic).is_ok_and(|topic| !topic.is_empty() && valid_topic(topic));
        if !sound {
            return Err(invalid("a topic to publish on is not empty and holds no + or #"));
        }
        if qos == mqttbytes::QoS::ExactlyOnce {
            return Err(invalid("this broker takes QoS 0 and 1 only"));
        }
        let qos = QoS::from(qos);
        self.hub.publish(&Message { topic, payload, qos, retain });
        if qos == QoS::AtLeastOnce {
            wire.send(&Packet::PubAck(PubAck::new(pkid))).await?;
        }
        Ok(())
    }

    async fn subscribe(&mut self, subscribe: Subscribe, wire: &mut Wire<'_>) -> io::Result<()> {
        let wishes: Vec<_> =
            subscribe.filters.into_iter().map(|filter| (filter.path, filter.qos.into())).collect();
        let (grants, kept) = self.hub.subscribe(self.attached.key, &wishes);
        let code = |grant: Option<QoS>| {
            grant.map_or(SubscribeReasonCode::Failure, |qos| {
                SubscribeReasonCode::Success(qos.into())
            })
        };
        let codes = grants.into_iter().map(code).collect();
        wire.send(&Packet::SubAck(SubAck::new(subscribe.pkid, codes))).await?;
        let room = MAX_KEPT.saturating_sub(self.kept.len());
        self.kept.extend(kept.into_iter().take(room));
        Ok(())
    }

    async fn deliver(&mut self, message: Message, wire: &mut Wire<'_>) -> io::Result<()> {
        let Message { topic, payload, qos, retain } = message;
        let pkid = if qos == QoS::AtMostOnce { 0 } else { self.free_packet_id() };
        let publish = Publish { dup: false, qos: qos.into(), retain, topic, pkid, payload };
        if wire.send_counted(&Packet::Publish(publish)).await? && pkid != 0 {
            self.in_flight.insert(pkid);
        }
        Ok(())
    }

    /// The next packet id that is not in flight; never 0. There is one, as far fewer are in flight.
    fn free_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.in_flight.contains(&self.last_packet_id) {
                return self.last_packet_id;
            }
        }
    }
}

/// The client's next message: what was retained first.
async fn next(
    kept: &mut VecDeque<Message>,
    queue: &mut tokio::sync::mpsc::Receiver<Message>,
) -> Message {
    if let Some(message) = kept.pop_front() {
        return message;
    }
    match queue.recv().await {
        Some(message) => message,
        // The hub forgot this client: `taken_over` says so too, and ends the conversation.
        None => std::future::pending().await,
    }
}

/// Packets in and out of the socket.
struct Wire<'a> {
    stream: TcpStream,
    received: BytesMut,
    faults: &'a FaultBoard,
}

/// Why no packet could be read.
enum ReadError {
    Io(io::Error),
    Packet(PacketError),
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            ReadError::Packet(error) => invalid(error.to_string()),
        }
    }
}

impl Wire<'_> {
    fn is_silent(&self) -> bool {
        self.faults.of(Device::Broker) == Fault::Silent
    }

    /// The next packet; `None` when the client hung up. While the broker is silent, none comes.
    ///
    /// # Cancellation
    /// Safe: bytes read so far stay in `received`.
    async fn read(&mut self) -> Result<Option<Packet>, ReadError> {
        loop {
            match Packet::read(&mut self.received, MAX_PACKET_BYTES) {
                Ok(packet) if self.is_silent() => {
                    debug!(kind = ?packet.packet_type(), "passed over in silence");
                }
                Ok(packet) => return Ok(Some(packet)),
                Err(PacketError::InsufficientBytes(_)) => {
                    let read = self.stream.read_buf(&mut self.received).await;
                    if read.map_err(ReadError::Io)? == 0 {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(ReadError::Packet(error)),
            }
        }
    }

    async fn send(&mut self, packet: &Packet) -> io::Result<()> {
        self.send_counted(packet).await.map(|_| ())
    }

    /// Whether it went out: in silence it does not.
    async fn send_counted(&mut self, packet: &Packet) -> io::Result<bool> {
        if self.is_silent() {
            return Ok(false);
        }
        let mut bytes = BytesMut::new();
        packet
            .write(&mut bytes, MAX_PACKET_BYTES + 5)
            .map_err(|error| invalid(error.to_string()))?;
        timeout(WRITE_LIMIT, self.stream.write_all(&bytes)).await??;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The codec is a library's: this is what the broker relies on.
        #[test]
        fn no_bytes_upset_the_codec(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            kind in 1_u8..15,
            framed in any::<bool>(),
        ) {
            let mut stream = BytesMut::new();
            if framed {
                let flags = if [6, 8, 10].contains(&kind) { 2 } else { 0 };
                let length = u8::try_from(bytes.len().min(127)).unwrap();
                stream.extend([kind << 4 | flags, length]);
            }
            stream.extend(&bytes);
            for _ in 0..=bytes.len() {
                if Packet::read(&mut stream, 100).is_err() {
                    break;
                }
            }
        }
    }
}
