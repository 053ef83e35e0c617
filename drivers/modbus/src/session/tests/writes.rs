//! Writes on a simulated bus and on paused time: what reaches the bus, when, and what is said of it.

mod bytes;
mod waiting;
mod wrong;

use pointcast_api::{Command, Inlet, Outcome, Refused, Ticket, Verdict, command_queue};
use tokio::sync::mpsc;

use super::*;
use crate::testing::memory::{Heard, Memory, after, serve_writes};

/// Whoever writes, and what reached the bus.
struct Desk<'a> {
    rig: &'a Rig,
    commands: mpsc::Sender<Command>,
    log: Arc<Mutex<Vec<Heard>>>,
}

impl Desk<'_> {
    fn write_within(&self, within: Duration, point: u32, value: Value) -> Ticket {
        let (command, ticket) = Command::new(PointIndex(point), value, Instant::now() + within);
        self.commands.try_send(command).unwrap();
        ticket
    }

    fn write(&self, point: u32, value: u64) -> Ticket {
        self.write_within(30 * SECOND, point, Value::U64(value))
    }

    async fn written(&self, point: u32, value: u64) -> Result<Outcome, Refused> {
        self.write(point, value).answer().await
    }

    /// Everything that reached the bus.
    fn log(&self) -> Vec<Heard> {
        self.log.lock().unwrap().clone()
    }

    /// The PDUs of what was to be written.
    fn writes(&self) -> Vec<Vec<u8>> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|heard| heard.writes()).map(|heard| heard.pdu.clone()).collect()
    }

    /// All readings of a point so far.
    fn readings(&self, point: u32) -> Vec<Reading> {
        readings(&self.rig.ear.heard(), PointIndex(point))
    }
}

/// A session on a bus that reacts as told, beside `script`.
async fn beside<T>(
    rig: &Rig,
    mut react: impl FnMut(&Heard) -> Vec<Sent> + Send + 'static,
    script: impl AsyncFnOnce(&Desk<'_>) -> T,
) -> T {
    let (ours, theirs) = tokio::io::duplex(4096);
    let (commands, inlet) = command_queue();
    let desk = Desk { rig, commands, log: Arc::default() };
    let log = Arc::clone(&desk.log);
    let react = move |heard: &Heard| {
        log.lock().unwrap().push(heard.clone());
        react(heard)
    };
    let session = session_on(rig, ours, theirs, react, inlet);
    tokio::select! {
        biased;
        told = script(&desk) => told,
        lost = session => panic!("{lost}"),
    }
}

async fn session_on(
    rig: &Rig,
    ours: tokio::io::DuplexStream,
    theirs: tokio::io::DuplexStream,
    react: impl FnMut(&Heard) -> Vec<Sent> + Send + 'static,
    mut inlet: Inlet,
) -> Lost {
    let (link, wire) = AnyLink::of(&rig.site, ours);
    tokio::spawn(serve_writes(theirs, wire, react));
    rig.session(link).serve(&mut inlet).await
}

/// A bus of units with a memory, each of which thinks for so long.
fn memory(delay_ms: u64) -> impl FnMut(&Heard) -> Vec<Sent> + Send + 'static {
    let mut memory = Memory::default();
    move |heard| after(delay_ms, heard.frame(&memory.answer(heard)))
}

/// A channel with one device and its points.
fn rtu(keys: &str, points: &str) -> String {
    format!("port = \"x\"\n{keys}\n[[devices]]\nname = \"d\"\nunit_id = 1\npoints = [{points}]")
}

/// `count` writable registers p0, p1, … from 0.
fn setpoints(count: u16) -> String {
    let point = |at| {
        format!(
            "{{ name = \"p{at}\", address = \"holding:{at}\", type = \"u16\", writable = true }}"
        )
    };
    (0..count).map(point).collect::<Vec<_>>().join(",\n")
}

fn applied(value: u64) -> Result<Outcome, Refused> {
    found(Verdict::Applied, Some(Value::U64(value)))
}

fn found(verdict: Verdict, value: Option<Value>) -> Result<Outcome, Refused> {
    Ok(Outcome { verdict, value })
}
