//! Reads lines, and asks for them where that is wanted, until the port is lost.
//!
//! Works on anything that reads and writes. An end of file is how an unplugged adapter reads, so it ends the
//! session like every other error; the next session begins lost again.

use std::io;
use std::time::Duration;

use pointcast_api::text::excerpt;
use pointcast_api::{
    DeviceIndex, Failure, Fault, Inlet, Outlet, PointIndex, Rationed, Reading, Refused, Reports,
    Sample, UnixMs,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::checksum;
use crate::config::{Ask, Channel, Checksum};
use crate::matcher::{Match, Told};
use crate::pauses::{Pause, Pauses};
use crate::splitter::{Damage, Piece, Splitter};
use crate::standing::{Change, Standing};
use crate::{Serial, port};

/// How often counters are told.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How long the kernel may take to accept what is asked; it has room unless the wire is stuck.
const ASK_TIMEOUT: Duration = Duration::from_millis(500);
/// Bytes read at once.
const READ_BYTES: usize = 1024;
/// A wire fills that many bytes no sooner than they take on it. What fills them in less than this part of
/// that time is a USB device that knows no rate, and must not cost more than this rate does.
const FASTER_THAN_WIRE: u32 = 4;
/// Least and longest pause after so many bytes: a timer's step, and what an adapter's buffer bears.
const BREATHS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

impl Serial {
    /// Opens the port and talks on it until `stop` (`Ok`) or an error.
    pub(crate) async fn run(
        &self,
        outlet: &dyn Outlet,
        inlet: &mut Inlet,
        stop: CancellationToken,
    ) -> Result<(), Fault> {
        let opened = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            opened = port::open(&self.channel, &self.opening) => opened?,
        };
        info!(channel = self.channel.name, port = self.channel.port, "port opened");
        talk(opened, &self.channel, &self.reports, outlet, inlet, stop).await
    }
}

/// Talks on an open port until `stop` (`Ok`) or an error.
///
/// # Errors
/// A [`Fault`] that names the port, when it is gone or stuck. Opening it again is right.
///
/// # Cancellation
/// Safe: a begun line is lost, and the next session knows that it may be.
pub(crate) async fn talk<P>(
    mut port: P,
    channel: &Channel,
    reports: &Reports,
    outlet: &dyn Outlet,
    inlet: &mut Inlet,
    stop: CancellationToken,
) -> Result<(), Fault>
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session::new(channel, reports, outlet, Instant::now());
    let mut splitter = Splitter::new(channel.delimiter, channel.max_line_bytes);
    let mut buffer = [0; READ_BYTES];
    let breath = channel.wire.time(READ_BYTES) / FASTER_THAN_WIRE;
    let breath = breath.clamp(BREATHS.0, BREATHS.1);
    let mut read_at = Instant::now();
    loop {
        let resting = Instant::now() < read_at;
        // Each arm is safe to drop: a read, a timer and the inlet lose nothing.
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            command = inlet.next() => command.refuse(Refused::NotWritable),
            () = sleep_until(session.next_due()) => {
                let now = Instant::now();
                session.due(now);
                if let Some(ask) = session.question(now) {
                    send(&mut port, ask, channel).await?;
                }
            }
            () = sleep_until(read_at), if resting => {}
            read = port.read(&mut buffer), if !resting => {
                let doing = || format!("read from {}", channel.port);
                let count = read.map_err(|error| Fault::new(doing(), error))?;
                if count == 0 {
                    let cause = "the port is gone (end of file, as after an unplugged adapter)";
                    return Err(Fault::new(doing(), cause));
                }
                session.bytes(&mut splitter, buffer.get(..count).unwrap_or_default());
                if count == READ_BYTES {
                    read_at = Instant::now() + breath;
                }
            }
        }
    }
}

/// Hands `ask` to the kernel, without waiting for the wire.
async fn send(
    port: &mut (impl AsyncWrite + Unpin),
    ask: &Ask,
    channel: &Channel,
) -> Result<(), Fault> {
    let written = timeout(ASK_TIMEOUT, port.write_all(&ask.text)).await;
    let late = || {
        let cause = format!("it takes nothing for {} ms", ASK_TIMEOUT.as_millis());
        io::Error::new(io::ErrorKind::TimedOut, cause)
    };
    written
        .unwrap_or_else(|_| Err(late()))
        .map_err(|error| Fault::new(format!("write to {}", channel.port), error))
}

struct Session<'a> {
    channel: &'a Channel,
    reports: &'a Reports,
    outlet: &'a dyn Outlet,
    standing: Standing,
    pauses: Pauses,
    /// By point: log lines about texts that are no value.
    rationed: Vec<Rationed>,
    next_report: Instant,
    next_ask: Option<Instant>,
}

impl<'a> Session<'a> {
    fn new(
        channel: &'a Channel,
        reports: &'a Reports,
        outlet: &'a dyn Outlet,
        now: Instant,
    ) -> Self {
        let longest = channel.silence.iter().max().copied().unwrap_or(Duration::MAX);
        Self {
            channel,
            reports,
            outlet,
            standing: Standing::new(&channel.silence, channel.points.len(), now),
            pauses: Pauses::new(longest, now),
            rationed: vec![Rationed::default(); channel.points.len()],
            next_report: now + REPORT_INTERVAL,
            next_ask: channel.ask.as_ref().map(|_| now),
        }
    }

    fn next_due(&self) -> Instant {
        let others = [self.standing.next_due(), self.next_ask];
        others.into_iter().flatten().fold(self.next_report, Instant::min)
    }

    /// The text to send, when it is time; the next time is counted from now, so that none pile up.
    fn question(&mut self, now: Instant) -> Option<&'a Ask> {
        let ask =
            self.channel.ask.as_ref().filter(|_| self.next_ask.is_some_and(|at| at <= now))?;
        self.next_ask = Some(now + ask.every);
        Some(ask)
    }

    /// Does everything else that is due by now.
    fn due(&mut self, now: Instant) {
        for change in self.standing.due(now) {
            match change {
                Change::Silent(device, silence) => self.silent(device, silence),
                Change::Clear(device) => {
                    info!(device = self.device_name(device), "lines are clear again");
                    self.tell_state(device);
                }
            }
        }
        if now >= self.next_report {
            self.next_report = now + REPORT_INTERVAL;
            self.reports.tell(self.outlet);
        }
    }

    fn bytes(&mut self, splitter: &mut Splitter, bytes: &[u8]) {
        let (now, time) = (Instant::now(), UnixMs::now());
        let was_in_line = splitter.is_in_line();
        match self.pauses.bytes(now, was_in_line) {
            Pause::Usual => {}
            Pause::Suspect => splitter.lose(),
            Pause::BrokenOff => {
                splitter.lose();
                self.unclear(&Damage::BrokenOff.to_string(), now);
            }
        }
        let is_any = splitter.feed(bytes, |piece| match piece {
            Piece::Line(line) => self.line(line, now, time),
            Piece::Damaged(damage) => self.unclear(&damage.to_string(), now),
        });
        if is_any && !was_in_line {
            self.pauses.line_began();
        }
    }

    fn line(&mut self, line: &str, now: Instant, time: UnixMs) {
        let line = match self.channel.checksum {
            Checksum::None => line,
            Checksum::Nmea => match checksum::verified(line) {
                Ok(sentence) => sentence,
                Err(error) => return self.unclear(&error.to_string(), now),
            },
        };
        match self.channel.matcher.read(line) {
            Match::Known(told) => self.told(&told, line, now, time),
            Match::Ignored => {}
            Match::Unknown => self.unclear(&format!("no pattern matches {}", excerpt(line)), now),
        }
    }

    /// One line: one batch, whatever it feeds.
    fn told(&mut self, told: &[Told], line: &str, now: Instant, time: UnixMs) {
        let mut samples = Vec::new();
        let mut errors: Vec<(DeviceIndex, String)> = Vec::new();
        for Told { device, readings } in told {
            for (point, reading) in readings {
                let is_news = self.standing.point(*point, *device, reading.is_err());
                let reading = reading.clone().unwrap_or_else(|error| {
                    let (name, id) = (self.device_name(*device), self.point_id(*point));
                    let mut rationed = self.rationed.get_mut(point.at());
                    if is_news && rationed.as_mut().is_some_and(|rationed| rationed.is_due(now)) {
                        warn!(device = name, point = id, %error, "text is no value");
                    }
                    let line = excerpt(line);
                    errors.push((
                        *device,
                        format!("device {name:?}, point {id:?}: {error}, in the line {line}"),
                    ));
                    Reading::Failed(Failure::DeviceError)
                });
                samples.push(Sample { point: *point, reading, time });
            }
        }
        if !samples.is_empty() {
            self.outlet.put(&samples);
        }
        for Told { device, .. } in told {
            if self.standing.heard(*device, now) {
                info!(device = self.device_name(*device), "device talks");
            }
            let error = errors.iter().find(|(of, _)| of == device).map(|(_, text)| text);
            let state = self.standing.state(*device);
            self.reports.update(self.outlet, *device, |report| {
                report.counters.requests += 1;
                report.state = state;
                if let Some(error) = error {
                    report.counters.malformed += 1;
                    report.last_error = Some(error.clone());
                }
            });
        }
    }

    /// A line that could not be understood: it could have been anybody's, so it counts against everybody.
    fn unclear(&mut self, what: &str, now: Instant) {
        if self.standing.unclear(now) {
            warn!(channel = self.channel.name, port = self.channel.port, "{what}");
        }
        for device in self.devices() {
            let name = self.device_name(device);
            let error = format!("device {name:?} on {}: {what}", self.channel.port);
            let state = self.standing.state(device);
            self.reports.update(self.outlet, device, |report| {
                // It was taken in as any other line.
                report.counters.requests += 1;
                report.counters.malformed += 1;
                report.last_error = Some(error);
                report.state = state;
            });
        }
    }

    fn silent(&self, device: DeviceIndex, silence: Duration) {
        let (name, silence_ms) = (self.device_name(device), silence.as_millis());
        warn!(device = name, silence_ms, "no valid line");
        self.outlet.fail_device(device, Failure::Timeout, UnixMs::now());
        let error = format!(
            "device {name:?} on {}: no valid line for {silence_ms} ms (if it speaks less often, raise silence_ms)",
            self.channel.port
        );
        self.reports.update(self.outlet, device, |report| {
            report.counters.timeouts += 1;
            report.last_error = Some(error);
        });
        self.tell_state(device);
    }

    fn tell_state(&self, device: DeviceIndex) {
        let state = self.standing.state(device);
        self.reports.update(self.outlet, device, |report| report.state = state);
    }

    fn devices(&self) -> impl Iterator<Item = DeviceIndex> + use<> {
        (0..).map(DeviceIndex).take(self.channel.devices.len())
    }

    fn device_name(&self, device: DeviceIndex) -> &'a str {
        self.channel.devices.get(device.at()).map_or("", |device| device.name.as_str())
    }

    fn point_id(&self, point: PointIndex) -> &'a str {
        self.channel.points.get(point.at()).map_or("", |point| point.id.as_str())
    }
}

#[cfg(test)]
mod tests;
