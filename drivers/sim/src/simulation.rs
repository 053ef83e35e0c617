//! The simulated site as a whole: which parts of it run, and where they are.
//!
//! Each part starts and fails on its own: a port in use is logged and tried again while the others run.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::capture::{Capture, Tap};
use crate::fault::{Device, Fault, FaultBoard};
use crate::modbus::serial::{self, IDLE_LIMIT, Stream};
use crate::modbus::{Coding, Line, Pace, greenhouses};
use crate::mqtt::{self, Hub};
use crate::orders::Orders;
use crate::presence::Presence;
use crate::{listener, modbus, port, talker};

/// What to simulate, and where. A part that is `None` is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Modbus TCP: unit 1 `meter`, 2 `boiler`, 3 `pumps`. Port 0 takes a free one.
    pub modbus_tcp: Option<SocketAddr>,
    /// Modbus RTU: unit 1 `greenhouse1`, 2 `greenhouse2`. A symbolic link to a pseudo terminal is made at this
    /// path, and its directory where there is none.
    pub modbus_rtu: Option<PathBuf>,
    /// The same two as a serial device server passes them on: RTU frames on a connection. Port 0 takes a free one.
    pub modbus_rtu_over_tcp: Option<SocketAddr>,
    /// The same two in Modbus ASCII, at a path as above.
    pub modbus_ascii: Option<PathBuf>,
    /// How the lines of the two are set.
    pub pace: Pace,
    /// Where the traffic of all Modbus parts is written to, in place of what stands there. Without the file nothing
    /// runs.
    pub capture: Option<PathBuf>,
    /// The scale's lines, at a path as above.
    pub scale: Option<PathBuf>,
    /// The broker, with the weather station in it. Port 0 takes a free one.
    pub mqtt: Option<SocketAddr>,
}

impl Settings {
    /// The site that the default configuration reads: Modbus TCP on 127.0.0.1:15020, RTU and scale under
    /// `/tmp/pointcast-sim`, MQTT on 127.0.0.1:18830.
    #[must_use]
    pub fn default_site() -> Self {
        let directory = Path::new("/tmp/pointcast-sim");
        Self {
            modbus_tcp: Some(SocketAddr::from(([127, 0, 0, 1], 15_020))),
            modbus_rtu: Some(directory.join("greenhouse")),
            scale: Some(directory.join("scale")),
            mqtt: Some(SocketAddr::from(([127, 0, 0, 1], 18_830))),
            ..Self::none()
        }
    }

    /// Nothing at all, to start from.
    #[must_use]
    pub fn none() -> Self {
        Self {
            modbus_tcp: None,
            modbus_rtu: None,
            modbus_rtu_over_tcp: None,
            modbus_ascii: None,
            pace: Pace::default(),
            capture: None,
            scale: None,
            mqtt: None,
        }
    }

    /// The devices that are in it, in the order of help texts.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        let has_line = self.modbus_rtu.is_some()
            || self.modbus_rtu_over_tcp.is_some()
            || self.modbus_ascii.is_some();
        let is_in = |device: &Device| match device {
            Device::Meter | Device::Boiler | Device::Pumps => self.modbus_tcp.is_some(),
            Device::Greenhouse1 | Device::Greenhouse2 => has_line,
            Device::Scale => self.scale.is_some(),
            Device::Weather | Device::Broker => self.mqtt.is_some(),
        };
        Device::ALL.into_iter().filter(is_in).collect()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::default_site()
    }
}

/// What is there at the moment: an address that is bound, a link that is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Where Modbus TCP listens.
    pub modbus_tcp: Option<SocketAddr>,
    /// Where the RTU line is linked.
    pub modbus_rtu: Option<PathBuf>,
    /// Where the serial device server listens.
    pub modbus_rtu_over_tcp: Option<SocketAddr>,
    /// Where the ASCII line is linked.
    pub modbus_ascii: Option<PathBuf>,
    /// Where the scale is linked.
    pub scale: Option<PathBuf>,
    /// Where the broker listens.
    pub mqtt: Option<SocketAddr>,
    /// What should be there and is not. It is tried again.
    pub failures: Vec<Failure>,
}

/// Why a part is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The address or path, as asked for.
    pub place: String,
    /// What the system said.
    pub why: String,
    /// Whether another program has the place.
    pub taken: bool,
}

impl Running {
    /// Whether everything that was asked for is there.
    #[must_use]
    pub fn is_all_of(&self, settings: &Settings) -> bool {
        self.modbus_tcp.is_some() == settings.modbus_tcp.is_some()
            && self.modbus_rtu.is_some() == settings.modbus_rtu.is_some()
            && self.modbus_rtu_over_tcp.is_some() == settings.modbus_rtu_over_tcp.is_some()
            && self.modbus_ascii.is_some() == settings.modbus_ascii.is_some()
            && self.scale.is_some() == settings.scale.is_some()
            && self.mqtt.is_some() == settings.mqtt.is_some()
    }

    /// Remembers why nothing is at `place`, or that there is no reason any more.
    fn note<P>(&mut self, place: &impl Display, presence: &Presence<'_, P>) {
        let place = place.to_string();
        self.failures.retain(|failure| failure.place != place);
        if let Presence::Failed(error) = presence {
            let taken = matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::ResourceBusy);
            self.failures.push(Failure { place, why: error.to_string(), taken });
        }
    }
}

/// Runs the site until `stop`. One future: nothing is spawned, and everything ends with it.
///
/// `running` always holds what is there; wait on a receiver of it for [`Running::is_all_of`].
///
/// # Cancellation
/// Dropping it closes sockets and terminals and removes the links, as `stop` does.
pub async fn run(
    settings: Settings,
    faults: FaultBoard,
    running: watch::Sender<Running>,
    stop: CancellationToken,
) {
    let capture = match settings.capture.as_ref().map(|path| (path, Capture::to_file(path))) {
        None => None,
        Some((_, Ok(capture))) => Some(capture),
        Some((path, Err(error))) => {
            warn!(path = %path.display(), %error, "failed to write the capture");
            let failed: Presence<'_, ()> = Presence::Failed(&error);
            running.send_modify(|running| running.note(&path.display(), &failed));
            return stop.cancelled().await;
        }
    };
    let Settings { modbus_tcp, modbus_rtu, modbus_rtu_over_tcp, modbus_ascii, .. } = settings;
    let orders = Orders::default();
    let site = &Site { faults, orders, running, stop, pace: settings.pace, capture };
    let over_tcp = "modbus-rtu-over-tcp";
    tokio::join!(
        optional(modbus_tcp, |address| site.modbus_tcp(address)),
        optional(modbus_rtu, |path| {
            site.port(path, "modbus-rtu", Coding::Rtu, |running| &mut running.modbus_rtu)
        }),
        optional(modbus_rtu_over_tcp, |address| site.modbus_rtu_over_tcp(address, over_tcp)),
        optional(modbus_ascii, |path| {
            site.port(path, "modbus-ascii", Coding::Ascii, |running| &mut running.modbus_ascii)
        }),
        optional(settings.scale, |path| site.scale(path)),
        optional(settings.mqtt, |address| site.mqtt(address)),
    );
    site.running.send_replace(Running::default());
}

async fn optional<T, F: Future<Output = ()>>(part: Option<T>, run: impl FnOnce(T) -> F) {
    if let Some(part) = part {
        run(part).await;
    }
}

/// Makes the slot of one part in `running` hold what the part says.
fn tell<P>(
    running: &watch::Sender<Running>,
    place: impl Display,
    slot: impl Fn(&mut Running) -> &mut Option<P>,
) -> impl Fn(Presence<'_, P>) {
    move |presence| {
        running.send_modify(|running| {
            running.note(&place, &presence);
            *slot(running) = match presence {
                Presence::There(place) => Some(place),
                Presence::Gone | Presence::Failed(_) => None,
            };
        });
    }
}

/// What all parts of a site share.
struct Site {
    faults: FaultBoard,
    orders: Orders,
    running: watch::Sender<Running>,
    stop: CancellationToken,
    pace: Pace,
    capture: Option<Capture>,
}

impl Site {
    /// Where a wire's traffic is noted.
    fn tap(&self, on: &'static str) -> Tap {
        self.capture.as_ref().map(|capture| capture.tap(on)).unwrap_or_default()
    }

    async fn modbus_tcp(&self, address: SocketAddr) {
        let present = tell(&self.running, address, |running| &mut running.modbus_tcp);
        let tap = &self.tap("modbus-tcp");
        listener::serve("modbus tcp", address, &self.stop, present, |stream, peer| {
            modbus::tcp::serve(stream, peer, &self.faults, &self.orders, tap)
        })
        .await;
    }

    async fn modbus_rtu_over_tcp(&self, address: SocketAddr, on: &'static str) {
        let present = tell(&self.running, address, |running| &mut running.modbus_rtu_over_tcp);
        let (line, tap) = (self.pace.line(Coding::Rtu), &self.tap(on));
        listener::serve(on, address, &self.stop, present, |stream, peer| async move {
            match self.device_server(stream, line, &tap.with(peer)).await {
                Ok(()) => debug!(%peer, "a master hung up"),
                Err(error) => debug!(%peer, %error, "a master was lost"),
            }
        })
        .await;
    }

    /// Passes RTU frames on, until either side hangs up.
    async fn device_server(&self, stream: TcpStream, line: Line, tap: &Tap) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let carrier = Stream { stream, idle_limit: Some(IDLE_LIMIT) };
        let serve = serial::serve(carrier, line, greenhouses(&self.faults, &self.orders), tap);
        let unplugged = |fault| fault == Fault::Disconnect;
        // Nothing is resumed: whichever ends first ends the connection.
        tokio::select! {
            served = serve => served,
            () = self.faults.until(Device::Greenhouse1, unplugged) => Ok(()),
            () = self.faults.until(Device::Greenhouse2, unplugged) => Ok(()),
        }
    }

    async fn port(
        &self,
        path: PathBuf,
        on: &'static str,
        coding: Coding,
        slot: impl Fn(&mut Running) -> &mut Option<PathBuf>,
    ) {
        let devices = [Device::Greenhouse1, Device::Greenhouse2];
        let present = tell(&self.running, path.display(), slot);
        let (line, tap) = (self.pace.line(coding), &self.tap(on));
        port::serve(on, &path, (&devices, &self.faults), &self.stop, present, |pty| async move {
            let answer = greenhouses(&self.faults, &self.orders);
            match serial::serve(&*pty, line, answer, tap).await {
                Ok(()) => ErrorKind::UnexpectedEof.into(),
                Err(error) => error,
            }
        })
        .await;
    }

    async fn scale(&self, path: PathBuf) {
        let present = tell(&self.running, path.display(), |running| &mut running.scale);
        let devices = (&[Device::Scale][..], &self.faults);
        port::serve("scale", &path, devices, &self.stop, present, |pty| {
            talker::serve(pty, &self.faults)
        })
        .await;
    }

    async fn mqtt(&self, address: SocketAddr) {
        let hub = &Hub::default();
        let present = tell(&self.running, address, |running| &mut running.mqtt);
        let broker =
            listener::serve("mqtt broker", address, &self.stop, present, |stream, peer| {
                mqtt::serve(stream, peer, hub, &self.faults)
            });
        // The station publishes for ever; the broker ends at the stop.
        tokio::select! {
            () = broker => {}
            () = mqtt::station(hub, &self.faults) => {}
        }
    }
}
