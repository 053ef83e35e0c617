//! Wiring: from a checked configuration to a running gateway, and to its end.
//!
//! The only place that starts long-lived tasks, besides the accept loop. The first task that ends without
//! being told to stops the rest.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use pointcast_api::{
    DeviceReport, DeviceState, Inlet, NameError, PointDeclaration, PointTraits, Shared, UnixMs,
    Utilisation, command_queue,
};
use pointcast_sim::{FaultBoard, Running};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::boards::Boards;
use crate::config::{Channel, Config};
use crate::devices::{Device, Devices, PlanLine, own_points};
use crate::http::{self, Api, Hosts};
use crate::memory::Memory;
use crate::outlet::ChannelOutlet;
use crate::own::{self, OwnPoints};
use crate::stream::Sessions;
use crate::supervisor::supervise;
use crate::table::{Catalog, CatalogError, Entry, Index, Kind, Table};
use crate::writes::Writes;

/// How often points are looked at for staleness: a point turns stale at most this much late.
const STALE_SWEEP_EVERY: Duration = Duration::from_millis(100);

/// So many channels are opened at once at the start: a small site is read whole in its first moment.
const OPENED_AT_ONCE: usize = 32;

/// The pause before each further one, so that a thousand connections are no burst that switches and gateways drop.
const OPENING_PACE: Duration = Duration::from_millis(1);

/// How long simulated devices may take to be there before the channels start without them.
const SIMULATION_WITHIN: Duration = Duration::from_millis(500);

/// How long tasks may take to end after the connections have drained.
const STOP_WITHIN: Duration = Duration::from_millis(1_800);

/// A gateway that has started.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// Where it listens.
    pub address: SocketAddr,
    /// How many points it has, its own left out.
    pub points: usize,
    /// How many devices.
    pub devices: usize,
}

/// Why a gateway could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened at. It may be in use by another program.
    #[error("failed to listen at {address}")]
    Listen {
        /// The address, as configured.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The points do not fit together; the configuration should have refused them.
    #[error("failed to build the point table")]
    Catalog(#[from] CatalogError),
    /// A device's name leaves no room for the ids of its own points.
    #[error("failed to name the points of device {device}")]
    Device {
        /// Its name.
        device: String,
        /// Which rule its points' ids break.
        source: NameError,
    },
    /// An own point's id breaks a rule: a defect.
    #[error("failed to name the gateway's own points")]
    Own(#[from] NameError),
    /// A part of the gateway ended by itself: a defect.
    #[error("{0} ended without being told to")]
    Ended(&'static str),
}

/// Runs a gateway until `stop`, then drains it. `on_ready` is called once, when it listens.
///
/// # Errors
/// [`StartError`]. Nothing is left running.
pub async fn run(
    config: Config,
    stop: CancellationToken,
    on_ready: impl FnOnce(Ready),
) -> Result<(), StartError> {
    let Config { gateway, limits, writes, simulation, channels } = config;
    let site = Site::of(&channels, Writes::new(writes.enabled))?;
    let address = gateway.listen;
    let listener =
        http::accept::listen(address).map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().unwrap_or(address);
    let limits = Arc::new(limits);
    let sessions = Arc::new(Sessions::new(Arc::clone(&site.table), Arc::clone(&limits)));
    let kept_boards = gateway.data.as_ref().map(|folder| folder.join("boards"));
    let api = Api {
        table: Arc::clone(&site.table),
        devices: Arc::clone(&site.devices),
        writes: Arc::new(site.writes),
        boards: Arc::new(Boards::new(Some(gateway.boards), kept_boards)),
        sessions: Arc::clone(&sessions),
        limits: Arc::clone(&limits),
        hosts: Arc::new(Hosts::new(&gateway.hosts)),
        lookups: Arc::default(),
        stop: stop.clone(),
    };
    let bound = limits.drain_timeout + STOP_WITHIN;
    let mut tasks = Tasks { set: JoinSet::new(), stop: stop.clone(), bound };
    let serve = http::accept::serve(listener, http::router(api), limits, stop.clone());
    tasks.start("the accept loop", serve);
    let mut own =
        OwnPoints::new(Arc::clone(&site.table), Arc::clone(&sessions), site.own, &gateway.name);
    let table = Arc::clone(&site.table);
    let sweep = move || table.sweep_stale(UnixMs::now());
    tasks.start("the staleness sweep", every(STALE_SWEEP_EVERY, stop.clone(), sweep));
    let sweep = move || sessions.sweep(Instant::now());
    tasks.start("the session sweep", every(Sessions::SWEEP_EVERY, stop.clone(), sweep));
    let read = move || own.read(UnixMs::now());
    tasks.start("the own points", every(OwnPoints::READ_EVERY, stop.clone(), read));
    if let Some(simulation) = simulation {
        tasks.simulate(simulation.into()).await;
    }
    channels.iter().for_each(tell_revised);
    let (points, devices) = (site.points, site.devices.all().len());
    for (at, (channel, (outlet, inlet))) in channels.into_iter().zip(site.ends).enumerate() {
        let memory = gateway.data.as_deref().map(|folder| Memory::new(folder, &channel.name));
        let run = run_channel(channel, (outlet, inlet), memory, stop.clone());
        tasks.start("a channel", after(opening_delay(at), stop.clone(), Box::pin(run)));
    }
    on_ready(Ready { address, points, devices });
    tasks.until_stopped().await
}

struct Tasks {
    set: JoinSet<&'static str>,
    stop: CancellationToken,
    /// How long they may take to end.
    bound: Duration,
}

impl Tasks {
    fn start(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        // No `async` block, which would hold the task twice: as it was handed in, and at work.
        self.set.spawn(task.map(move |()| name));
    }

    /// Starts the simulated devices, and gives them a moment to be there before anybody looks for them.
    async fn simulate(&mut self, settings: pointcast_sim::Settings) {
        let (running, mut now) = watch::channel(Running::default());
        let run =
            pointcast_sim::run(settings.clone(), FaultBoard::default(), running, self.stop.clone());
        self.start("the simulation", run);
        let there = now.wait_for(|running| running.is_all_of(&settings));
        if timeout(SIMULATION_WITHIN, there).await.is_err() {
            warn!("some simulated devices could not be started yet; they are tried again");
        }
    }

    async fn until_stopped(mut self) -> Result<(), StartError> {
        let first = tokio::select! {
            () = self.stop.cancelled() => None,
            ended = self.set.join_next() => ended,
        };
        let by_itself = first
            .filter(|_| !self.stop.is_cancelled())
            .map(|ended| ended.unwrap_or("a part that panicked"));
        self.stop.cancel();
        let all = async { while self.set.join_next().await.is_some() {} };
        if timeout(self.bound, all).await.is_err() {
            error!("some tasks did not end in time and were dropped");
        }
        match by_itself {
            Some(name) => Err(StartError::Ended(name)),
            None => Ok(()),
        }
    }
}

/// Says which channel is asked for more than it has the time for.
fn tell_revised(channel: &Channel) {
    let predicted = channel.driver.utilisation();
    if let Some(Utilisation { configured, .. }) = predicted.filter(|u| u.revised < u.configured) {
        warn!(
            channel = channel.name,
            utilisation = configured,
            "the channel has not the time for its scan intervals: they are revised, `pointcast check` shows how"
        );
    }
}

/// How long the channel at a place waits at the start.
fn opening_delay(at: usize) -> Duration {
    OPENING_PACE * u32::try_from(at.saturating_sub(OPENED_AT_ONCE)).unwrap_or(u32::MAX)
}

/// Runs `task` after a while, unless it is stopped before.
async fn after(delay: Duration, stop: CancellationToken, task: impl Future<Output = ()> + Send) {
    if stop.run_until_cancelled(sleep(delay)).await.is_some() {
        task.await;
    }
}

async fn run_channel(
    channel: Channel,
    (outlet, inlet): (ChannelOutlet, Inlet),
    mut memory: Option<Memory>,
    stop: CancellationToken,
) {
    let driver = channel.driver.as_ref();
    if let Some(memory) = &mut memory {
        memory.recall(driver).await;
    }
    let run = supervise(&channel.name, driver, &outlet, inlet, stop.clone());
    let Some(memory) = &mut memory else { return run.await };
    tokio::join!(run, memory.keep(driver, &stop));
    memory.keep_now(driver).await;
}

/// Acts at once and then at this interval, until `stop`. What is missed is not made up for.
async fn every(period: Duration, stop: CancellationToken, mut act: impl FnMut() + Send) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Both arms are cancel-safe: a tick that was not taken is still there.
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => act(),
        }
    }
}

/// The table and the devices of all channels, and both ends of each: where it puts, and whence it is told.
struct Site {
    table: Arc<Table>,
    devices: Arc<Devices>,
    ends: Vec<(ChannelOutlet, Inlet)>,
    writes: Writes,
    points: usize,
    /// The place of the first of the gateway's own points.
    own: Index,
}

/// Where one channel's points and devices stand.
struct Span {
    points: (Index, Index),
    devices: (usize, usize),
}

impl Site {
    fn of(channels: &[Channel], mut writes: Writes) -> Result<Self, StartError> {
        let mut points = Vec::new();
        let mut devices = Vec::new();
        let mut spans = Vec::new();
        let (mut traits, mut kinds) = (Shared::default(), Shared::default());
        for channel in channels {
            spans.push(add_channel(
                channel,
                &writes,
                &mut points,
                &mut devices,
                (&mut traits, &mut kinds),
            )?);
        }
        let of_drivers = spans.iter().map(|span| span.points.1 as usize).sum();
        let own = place(points.len())?;
        let nobody: Arc<str> = "".into();
        let own_points = own::declarations()?.into_iter();
        points.extend(own_points.map(|point| Entry::new(&point, &nobody, &mut kinds)));
        let end = place(points.len())?;
        let table = Arc::new(Table::new(Catalog::of_entries(points)?).with_own(own..end));
        let devices = Arc::new(Devices::new(devices));
        for device in devices.all() {
            let state = DeviceState::Offline;
            let unknown = DeviceReport { state, ..DeviceReport::default() };
            device.take_report(unknown, &table, UnixMs::now());
        }
        let mut end = |span: Span| {
            let (table, devices) = (Arc::clone(&table), Arc::clone(&devices));
            let (commands, inlet) = command_queue();
            let (first, count) = span.points;
            writes.add(first, count, commands);
            (ChannelOutlet::new(table, devices, span.points, span.devices), inlet)
        };
        let ends = spans.into_iter().map(&mut end).collect();
        info!(points = of_drivers, devices = devices.all().len(), "site is ready");
        Ok(Self { table, devices, ends, writes, points: of_drivers, own })
    }
}

/// The place of the next point behind so many.
fn place(count: usize) -> Result<Index, CatalogError> {
    Index::try_from(count).map_err(|_| CatalogError::TooMany)
}

/// Adds a channel's points, its devices' own points behind them, and its devices.
fn add_channel(
    channel: &Channel,
    writes: &Writes,
    points: &mut Vec<Entry>,
    devices: &mut Vec<Device>,
    (traits, kinds): (&mut Shared<PointTraits>, &mut Shared<Kind>),
) -> Result<Span, StartError> {
    let (first, first_device) = (place(points.len())?, devices.len());
    let declared = channel.driver.points();
    let names: Vec<Arc<str>> =
        channel.driver.devices().iter().map(|device| device.name.as_str().into()).collect();
    for point in declared {
        let device = names.get(point.details.device.at()).cloned().unwrap_or_default();
        let declaration = if point.writable && !writes.enabled() {
            let said = PointTraits { writable: false, ..PointTraits::clone(point) };
            PointDeclaration { id: point.id.clone(), traits: traits.of(&said) }
        } else {
            point.clone()
        };
        points.push(Entry::new(&declaration, &device, kinds));
    }
    let mut fastest = vec![(None, None); names.len()];
    for point in declared {
        if let Some((revised, configured)) = fastest.get_mut(point.details.device.at()) {
            let wanted = point.wanted_interval();
            *revised = point.scan_interval.into_iter().chain(*revised).min();
            *configured = wanted.into_iter().chain(*configured).min();
        }
    }
    let declared_devices = channel.driver.devices().iter().zip(&names);
    for ((declaration, name), (scan_interval, configured)) in declared_devices.zip(fastest) {
        let own = place(points.len())?;
        let own_points = own_points(declaration, scan_interval.is_some(), traits)
            .map_err(|source| StartError::Device { device: name.to_string(), source })?;
        points.extend(own_points.iter().map(|p| Entry::new(p, name, kinds)));
        let mut device = Device::new(declaration, &channel.name, channel.driver_name, own);
        device.scan_interval = scan_interval;
        device.configured_interval = configured;
        devices.push(device);
    }
    for (index, point) in (first..).zip(declared) {
        let Some(device) = devices.get_mut(first_device + point.details.device.at()) else {
            continue;
        };
        device.points.push(index);
    }
    let mut plans = vec![Vec::new(); names.len()];
    for request in channel.driver.plan() {
        let Some(plan) = plans.get_mut(request.device.at()) else { continue };
        plan.push(PlanLine::new(request, first));
    }
    for (device, plan) in devices.iter().skip(first_device).zip(plans) {
        device.take_plan(plan);
    }
    let count = place(declared.len())?;
    Ok(Span { points: (first, count), devices: (first_device, names.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_site_is_opened_at_once_and_a_large_one_in_turn() {
        assert_eq!([0, 31, 32].map(opening_delay), [Duration::ZERO; 3]);
        assert_eq!(opening_delay(33), OPENING_PACE);
        assert_eq!(opening_delay(1_031).as_millis(), 999);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_stopped_before_its_turn_never_runs() {
        let stop = CancellationToken::new();
        let late = after(Duration::from_secs(5), stop.clone(), async { panic!("it ran") });
        let stops = async {
            sleep(Duration::from_secs(1)).await;
            stop.cancel();
        };
        tokio::join!(late, stops);
        let (ran, started) = (watch::channel(false).0, Instant::now());
        after(Duration::from_secs(5), CancellationToken::new(), async {
            ran.send_replace(true);
        })
        .await;
        assert!(*ran.borrow() && started.elapsed() >= Duration::from_secs(5));
    }
}
