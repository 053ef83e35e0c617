//! `pointcast probe`: who is on a Modbus bus, what their registers hold, and where a value lies. Writes nothing.

mod find;
mod hint;
mod scan;
mod show;
mod target;

use std::io::{self, IsTerminal as _, Write as _, stderr, stdout};
use std::process::ExitCode;

use clap::Args;
use pointcast_api::Fault;

use super::stop::StopSignals;
use super::{FAILED, REFUSED, say};
use crate::registry::probe::{Bus, Expectation, Probe};
use target::{Target, Units};

pub(super) const HELP: &str = "\
PLACE is a host (Modbus TCP) or a serial port (Modbus RTU); --driver says otherwise, and --set gives the keys \
that a channel has in a configuration file. Instead of PLACE, --channel names a channel of the configuration.

Without an ADDRESS every unit is asked for one register: even an exception means that somebody is there. An \
ADDRESS is written as in the configuration, and may have an end: holding:100, input:0-19, ref:40101-40120. One \
register alone is shown in every type and word order, several in those that are usual. Of one register the bits that are set are named too.

--expect looks for a value that you can see somewhere, such as on the device's display, and prints the lines \
that read it, best first. What counts as equal is within 1 % of it, and never less than half of its last \
digit; --within says otherwise, in the value's own unit or in percent of it. A number may be scaled by a power \
of ten. Run it again when the value has changed: what fits both times is it.

A line has one master: stop the gateway before you probe a line that it reads.

Examples:
  pointcast probe 192.168.0.10                                      who is there?
  pointcast probe /dev/ttyUSB0 --set baud=19200 --unit 1-32
  pointcast probe 192.168.0.10 --unit 1 input:0-29                  what do they hold?
  pointcast probe --channel line1 --unit 3 holding:100              every type and word order
  pointcast probe 192.168.0.10 --unit 1 input:0-99 --expect 230.1   where is it?";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the bus is (unless --channel says so), and what to read
    #[arg(value_name = "PLACE] [ADDRESS")]
    words: Vec<String>,

    /// The unit to read, 1 without it on Modbus TCP; or those to look for: 1-32
    #[arg(long, value_name = "UNIT")]
    unit: Option<Units>,

    /// What each unit is asked for when units are looked for
    #[arg(long, value_name = "ADDRESS", default_value = "holding:0")]
    at: String,

    /// A value to look for, such as 230.1
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    expect: Option<String>,

    /// By how much it may be off: 0.5, or 2% [default: 1%, at least half of its last digit]
    #[arg(long, value_name = "TOLERANCE", requires = "expect")]
    within: Option<String>,

    /// Show every register in every type and word order
    #[arg(long, conflicts_with = "expect")]
    every: bool,

    /// The driver, such as modbus-rtu-over-tcp
    #[arg(long, value_name = "NAME", conflicts_with = "channel")]
    driver: Option<String>,

    /// A key of the channel, as it would stand in the file: baud=19200; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::import::key_and_value, conflicts_with = "channel")]
    set: Vec<(String, String)>,

    /// A channel of the configuration, instead of PLACE
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,

    #[command(flatten)]
    config: super::ConfigFile,
}

/// Runs the command.
pub(super) fn probe(arguments: &Arguments) -> ExitCode {
    let target = match target::take(arguments) {
        Ok(target) => target,
        Err(code) => return code,
    };
    let expectation = arguments.expect.as_deref();
    let expectation = expectation.map(|v| Expectation::parse(v, arguments.within.as_deref()));
    let expectation = match expectation.transpose() {
        Ok(expectation) => expectation,
        Err(problem) => {
            say(&format!("--expect: {problem}"));
            return ExitCode::from(REFUSED);
        }
    };
    if expectation.is_some() && target.spans.is_empty() {
        say("--expect: say where to look, as in input:0-99");
        return ExitCode::from(REFUSED);
    }
    let work = Work { arguments, target: &target, expectation };
    let done = super::block_on_one_thread(async {
        let mut signals = StopSignals::new()?;
        let mut progress = Progress::new();
        let done = tokio::select! {
            done = work.run(&mut progress) => Some(done),
            () = signals.next() => None,
        };
        progress.clear();
        Ok(done)
    });
    match done {
        Ok(Some(Ok(code))) => code,
        // What was found until then has been said.
        Ok(None) => {
            say("stopped");
            ExitCode::SUCCESS
        }
        Ok(Some(Err(fault))) => {
            say(&explained(&fault));
            ExitCode::from(FAILED)
        }
        Err(error) => {
            say(&format!("failed to start: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

/// A fault, and what to do about those that are met most often.
fn explained(fault: &Fault) -> String {
    let told = fault.explain();
    let lower = told.to_lowercase();
    let is_taken = ["exclusive lock", "busy", "temporarily unavailable"];
    let remedy = if is_taken.iter().any(|words| lower.contains(words)) {
        "\nanother program has this port: a line has one master, so stop the gateway, or whatever it is, first"
    } else if lower.contains("permission denied") {
        "\nthe user must be allowed to open the port: on Debian a member of the group dialout"
    } else if lower.contains("no such file") {
        "\nis it plugged in? /dev/serial/by-id lists USB adapters by names that stay"
    } else if lower.contains("connection refused") {
        "\nnobody listens there: is it the right port? Modbus TCP has 502, with TLS 802"
    } else {
        ""
    };
    format!("{told}{remedy}")
}

/// What is to be done on an open link.
struct Work<'a> {
    arguments: &'a Arguments,
    target: &'a Target,
    expectation: Option<Expectation>,
}

impl Work<'_> {
    async fn run(&self, progress: &mut Progress) -> Result<ExitCode, Fault> {
        let bus = &self.target.bus;
        progress.show(&format!("opening {}", bus.place()));
        let mut probe = bus.open().await?;
        if !self.is_ours(bus, &mut probe, progress).await? {
            return Ok(ExitCode::from(FAILED));
        }
        if self.target.spans.is_empty() {
            scan::scan(self.target, &mut probe, progress).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut images = Vec::new();
        for span in &self.target.spans {
            let wanted = if span.is_single() && !span.is_bits() && self.expectation.is_none() {
                span.with_longest_number()
            } else {
                *span
            };
            let unit = self.target.units.first();
            let image = probe
                .read(unit, &wanted, |request| progress.show(&format!("asking for {request}")));
            images.push((*span, image.await?));
        }
        progress.clear();
        if images.iter().all(|(_, image)| image.answered() == 0) {
            say(&show::nothing(self.target, &images, probe.heard()));
            return Ok(ExitCode::from(FAILED));
        }
        let (text, code) = match &self.expectation {
            Some(expectation) => find::report(expectation, &images, self.arguments),
            None => (show::report(&images, self.arguments.every), ExitCode::SUCCESS),
        };
        print(&text);
        Ok(code)
    }

    /// Whether nobody else was heard on the line while it was listened to.
    async fn is_ours(
        &self,
        bus: &Bus,
        probe: &mut Probe<'_>,
        progress: &mut Progress,
    ) -> Result<bool, Fault> {
        if bus.rest().is_zero() {
            return Ok(true);
        }
        progress.show(&format!("listening for {} s", bus.rest().as_secs_f64().ceil()));
        let heard = probe.listen().await?;
        if heard {
            progress.clear();
            say(&format!(
                "somebody talks on {} although nothing was asked: another master, as it seems. A line has one \
                 master: stop the other first. If it was the answer to an earlier probe, run this again",
                bus.place()
            ));
        }
        Ok(!heard)
    }
}

/// What is being done, in one line that the next one overwrites; only where somebody looks.
pub(super) struct Progress {
    is_seen: bool,
    is_shown: bool,
}

impl Progress {
    fn new() -> Self {
        Self { is_seen: stderr().is_terminal(), is_shown: false }
    }

    fn show(&mut self, words: &str) {
        if self.is_seen {
            let _unheard = write!(stderr(), "\r\x1b[2K{words}").and_then(|()| stderr().flush());
            self.is_shown = true;
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _unheard = write!(stderr(), "\r\x1b[2K").and_then(|()| stderr().flush());
        }
    }
}

/// Says a result at once. A reader that went away has seen what it wanted.
fn print(text: &str) {
    let mut out: io::StdoutLock<'_> = stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
