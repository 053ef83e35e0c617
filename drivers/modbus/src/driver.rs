//! The driver: what it declares, and one session after another on whatever link its channel has.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use pointcast_api::{
    Blocking, DeviceDeclaration, DeviceIndex, Driver, Fault, Inlet, Outlet, PlannedRequest,
    PointDeclaration, Refused, Reports, SessionFuture, Utilisation,
};
use tokio_util::sync::CancellationToken;

use crate::depth::Depth;
use crate::learner::Paces;
use crate::line::Coding;
use crate::link::serial::{AsciiLink, RtuLink};
use crate::link::tcp::TcpLink;
use crate::link::{Link, Lost};
use crate::memory;
use crate::opening::{self, ByteStream};
use crate::plan::{Block, Learned};
use crate::planned::{basis, planned, without_address};
use crate::session::Session;
use crate::settings::{Channel, Site, Transport};
use crate::sunspec::{Chain, Layout};

/// What was learned about the devices, kept from session to session.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    refusals: Mutex<Learned>,
    paces: Mutex<Paces>,
    /// The SunSpec models that devices had the last time.
    chains: Mutex<BTreeMap<DeviceIndex, Chain>>,
    depth: Mutex<Depth>,
}

impl Lessons {
    /// Looks something up.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Learned) -> T) -> T {
        self.change(|learned| look(learned))
    }

    /// Learns something.
    pub(crate) fn change<T>(&self, learn: impl FnOnce(&mut Learned) -> T) -> T {
        // Every change is one insertion or removal, so a panic elsewhere spoils nothing.
        learn(&mut self.refusals.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the server was seen to take at once.
    pub(crate) fn depth<T>(&self, with: impl FnOnce(&mut Depth) -> T) -> T {
        with(&mut self.depth.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How fast the devices answer.
    pub(crate) fn paces(&self) -> Paces {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where points are, as far as that was found out; the others where they are assumed.
    pub(crate) fn layout<'a>(&self, site: &'a Site) -> Layout<'a> {
        let mut layout = Layout::assumed(&site.wants, &site.decoders);
        let chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        for (device, chain) in chains.iter() {
            if let Some(sought) = site.sought.get(device.at()) {
                layout.place(sought, &sought.placement(chain));
            }
        }
        layout
    }

    /// Whether it was found out which models a device has.
    pub(crate) fn is_surveyed(&self, device: DeviceIndex) -> bool {
        self.chains.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&device)
    }

    /// Keeps which models a device has; `None`: it cannot be found out.
    pub(crate) fn keep_chain(&self, device: DeviceIndex, chain: Option<Chain>) {
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        match chain {
            Some(chain) => drop(chains.insert(device, chain)),
            None => drop(chains.remove(&device)),
        }
    }

    /// Keeps how fast the devices answer.
    pub(crate) fn keep_paces(&self, paces: &Paces) {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).clone_from(paces);
    }
}

/// A session on its way. In a box of its own: a channel takes the memory that its own kind of link needs, and not that
/// of the largest.
type Running<'a> = Pin<Box<dyn Future<Output = Lost> + Send + 'a>>;

/// A Modbus channel.
#[derive(Debug)]
pub(crate) struct ModbusDriver {
    site: Site,
    lessons: Lessons,
    reports: Reports,
    opening: Blocking,
}

impl ModbusDriver {
    pub(crate) fn new(site: Site) -> Self {
        let reports = Reports::new(site.devices.len());
        Self { site, lessons: Lessons::default(), reports, opening: Blocking::default() }
    }

    /// Opens the link, and asks and writes until it is lost.
    async fn poll(&self, outlet: &dyn Outlet, inlet: &mut Inlet) -> Fault {
        // In a box for the same reason as a session.
        match Box::pin(self.open(outlet, inlet)).await {
            Ok(running) => {
                Fault::new(format!("read from {}", self.site.channel.place()), running.await)
            }
            Err(fault) => fault,
        }
    }

    /// Opens the link and begins a session on it.
    async fn open<'a>(
        &'a self,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
    ) -> Result<Running<'a>, Fault> {
        let channel = &self.site.channel;
        Ok(match &channel.transport {
            Transport::Tcp(endpoint, Some(tls)) => {
                let opening = Box::pin(opening::secure(endpoint, tls, &self.opening));
                let stream = refusing(inlet, opening).await?;
                self.run(tcp_link(stream, channel), outlet, inlet)
            }
            Transport::Tcp(endpoint, None) => {
                let stream = refusing(inlet, opening::connect(endpoint)).await?;
                self.run(tcp_link(stream, channel), outlet, inlet)
            }
            Transport::Serial(serial) => {
                let timing = self.site.timing(serial);
                let stream = refusing(inlet, opening::line(serial, &self.opening)).await?;
                match timing.coding {
                    Coding::Rtu => self.run(RtuLink::new(stream, timing), outlet, inlet),
                    Coding::Ascii => self.run(AsciiLink::new(stream, timing), outlet, inlet),
                }
            }
        })
    }

    /// The models that a block is to be of, where they were not looked for yet.
    fn models_of(&self, block: &Block) -> Option<String> {
        let device = block.device;
        let sought =
            self.site.sought.get(device.at()).filter(|_| !self.lessons.is_surveyed(device));
        Some(sought?.assumed_at(block.first)?.to_string())
    }

    fn run<'a>(
        &'a self,
        link: impl Link + 'a,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
    ) -> Running<'a> {
        let mut session = Session::new(&self.site, &self.lessons, &self.reports, outlet, link);
        Box::pin(async move { session.serve(inlet).await })
    }

    async fn work(
        &self,
        outlet: &dyn Outlet,
        inlet: &mut Inlet,
        stop: &CancellationToken,
    ) -> Result<(), Fault> {
        self.reports.all_offline(outlet, None);
        // Both arms are ended here for good, so none of them needs to be resumed.
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(()),
            fault = self.poll(outlet, inlet) => {
                self.reports.all_offline(outlet, Some(&fault.explain()));
                Err(fault)
            }
        }
    }
}

/// The link of a channel on a fresh connection.
fn tcp_link<S: ByteStream>(stream: S, channel: &Channel) -> TcpLink<S> {
    TcpLink::new(stream, channel.request_gap).taking(channel.max_in_flight)
}

/// Refuses every command until `opening` is over.
async fn refusing<T>(inlet: &mut Inlet, opening: impl Future<Output = T>) -> T {
    let refuse = async {
        loop {
            inlet.next().await.refuse(Refused::Unreachable);
        }
    };
    // A command that was taken is answered before the next await.
    tokio::select! {
        biased;
        opened = opening => opened,
        never = refuse => never,
    }
}

impl Driver for ModbusDriver {
    fn devices(&self) -> &[DeviceDeclaration] {
        &self.site.devices
    }

    fn points(&self) -> &[PointDeclaration] {
        &self.site.points
    }

    fn plan(&self) -> Vec<PlannedRequest> {
        let paces = self.lessons.paces();
        let layout = self.lessons.layout(&self.site);
        let wants = layout.wants();
        let blocks = self.lessons.with(|learned| self.site.plan_of(wants, learned, &paces));
        let is_refused = |block: &Block| self.lessons.with(|learned| learned.is_refused(block));
        let planned = |block: &Block| {
            let told = planned(&self.site, &paces, block, block.interval, is_refused(block))?;
            Some(match self.models_of(block) {
                Some(models) => without_address(told, block, &models),
                None => told,
            })
        };
        blocks.iter().filter_map(planned).collect()
    }

    fn basis(&self) -> Option<String> {
        Some(basis(&self.site.channel))
    }

    fn utilisation(&self) -> Option<Utilisation> {
        Some(self.site.utilisation)
    }

    fn memory(&self) -> Option<String> {
        self.lessons.with(|learned| memory::write(&self.site, learned))
    }

    fn recall(&self, memory: &str) {
        self.lessons.change(|learned| memory::read(&self.site, memory, learned));
    }

    fn session<'a>(
        &'a self,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
        stop: CancellationToken,
    ) -> SessionFuture<'a> {
        Box::pin(async move { self.work(outlet, inlet, &stop).await })
    }
}

#[cfg(test)]
mod tests;
