//! The simulated site as a whole: which parts of it run, and where they are.
//!
//! Each part starts and fails on its own: a port in use is logged and tried again while the others run.

use std::fmt::Display;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::fault::{Device, FaultBoard};
use crate::mqtt::{self, Hub};
use crate::orders::Orders;
use crate::presence::Presence;
use crate::{listener, modbus, port, talker};

/// What to simulate, and where. A part that is `None` is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Modbus TCP: unit 1 `meter`, 2 `boiler`, 3 `pumps`. Port 0 takes a free one.
    pub modbus_tcp: Option<SocketAddr>,
    /// Modbus RTU at 9600 baud, 8 data bits, even parity: unit 1 `greenhouse1`, 2 `greenhouse2`. A
    /// symbolic link to a pseudo terminal is made at this path, and its directory where there is none.
    pub modbus_rtu: Option<PathBuf>,
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
        }
    }

    /// Nothing at all, to start from.
    #[must_use]
    pub fn none() -> Self {
        Self { modbus_tcp: None, modbus_rtu: None, scale: None, mqtt: None }
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
    let Settings { modbus_tcp, modbus_rtu, scale, mqtt } = settings;
    let (faults, running, stop) = (&faults, &running, &stop);
    let orders = &Orders::default();
    tokio::join!(
        optional(modbus_tcp, |address| run_modbus_tcp(address, (faults, orders), running, stop)),
        optional(modbus_rtu, |path| run_modbus_rtu(path, (faults, orders), running, stop)),
        optional(scale, |path| run_scale(path, faults, running, stop)),
        optional(mqtt, |address| run_mqtt(address, faults, running, stop)),
    );
    running.send_replace(Running::default());
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

async fn run_modbus_tcp(
    address: SocketAddr,
    (faults, orders): (&FaultBoard, &Orders),
    running: &watch::Sender<Running>,
    stop: &CancellationToken,
) {
    let present = tell(running, address, |running| &mut running.modbus_tcp);
    listener::serve("modbus tcp", address, stop, present, |stream, peer| {
        modbus::tcp::serve(stream, peer, faults, orders)
    })
    .await;
}

async fn run_modbus_rtu(
    path: PathBuf,
    (faults, orders): (&FaultBoard, &Orders),
    running: &watch::Sender<Running>,
    stop: &CancellationToken,
) {
    let devices = [Device::Greenhouse1, Device::Greenhouse2];
    let present = tell(running, path.display(), |running| &mut running.modbus_rtu);
    port::serve("modbus rtu", &path, (&devices, faults), stop, present, |pty| {
        modbus::rtu::serve(pty, faults, orders)
    })
    .await;
}

async fn run_scale(
    path: PathBuf,
    faults: &FaultBoard,
    running: &watch::Sender<Running>,
    stop: &CancellationToken,
) {
    let present = tell(running, path.display(), |running| &mut running.scale);
    port::serve("scale", &path, (&[Device::Scale], faults), stop, present, |pty| {
        talker::serve(pty, faults)
    })
    .await;
}

async fn run_mqtt(
    address: SocketAddr,
    faults: &FaultBoard,
    running: &watch::Sender<Running>,
    stop: &CancellationToken,
) {
    let hub = &Hub::default();
    let present = tell(running, address, |running| &mut running.mqtt);
    let broker = listener::serve("mqtt broker", address, stop, present, |stream, peer| {
        mqtt::serve(stream, peer, hub, faults)
    });
    // The station publishes for ever; the broker ends at the stop.
    tokio::select! {
        () = broker => {}
        () = mqtt::station(hub, faults) => {}
    }
}
