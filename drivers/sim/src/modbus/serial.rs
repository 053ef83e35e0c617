//! Modbus RTU and ASCII: the slaves of one line, on whatever carries its bytes (Modbus over Serial Line V1.02 §2.5).
//!
//! A pseudo terminal or a connection carries bytes in no time, so the wire is played: a request has arrived when its
//! last bit would be (`ear`), and the characters of the reply leave at the line's rate (`mouth`). A slave passes over
//! frames with a wrong check sum, for others, and broadcasts. Collisions are not played: who speaks while another
//! does is heard all the same.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::ear::{Ear, Heard};
use super::line::Line;
use super::mouth::{Mouth, Said};
use super::slaves::Answer;
use crate::capture::{Direction, Tap};
use crate::port::Pty;

/// Bytes taken in at once: more than any RTU frame.
const CHUNK_BYTES: usize = 512;

/// How often a port is tended.
const TEND_EVERY: Duration = Duration::from_millis(250);

/// Whoever takes nothing for this long is hung up on.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// Whoever sends nothing for this long is hung up on, where that would keep others away.
pub(crate) const IDLE_LIMIT: Duration = Duration::from_secs(600);

/// What carries a line's bytes.
pub(crate) trait Carrier {
    /// Takes in what the master sent; nothing: it is gone. Cancel-safe.
    fn take_in(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Hands over what the slaves say.
    fn hand_over(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Called now and then.
    fn tend(&self) -> io::Result<()> {
        Ok(())
    }

    /// How long a master may be silent.
    fn idle_limit(&self) -> Option<Duration> {
        None
    }
}

impl Carrier for &Pty {
    async fn take_in(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.read(into).await
    }

    async fn hand_over(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes)
    }

    fn tend(&self) -> io::Result<()> {
        self.let_others_open()
    }
}

/// A connection, or one end of a pipe.
pub(crate) struct Stream<S> {
    pub(crate) stream: S,
    pub(crate) idle_limit: Option<Duration>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for Stream<S> {
    async fn take_in(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into).await
    }

    async fn hand_over(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(WRITE_LIMIT, self.stream.write_all(bytes)).await?
    }

    fn idle_limit(&self) -> Option<Duration> {
        self.idle_limit
    }
}

/// Serves one master on a paced line over `stream`, until it hangs up: the slaves' side of a line for tests, on the
/// clock of the runtime, which may be paused. `answer` is asked for unit id and PDU of each request to a unit.
///
/// # Errors
/// What the stream says.
///
/// # Cancellation
/// Dropping it loses what was not yet sent.
pub async fn serve_line(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    line: Line,
    answer: impl FnMut(u8, &[u8]) -> Option<Answer>,
    tap: &Tap,
) -> io::Result<()> {
    serve(Stream { stream, idle_limit: None }, line, answer, tap).await
}

/// Serves the masters on the line until what carries it fails or ends.
///
/// # Cancellation
/// Dropping it loses what was not yet sent.
pub(crate) async fn serve(
    mut carrier: impl Carrier,
    line: Line,
    mut answer: impl FnMut(u8, &[u8]) -> Option<Answer>,
    tap: &Tap,
) -> io::Result<()> {
    let begun = Instant::now();
    let (mut ear, mut mouth) = (Ear::new(line, begun), Mouth::new(line, begun));
    let idle_limit = carrier.idle_limit();
    let mut idle_at = idle_limit.map(|limit| begun + limit);
    let mut tend = interval(TEND_EVERY);
    tend.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut chunk = [0; CHUNK_BYTES];
    loop {
        let (known_at, leaves_at) = (ear.ends_at(), mouth.next_at());
        // Cancel-safe: what is not taken in stays with the carrier, ear and mouth keep the rest. What is there
        // comes first: it is no silence, however late this future is polled.
        tokio::select! {
            biased;
            read = carrier.take_in(&mut chunk) => {
                let bytes = chunk.get(..read?).unwrap_or_default();
                if bytes.is_empty() {
                    return Ok(());
                }
                ear.hear(bytes, Instant::now());
                idle_at = idle_limit.map(|limit| Instant::now() + limit);
            }
            () = until(known_at) => {
                while let Some(heard) = ear.take(Instant::now()) {
                    tap.note(Direction::Request, heard.from, heard.until, &heard.bytes);
                    if let Some((from, bytes)) = react(&heard, line, &mut answer) {
                        mouth.say(from, bytes);
                    }
                }
            }
            () = until(leaves_at) => {
                let (bytes, said) = mouth.leave(Instant::now());
                if let Some(Said { bytes, from, until }) = said {
                    tap.note(Direction::Reply, from, until, &bytes);
                }
                carrier.hand_over(&bytes).await?;
            }
            _ = tend.tick() => carrier.tend()?,
            () = until(idle_at) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Waits until the moment, or for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        // A timer wakes on whole milliseconds: what is due already does not wait for the next one.
        Some(moment) if moment <= Instant::now() => {}
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What a request brings about, and when it begins.
fn react(
    heard: &Heard,
    line: Line,
    answer: impl FnOnce(u8, &[u8]) -> Option<Answer>,
) -> Option<(Instant, Vec<u8>)> {
    let (unit_id, request) = line.coding.parse(&heard.bytes)?;
    let Answer { pdu, fault } = answer(unit_id, &request)?;
    let from = heard.until + line.reply_after() + fault.delay();
    Some((from, line.coding.frame(unit_id, fault, &pdu)))
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;
    use crate::capture::Capture;
    use crate::fault::Fault;
    use crate::modbus::coding::Coding;
    use crate::modbus::line::Pace;

    const MS: Duration = Duration::from_millis(1);

    /// A master beside a line on which a character takes a millisecond and unit 1 says the same to everything.
    async fn with_line(
        coding: Coding,
        fault: Fault,
        script: impl AsyncFnOnce(&mut tokio::io::DuplexStream),
    ) -> Capture {
        let format = Some("8N1".parse().unwrap());
        let line = Pace { baud: 10_000, format, turnaround: 10 * MS }.line(coding);
        let capture = Capture::in_memory();
        let tap = capture.tap("line");
        let (mut ours, theirs) = duplex(1_024);
        let answer = |unit, _: &[u8]| (unit == 1).then(|| Answer { pdu: vec![4, 2, 0, 7], fault });
        tokio::select! {
            _ended = serve_line(theirs, line, answer, &tap) => {}
            () = script(&mut ours) => {}
        }
        capture
    }

    #[tokio::test(start_paused = true)]
    async fn request_thought_and_reply_take_their_time_character_by_character() {
        let start = Instant::now();
        let capture = with_line(Coding::Rtu, Fault::Ok, async |master| {
            let frame = Coding::Rtu.frame(1, Fault::Ok, &[4, 0, 0, 0, 1]);
            master.write_all(&frame).await.unwrap();
            let mut at = Vec::new();
            for _ in 0..7 {
                master.read_u8().await.unwrap();
                at.push((Instant::now() - start).as_millis());
            }
            assert_eq!(at, [19, 20, 21, 22, 23, 24, 25]);
        })
        .await;
        let noted: Vec<_> = capture
            .entries()
            .into_iter()
            .map(|entry| (entry.direction, entry.from - start, entry.until - start))
            .collect();
        let expected = [(Direction::Request, 0, 8), (Direction::Reply, 18, 25)];
        assert_eq!(noted, expected.map(|(way, from, until)| (way, from * MS, until * MS)));
    }

    #[tokio::test(start_paused = true)]
    async fn in_ascii_the_line_feed_ends_a_request_and_a_late_reply_is_late() {
        let start = Instant::now();
        with_line(Coding::Ascii, Fault::Late(300 * MS), async |master| {
            master.write_all(b":010400000001FA\r\n").await.unwrap();
            assert_eq!(master.read_u8().await.unwrap(), b':');
            assert_eq!(start.elapsed(), (17 + 10 + 300 + 1) * MS);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_slave_passes_over_what_is_not_its_own() {
        let capture = with_line(Coding::Rtu, Fault::Ok, async |master| {
            let read = [4, 0, 0, 0, 1];
            let mut wrong = Coding::Rtu.frame(1, Fault::Ok, &read);
            wrong[3] ^= 1;
            for frame in [
                Coding::Rtu.frame(0, Fault::Ok, &read),
                Coding::Rtu.frame(3, Fault::Ok, &read),
                wrong,
            ] {
                master.write_all(&frame).await.unwrap();
                assert!(timeout(1_000 * MS, master.read_u8()).await.is_err(), "{frame:02X?}");
            }
        })
        .await;
        assert!(capture.entries().iter().all(|entry| entry.direction == Direction::Request));
        assert_eq!(capture.entries().len(), 3, "what is passed over is noted too");
    }
}
