//! The scale on its port: it talks, several lines a second, and listens to nobody.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::devices::scale::{LINES_PER_S, line};
use crate::fault::{Device, Fault, FaultBoard};
use crate::port::Pty;
use crate::signal::SiteTime;

/// Where a cut line ends: in the middle of the weight.
const CUT_BYTES: usize = 12;

/// Every so many bytes of a garbled line one is flipped.
const GARBLED_EVERY_BYTES: usize = 4;

/// Talks until the terminal fails; returns why.
///
/// # Cancellation
/// Safe: a line goes out whole or not at all.
pub(crate) async fn serve(pty: Arc<Pty>, faults: &FaultBoard) -> io::Error {
    match talk(&pty, faults).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn talk(pty: &Pty, faults: &FaultBoard) -> io::Result<std::convert::Infallible> {
    let mut tick = interval(Duration::from_secs(1) / LINES_PER_S);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut unheard = [0; 64];
    loop {
        tokio::select! {
            _ = tick.tick() => match spoken(faults.of(Device::Scale), SiteTime::now()) {
                Some(bytes) => pty.send(&bytes)?,
                None => pty.let_others_open()?,
            },
            // Whatever is sent to the scale is taken off the wire, or its sender would block one day.
            read = pty.read(&mut unheard) => {
                read?;
            }
        }
    }
}

/// What the scale says at a moment.
fn spoken(fault: Fault, time: SiteTime) -> Option<Vec<u8>> {
    let mut bytes = line(time).into_bytes();
    match fault {
        Fault::Silent | Fault::Disconnect => return None,
        Fault::Cut => bytes.truncate(CUT_BYTES),
        Fault::Garbled => {
            bytes.iter_mut().step_by(GARBLED_EVERY_BYTES).for_each(|byte| *byte ^= 0x55);
        }
        Fault::Ok
        | Fault::Late(_)
        | Fault::WrongCrc
        | Fault::WrongTransaction
        | Fault::WrongUnit
        | Fault::Flipped(_)
        | Fault::Truncated
        | Fault::Joined
        | Fault::Exception(_)
        | Fault::RefusedWrites(_)
        | Fault::UnansweredWrites
        | Fault::Garbage => {}
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_heard() {
        let now = SiteTime::now();
        let good = spoken(Fault::Ok, now).unwrap();
        assert_eq!(good, line(now).as_bytes());
        assert_eq!(spoken(Fault::Silent, now), None);
        assert_eq!(spoken(Fault::Cut, now).unwrap(), good[..CUT_BYTES]);
        let garbled = spoken(Fault::Garbled, now).unwrap();
        assert_eq!(garbled.len(), good.len());
        assert!(!garbled.starts_with(b"ST") && !garbled.starts_with(b"US"));
    }
}
