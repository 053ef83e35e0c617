//! Looking for units.

use std::time::Duration;

use pointcast_api::Fault;

use super::super::duration;
use super::super::refused::count;
use super::super::say;
use super::hint::hint;
use super::target::Target;
use super::{Progress, print};
use crate::registry::probe::{Heard, Presence, Probe, exception_words};

/// Calls every unit, and says who is there as soon as that is known.
pub(super) async fn scan(
    target: &Target,
    probe: &mut Probe<'_>,
    progress: &mut Progress,
) -> Result<(), Fault> {
    let bus = &target.bus;
    let units = target.units.0.clone();
    let all = units.clone().count();
    let longest = bus.timeout() * u32::try_from(all).unwrap_or(u32::MAX);
    progress.clear();
    let line = bus.line().map(|line| format!(" ({line})")).unwrap_or_default();
    say(&format!(
        "asks {} of {}{line} for {}, each for about {}: about {}",
        count(all, "unit"),
        bus.place(),
        target.call,
        duration::words(bus.timeout()),
        duration::words(longest),
    ));
    let mut found = Found::default();
    for (done, unit) in units.enumerate() {
        let left = bus.timeout() * u32::try_from(all - done).unwrap_or(u32::MAX);
        progress.show(&format!(
            "unit {unit}, {} of {all} done, {} found, about {} left",
            done,
            found.there.len(),
            duration::words(left)
        ));
        let presence = probe.call(unit, &target.call).await?;
        found.take(unit, presence);
        if let Some(words) = words(presence, target) {
            progress.clear();
            print(&format!("unit {unit:>3}  {words}\n"));
        }
    }
    progress.clear();
    say(&found.summary(target, all, probe.heard()));
    Ok(())
}

/// What a unit did, in words; `None`: nothing.
fn words(presence: Presence, target: &Target) -> Option<String> {
    let call = target.call;
    let ms = |took: Duration| format!("{:.1} ms", took.as_secs_f64() * 1_000.0);
    Some(match presence {
        Presence::Answered(value, took) => format!("is there, {call} holds {value}  ({})", ms(took)),
        Presence::Refused(code, took) => format!(
            "is there, refuses {call}: exception {code:02}, {}  ({})",
            exception_words(code),
            ms(took)
        ),
        Presence::Damaged => {
            "something came, damaged: check baud, parity, stop bits and wiring".to_owned()
        }
        Presence::NoFrames => "something came that is no Modbus TCP".to_owned(),
        Presence::Foreign(from) => format!("silent, but a frame of unit {from} came: is there another master?"),
        Presence::Misshapen => {
            "something of it came that is no answer: two devices with this unit id, or none of Modbus".to_owned()
        }
        Presence::LineBusy => {
            "was not asked: the line is never silent. Is there another master?".to_owned()
        }
        Presence::Unreachable(_) | Presence::Closed | Presence::Silent => return None,
    })
}

/// What a scan found.
#[derive(Debug, Default)]
struct Found {
    there: Vec<u8>,
    unreachable: usize,
    closed: usize,
}

impl Found {
    fn take(&mut self, unit: u8, presence: Presence) {
        match presence {
            Presence::Answered(..) | Presence::Refused(..) => self.there.push(unit),
            Presence::Unreachable(_) => self.unreachable += 1,
            Presence::Closed => self.closed += 1,
            Presence::Damaged
            | Presence::NoFrames
            | Presence::Misshapen
            | Presence::Foreign(_)
            | Presence::LineBusy
            | Presence::Silent => {}
        }
    }

    /// How many are there, what that may mean, and what to do next.
    fn summary(&self, target: &Target, all: usize, heard: Heard) -> String {
        let mut text = format!("{} of {all} are there", count(self.there.len(), "unit"));
        if self.unreachable > 0 {
            text.push_str(&format!(
                "; of {} the gateway says that it cannot reach them",
                self.unreachable
            ));
        }
        if self.closed > 0 {
            text.push_str(&format!("; at {} it closed the connection", self.closed));
        }
        text.push('\n');
        if target.bus.is_tcp() && self.there.len() > 1 && self.there.len() == all {
            text.push_str("every one answers: likely it is one device that minds no unit id\n");
        }
        match self.there.first() {
            Some(unit) => {
                let table = target.call.to_string();
                let table = table.split(':').next().unwrap_or_default();
                text.push_str(&format!(
                    "next: pointcast probe {} --unit {unit} {table}:0-29",
                    target.named
                ));
            }
            None if self.unreachable == 0 => text.push_str(&hint(&target.driver, heard)),
            None => {}
        }
        text.trim_end().to_owned()
    }
}
