//! The driver: what it declares, and one session after another on whatever link its channel has.

use std::sync::{Mutex, PoisonError};

use pointcast_api::{
    Blocking, DeviceDeclaration, Driver, Fault, Inlet, Outlet, PlannedRequest, PointDeclaration,
    Refused, Reports, SessionFuture, Utilisation,
};
use tokio_util::sync::CancellationToken;

use crate::learner::Paces;
use crate::line::{Coding, Line};
use crate::link::serial::{AsciiLink, RtuLink};
use crate::link::tcp::TcpLink;
use crate::link::{Link, Lost};
use crate::memory;
use crate::opening;
use crate::plan::Learned;
use crate::session::Session;
use crate::settings::{Site, Transport};

/// What was learned about the devices, kept from session to session.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    refusals: Mutex<Learned>,
    paces: Mutex<Paces>,
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

    /// How fast the devices answer.
    pub(crate) fn paces(&self) -> Paces {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps how fast the devices answer.
    pub(crate) fn keep_paces(&self, paces: &Paces) {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).clone_from(paces);
    }
}

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
        let channel = &self.site.channel;
        let lost = match &channel.transport {
            Transport::Tcp(endpoint, Some(tls)) => {
                let opening = opening::secure(endpoint, tls, &self.opening);
                match refusing(inlet, opening).await {
                    Ok(stream) => {
                        self.run(TcpLink::new(stream, channel.request_gap), outlet, inlet).await
                    }
                    Err(fault) => return fault,
                }
            }
            Transport::Tcp(endpoint, None) => {
                match refusing(inlet, opening::connect(endpoint)).await {
                    Ok(stream) => {
                        self.run(TcpLink::new(stream, channel.request_gap), outlet, inlet).await
                    }
                    Err(fault) => return fault,
                }
            }
            Transport::Serial(serial) => {
                let timing = self.site.timing(serial);
                match (refusing(inlet, opening::line(serial, &self.opening)).await, timing.coding) {
                    (Ok(stream), Coding::Rtu) => {
                        self.run(RtuLink::new(stream, timing), outlet, inlet).await
                    }
                    (Ok(stream), Coding::Ascii) => {
                        self.run(AsciiLink::new(stream, timing), outlet, inlet).await
                    }
                    (Err(fault), _) => return fault,
                }
            }
        };
        Fault::new(format!("read from {}", channel.place()), lost)
    }

    async fn run(&self, link: impl Link, outlet: &dyn Outlet, inlet: &mut Inlet) -> Lost {
        Session::new(&self.site, &self.lessons, &self.reports, outlet, link).serve(inlet).await
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
        let blocks = self.lessons.with(|learned| self.site.plan(learned, &paces));
        let planned = |block: crate::plan::Block| {
            let request = self.site.request(&block)?;
            Some(PlannedRequest {
                device: block.device,
                request: request.to_string(),
                scan_interval: Some(block.interval),
                wire_time: self.site.line().map(|line| {
                    let turnaround = paces.of(block.device.at()).unwrap_or(line.turnaround);
                    Line { turnaround, ..*line }.exchange(&request)
                }),
                points: block.points,
            })
        };
        blocks.into_iter().filter_map(planned).collect()
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
