//! `pointcast sim`: simulated devices in the foreground, with faults on demand.

mod commands;

use std::io::{BufRead, Read as _, Write as _, stdin, stdout};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use pointcast_sim::{Device, FaultBoard, Format, Pace, Running, Settings};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use commands::Outcome;

use super::stop::StopSignals;
use super::{FAILED, REFUSED, say};

pub(super) const HELP: &str = "\
Everything is simulated unless --only says otherwise, at the places that the default configuration \
reads: Modbus TCP, a Modbus RTU line, a weighing scale, and an MQTT broker with a weather station. \
A gateway with [simulation] runs the same devices inside: take that section out before.

The two slaves of the RTU line answer in ASCII and in RTU frames over TCP too, where those are asked for. \
Bytes on these lines take the time that --baud and --format give them.

While it runs, lines typed here make devices fail and work again: `help` shows which.

Examples:
  pointcast sim
  pointcast sim --only modbus-tcp --modbus-tcp 0.0.0.0:502
  pointcast sim --only modbus-ascii --baud 19200 --format 8N1 --capture traffic.jsonl
  pointcast sim --fault boiler=late:300 --fault scale=garbled";

/// Most characters of a typed line; the rest of a longer one counts as the next.
const MAX_LINE_BYTES: u64 = 1024;

/// Most typed lines that wait to be obeyed.
const MAX_WAITING_LINES: usize = 16;

/// Where the parts are that no default configuration reads, if no other place is named.
const OVER_TCP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 15_021);
const ASCII: &str = "/tmp/pointcast-sim/greenhouse-ascii";

/// What to simulate, and where.
#[derive(Debug, Args)]
pub(super) struct Sim {
    /// Where the Modbus TCP devices listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:15020")]
    modbus_tcp: SocketAddr,
    /// Where the Modbus RTU line is linked
    #[arg(long, value_name = "PATH", default_value = "/tmp/pointcast-sim/greenhouse")]
    modbus_rtu: PathBuf,
    /// Where the line's slaves listen for RTU frames over TCP; not simulated unless named here or in --only
    #[arg(long, value_name = "ADDRESS")]
    modbus_rtu_over_tcp: Option<SocketAddr>,
    /// Where a line in Modbus ASCII is linked; not simulated unless named here or in --only
    #[arg(long, value_name = "PATH")]
    modbus_ascii: Option<PathBuf>,
    /// Bits in a second of the Modbus lines
    #[arg(long, value_name = "RATE", default_value_t = 9_600, value_parser = clap::value_parser!(u32).range(110..=4_000_000))]
    baud: u32,
    /// Bits of a character on the Modbus lines, such as 8N1; else 8E1, in ASCII 7E1
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// How long slaves on the Modbus lines think before they answer
    #[arg(long, value_name = "MS", default_value_t = 8, value_parser = clap::value_parser!(u64).range(..=60_000))]
    turnaround_ms: u64,
    /// Write what goes over the Modbus wires to this file, with its times: a JSON object a line
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Where the weighing scale's line is linked
    #[arg(long, value_name = "PATH", default_value = "/tmp/pointcast-sim/scale")]
    scale: PathBuf,
    /// Where the MQTT broker listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:18830")]
    mqtt: SocketAddr,
    /// Only these parts, separated by commas
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    only: Vec<Part>,
    /// A fault to begin with, such as boiler=late:300; may be given several times
    #[arg(long, value_name = "DEVICE=FAULT")]
    fault: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    ModbusTcp,
    ModbusRtu,
    ModbusRtuOverTcp,
    ModbusAscii,
    Scale,
    Mqtt,
}

impl Sim {
    fn settings(&self) -> Settings {
        let named = |part: Part| self.only.contains(&part);
        let wanted = |part: Part| self.only.is_empty() || named(part);
        let over_tcp = self.modbus_rtu_over_tcp.filter(|_| wanted(Part::ModbusRtuOverTcp));
        let ascii = self.modbus_ascii.clone().filter(|_| wanted(Part::ModbusAscii));
        Settings {
            modbus_tcp: wanted(Part::ModbusTcp).then_some(self.modbus_tcp),
            modbus_rtu: wanted(Part::ModbusRtu).then(|| self.modbus_rtu.clone()),
            modbus_rtu_over_tcp: over_tcp
                .or_else(|| named(Part::ModbusRtuOverTcp).then_some(OVER_TCP)),
            modbus_ascii: ascii.or_else(|| named(Part::ModbusAscii).then(|| ASCII.into())),
            pace: Pace {
                baud: self.baud,
                format: self.format,
                turnaround: Duration::from_millis(self.turnaround_ms),
            },
            capture: self.capture.clone(),
            scale: wanted(Part::Scale).then(|| self.scale.clone()),
            mqtt: wanted(Part::Mqtt).then_some(self.mqtt),
        }
    }
}

/// Runs the command.
pub(super) fn sim(arguments: &Sim) -> ExitCode {
    let faults = FaultBoard::new();
    let settings = arguments.settings();
    let devices = settings.devices();
    for text in &arguments.fault {
        if let Err(error) = faults.apply_among(text, &devices) {
            say(&format!("--fault {text:?}: {error}"));
            return ExitCode::from(REFUSED);
        }
    }
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("failed to start: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let ended = runtime.block_on(until_stopped(settings, &devices, faults));
    // The reader of standard input may wait for a line that never comes.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            say(&words);
            ExitCode::from(FAILED)
        }
    }
}

async fn until_stopped(
    settings: Settings,
    devices: &[Device],
    faults: FaultBoard,
) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("failed to start: {error}");
    let signals = StopSignals::new().map_err(failed)?;
    let stop = CancellationToken::new();
    let (sender, running) = watch::channel(Running::default());
    let (lines_in, lines) = mpsc::channel(MAX_WAITING_LINES);
    let _reader = tokio::task::spawn_blocking(move || read_lines(stdin().lock(), &lines_in));
    let simulation = pointcast_sim::run(settings.clone(), faults.clone(), sender, stop.clone());
    tokio::select! {
        // In this order: what cannot run is told before anything is said to be there.
        biased;
        why = cannot_start(&settings, running.clone()) => Err(format!("failed to start: {why}")),
        never = signals.watch(stop, || {}) => match never {},
        () = simulation => Ok(()),
        never = tell_where(running) => match never {},
        () = obey(lines, &faults, devices) => Ok(()),
    }
}

/// Waits for a part that cannot start, until all of them were there once; then for ever.
async fn cannot_start(settings: &Settings, mut running: watch::Receiver<Running>) -> String {
    let decided = |running: &Running| !running.failures.is_empty() || running.is_all_of(settings);
    let why = match running.wait_for(decided).await {
        Ok(running) => commands::trouble(&running.failures),
        Err(_) => None,
    };
    match why {
        Some(why) => why,
        None => std::future::pending().await,
    }
}

/// Says what came and what went, for ever.
async fn tell_where(mut running: watch::Receiver<Running>) -> std::convert::Infallible {
    // Not before it is known whether they can start at all.
    tokio::task::yield_now().await;
    tell("Ctrl-C stops; `help` shows how to make devices fail.");
    let mut known = Running::default();
    loop {
        if running.changed().await.is_err() {
            return std::future::pending().await;
        }
        let now = running.borrow_and_update().clone();
        for line in commands::changes(&known, &now) {
            tell(&line);
        }
        known = now;
    }
}

/// Obeys typed lines until one says `quit`: the end of the input is not the end of the devices.
async fn obey(mut lines: mpsc::Receiver<String>, faults: &FaultBoard, devices: &[Device]) {
    while let Some(line) = lines.recv().await {
        match commands::obey(&line, faults, devices) {
            Outcome::Nothing => {}
            Outcome::Say(words) => tell(&words),
            Outcome::Quit => return,
        }
    }
    std::future::pending::<()>().await;
}

fn read_lines(mut input: impl BufRead, lines: &mpsc::Sender<String>) {
    loop {
        let mut line = Vec::new();
        let read = input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return;
        }
        if lines.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
    }
}

fn tell(words: &str) {
    let _unheard = writeln!(stdout(), "{words}");
}
