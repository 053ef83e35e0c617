//! Modbus RTU: the slaves of one line (Modbus over Serial Line V1.02 §2.5.1).
//!
//! A pseudo terminal carries bytes in no time, so the wire is played: a reply goes out, whole, when its last
//! character would have arrived at the line's rate, request and turnaround counted in. Frames end by
//! silence. A slave passes over frames with a wrong CRC, for others, and broadcasts.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::answer::{exception, is_write};
use super::frame::{MAX_RTU_BYTES, parse_rtu, rtu_reply};
use super::outbox::{Leaving, Outbox};
use crate::devices::slave_reply;
use crate::fault::{Device, Fault, FaultBoard};
use crate::orders::Orders;
use crate::port::Pty;
use crate::signal::SiteTime;

/// How the line is set: 9600 baud, 8 data bits, even parity, 1 stop bit.
pub(crate) const LINE: Line = Line { baud: 9_600, bits_per_character: 11 };

/// From the end of a request to the start of its reply.
const TURNAROUND: Duration = Duration::from_millis(8);

/// How often a user's claim to the port is taken back.
const RELEASE_EVERY: Duration = Duration::from_millis(250);

/// Above this rate the silence between frames is fixed (§2.5.1.1).
const FIXED_SILENCE_ABOVE_BAUD: u32 = 19_200;
const FIXED_SILENCE: Duration = Duration::from_micros(1_750);

/// A line's rate and character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    baud: u32,
    /// Start, data, parity and stop bits.
    bits_per_character: u32,
}

impl Line {
    /// How long so many characters take.
    pub(crate) fn time_of(self, characters: usize) -> Duration {
        let characters = u32::try_from(characters).unwrap_or(u32::MAX);
        Duration::from_secs(1) * characters.saturating_mul(self.bits_per_character) / self.baud
    }

    /// The silence that ends a frame: 3.5 characters, or 1.75 ms on a fast line.
    pub(crate) fn silence(self) -> Duration {
        if self.baud > FIXED_SILENCE_ABOVE_BAUD { FIXED_SILENCE } else { self.time_of(7) / 2 }
    }
}

/// Which device answers a unit id.
fn device_of(unit_id: u8) -> Option<Device> {
    match unit_id {
        1 => Some(Device::Greenhouse1),
        2 => Some(Device::Greenhouse2),
        _ => None,
    }
}

/// Serves the master on the line until the terminal fails; returns why.
///
/// # Cancellation
/// Dropping it loses what was not yet sent.
pub(crate) async fn serve(pty: Arc<Pty>, faults: &FaultBoard, orders: &Orders) -> io::Error {
    match exchange(&pty, faults, orders).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn exchange(
    pty: &Pty,
    faults: &FaultBoard,
    orders: &Orders,
) -> io::Result<std::convert::Infallible> {
    let mut arriving = Arriving::default();
    let mut outbox = Outbox::default();
    let mut release = interval(RELEASE_EVERY);
    release.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut chunk = [0; MAX_RTU_BYTES];
    loop {
        let silence_at = arriving.silence_at();
        // Cancel-safe: reads leave bytes in the terminal, the outbox keeps what is not due. Reads come
        // first: bytes that are there already are no silence, however late this future is polled.
        tokio::select! {
            biased;
            read = pty.read(&mut chunk) => {
                let count = read?;
                arriving.push(chunk.get(..count).unwrap_or_default(), Instant::now());
            }
            () = until(silence_at) => {
                let (frame, begun) = arriving.take();
                if !outbox.is_full() && let Some((due, bytes)) = react(&frame, begun, faults, orders) {
                    outbox.put(due, Leaving { bytes, last: false });
                }
            }
            leaving = outbox.next_due() => pty.send(&leaving.bytes)?,
            _ = release.tick() => pty.let_others_open()?,
        }
    }
}

/// Waits until the moment, or for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Bytes that came since the last silence.
#[derive(Debug, Default)]
struct Arriving {
    /// At most one byte more than a frame can have: more is no frame, however it goes on.
    bytes: Vec<u8>,
    /// When the first and when the newest came.
    span: Option<(Instant, Instant)>,
}

impl Arriving {
    fn push(&mut self, bytes: &[u8], now: Instant) {
        let room = (MAX_RTU_BYTES + 1).saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }

    /// When the frame ends, if nothing more comes.
    fn silence_at(&self) -> Option<Instant> {
        self.span.map(|(_, newest)| newest + LINE.silence())
    }

    /// The frame, and when its first byte came.
    fn take(&mut self) -> (Vec<u8>, Instant) {
        let begun = self.span.take().map_or_else(Instant::now, |(first, _)| first);
        (std::mem::take(&mut self.bytes), begun)
    }
}

/// What a frame whose first byte came at `begun` brings about, and when.
fn react(
    frame: &[u8],
    begun: Instant,
    faults: &FaultBoard,
    orders: &Orders,
) -> Option<(Instant, Vec<u8>)> {
    let (unit_id, pdu) = parse_rtu(frame)?;
    let device = device_of(unit_id)?;
    let function = *pdu.first()?;
    let fault = faults.of(device);
    let reply = || slave_reply(device, pdu, SiteTime::now(), orders);
    let (extra, reply) = match fault {
        Fault::Silent => return None,
        Fault::Late(by) => (by, reply()?),
        Fault::Exception(code) => (Duration::ZERO, exception(function, code)),
        Fault::RefusedWrites(code) if is_write(pdu) => (Duration::ZERO, exception(function, code)),
        Fault::UnansweredWrites if is_write(pdu) => {
            reply()?;
            return None;
        }
        Fault::Ok
        | Fault::RefusedWrites(_)
        | Fault::UnansweredWrites
        | Fault::WrongCrc
        | Fault::WrongTransaction
        | Fault::Truncated
        | Fault::Disconnect
        | Fault::Garbage
        | Fault::Garbled
        | Fault::Cut => (Duration::ZERO, reply()?),
    };
    let bytes = rtu_reply(unit_id, fault, &reply);
    let wire = LINE.time_of(frame.len()) + TURNAROUND + LINE.time_of(bytes.len());
    Some((begun + wire + extra, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request frame with its CRC.
    fn request(unit_id: u8, pdu: &[u8]) -> Vec<u8> {
        rtu_reply(unit_id, Fault::Ok, pdu)
    }

    #[test]
    fn a_line_takes_its_time() {
        assert_eq!(LINE.time_of(96), Duration::from_millis(110));
        assert_eq!(LINE.silence().as_micros(), 4_010);
        let fast = Line { baud: 115_200, bits_per_character: 11 };
        assert_eq!(fast.silence(), Duration::from_micros(1_750));
    }

    #[test]
    fn a_reply_leaves_when_its_last_character_would_have_come() {
        let begun = Instant::now();
        let board = FaultBoard::new();
        let frame = request(1, &[4, 0, 0, 0, 7]);
        let (due, bytes) = react(&frame, begun, &board, &Orders::default()).unwrap();
        assert_eq!((frame.len(), bytes.len()), (8, 19));
        assert_eq!(due - begun, LINE.time_of(8) + TURNAROUND + LINE.time_of(19));
        board.apply("greenhouse1=late:300").unwrap();
        let (late, _) = react(&frame, begun, &board, &Orders::default()).unwrap();
        assert_eq!(late - due, Duration::from_millis(300));
    }

    #[test]
    fn a_slave_passes_over_what_is_not_its_own() {
        let board = FaultBoard::new();
        let now = Instant::now();
        let read = [4, 0, 0, 0, 1];
        let mut wrong = request(1, &read);
        wrong[3] ^= 1;
        // Broadcast, a stranger, a wrong CRC, and an exception reply that a line in echo sends back.
        for frame in [request(0, &read), request(3, &read), wrong, request(1, &[0x84, 2])] {
            assert!(react(&frame, now, &board, &Orders::default()).is_none(), "{frame:02X?}");
        }
        board.apply("greenhouse2=silent").unwrap();
        assert!(react(&request(2, &read), now, &board, &Orders::default()).is_none());
        assert!(react(&request(1, &read), now, &board, &Orders::default()).is_some());
    }

    #[test]
    fn an_endless_frame_is_kept_bounded_and_passed_over() {
        let mut arriving = Arriving::default();
        let now = Instant::now();
        for _ in 0..100 {
            arriving.push(&[0; 100], now);
        }
        let (frame, _) = arriving.take();
        assert_eq!(frame.len(), MAX_RTU_BYTES + 1);
        assert!(react(&frame, now, &FaultBoard::new(), &Orders::default()).is_none());
        assert_eq!(arriving.silence_at(), None);
    }
}
