//! Modbus TCP: one connection of one master, as a gateway with several slaves behind it answers.
//!
//! Requests are answered as they come; a late slave does not hold back the others on the connection.
//! Bytes that cannot be Modbus end the connection, as nothing behind them can be framed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

use super::answer::{TARGET_FAILED_TO_RESPOND, exception};
use super::frame::{MBAP_BYTES, Mbap};
use super::outbox::{Leaving, Outbox};
use super::serial::IDLE_LIMIT;
use super::slaves::{Answer, answer_of};
use crate::capture::{Direction, Tap};
use crate::fault::{Device, Fault, FaultBoard};
use crate::orders::Orders;

/// A master that takes nothing for this long is hung up on.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// Bytes read ahead of what is answered.
const READ_AHEAD_BYTES: usize = 2_048;

/// Which device answers a unit id.
fn device_of(unit_id: u8) -> Option<Device> {
    match unit_id {
        1 => Some(Device::Meter),
        2 => Some(Device::Boiler),
        3 => Some(Device::Pumps),
        _ => None,
    }
}

/// Serves one master until either side hangs up.
///
/// # Cancellation
/// Dropping it closes the connection.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    faults: &FaultBoard,
    orders: &Orders,
    tap: &Tap,
) {
    match exchange(stream, faults, orders, &tap.with(peer)).await {
        Ok(()) => debug!(%peer, "a master hung up"),
        Err(error) => debug!(%peer, %error, "a master was lost"),
    }
}

async fn exchange(
    mut stream: TcpStream,
    faults: &FaultBoard,
    orders: &Orders,
    tap: &Tap,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = BytesMut::new();
    let mut outbox = Outbox::default();
    let mut idle_at = Instant::now() + IDLE_LIMIT;
    loop {
        while !outbox.is_full()
            && let Some((mbap, pdu)) = next_request(&mut received)?
        {
            let now = Instant::now();
            tap.note(Direction::Request, now, now, &mbap.frame(&pdu));
            if let Some((due, leaving)) = react(mbap, &pdu, faults, orders) {
                outbox.put(due, leaving);
            }
        }
        let room = READ_AHEAD_BYTES.saturating_sub(received.len());
        // Cancel-safe: read_buf puts bytes into the buffer or none; the outbox keeps what is not due.
        tokio::select! {
            leaving = outbox.next_due() => {
                timeout(WRITE_LIMIT, stream.write_all(&leaving.bytes)).await??;
                let now = Instant::now();
                tap.note(Direction::Reply, now, now, &leaving.bytes);
                if leaving.last {
                    return Ok(());
                }
            }
            read = read_some(&mut stream, &mut received, room), if room > 0 => {
                if read? == 0 {
                    return Ok(());
                }
                idle_at = Instant::now() + IDLE_LIMIT;
            }
            () = sleep_until(idle_at) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

async fn read_some(
    stream: &mut TcpStream,
    received: &mut BytesMut,
    room: usize,
) -> io::Result<usize> {
    stream.take(room as u64).read_buf(received).await
}

/// Takes the next whole request out of what was received; `None` until there is one.
fn next_request(received: &mut BytesMut) -> io::Result<Option<(Mbap, BytesMut)>> {
    let Some(header) = received.first_chunk::<MBAP_BYTES>() else {
        return Ok(None);
    };
    let mbap = Mbap::parse(*header)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an MBAP header"))?;
    if received.len() < MBAP_BYTES + mbap.pdu_bytes {
        return Ok(None);
    }
    received.advance(MBAP_BYTES);
    Ok(Some((mbap, received.split_to(mbap.pdu_bytes))))
}

/// What a request brings about, and when.
fn react(
    mbap: Mbap,
    pdu: &[u8],
    faults: &FaultBoard,
    orders: &Orders,
) -> Option<(Instant, Leaving)> {
    let now = Instant::now();
    let function = *pdu.first()?;
    let Some(device) = device_of(mbap.unit_id) else {
        let bytes = mbap.frame(&exception(function, TARGET_FAILED_TO_RESPOND));
        return Some((now, Leaving { bytes, last: false }));
    };
    let Answer { pdu: reply, fault } = answer_of(device, pdu, faults, orders)?;
    let bytes = mbap.reply_with(fault, &reply);
    Some((now + fault.delay(), Leaving { bytes, last: fault == Fault::Disconnect }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_whole_and_one_by_one() {
        let mut received = BytesMut::new();
        let frame = [0, 7, 0, 0, 0, 6, 1, 4, 0, 0, 0, 2];
        for byte in frame {
            assert!(next_request(&mut received).unwrap().is_none());
            received.extend([byte]);
        }
        received.extend(frame);
        for _ in 0..2 {
            let (mbap, pdu) = next_request(&mut received).unwrap().unwrap();
            assert_eq!((mbap.transaction, &pdu[..]), (7, &frame[7..]));
        }
        assert!(received.is_empty());
    }

    #[test]
    fn what_is_no_modbus_ends_the_connection() {
        let mut received = BytesMut::from(&b"GET / HTTP/1.1\r\n"[..]);
        assert!(next_request(&mut received).is_err());
    }

    #[test]
    fn a_unit_that_is_not_there_is_reported_by_the_gateway_before_it() {
        let mbap = Mbap { transaction: 1, unit_id: 9, pdu_bytes: 5 };
        let (_, leaving) =
            react(mbap, &[4, 0, 0, 0, 2], &FaultBoard::new(), &Orders::default()).unwrap();
        assert_eq!(leaving.bytes, [0, 1, 0, 0, 0, 3, 9, 0x84, 0x0B]);
    }

    #[test]
    fn time_and_silence_are_played_too() {
        let board = FaultBoard::new();
        let mbap = Mbap { transaction: 1, unit_id: 2, pdu_bytes: 5 };
        let request = [3, 0, 104, 0, 1];
        board.apply("boiler=silent").unwrap();
        assert!(react(mbap, &request, &board, &Orders::default()).is_none());
        board.apply("boiler=exception:4").unwrap();
        let (_, leaving) = react(mbap, &request, &board, &Orders::default()).unwrap();
        assert_eq!(leaving.bytes[7..], [0x83, 4]);
        board.apply("boiler=late:300").unwrap();
        let before = Instant::now();
        let (due, _) = react(mbap, &request, &board, &Orders::default()).unwrap();
        assert!(due >= before + Duration::from_millis(300));
        board.apply("boiler=write-exception:4").unwrap();
        let (_, leaving) = react(mbap, &request, &board, &Orders::default()).unwrap();
        assert_eq!(leaving.bytes[7], 3, "reads are answered");
        let (orders, write) = (Orders::default(), [6, 0, 104, 0x02, 0x58]);
        let (_, leaving) = react(mbap, &write, &board, &orders).unwrap();
        assert_eq!(leaving.bytes[7..], [0x86, 4]);
        let setpoint = |orders: &Orders| {
            let now = FaultBoard::new();
            react(mbap, &request, &now, orders).unwrap().1.bytes[7..].to_vec()
        };
        assert_ne!(setpoint(&orders), [3, 2, 0x02, 0x58]);
        board.apply("boiler=write-silent").unwrap();
        assert!(react(mbap, &write, &board, &orders).is_none());
        assert_eq!(setpoint(&orders), [3, 2, 0x02, 0x58], "done, and not told");
        board.apply("boiler=disconnect").unwrap();
        assert!(react(mbap, &request, &board, &Orders::default()).unwrap().1.last);
    }
}
