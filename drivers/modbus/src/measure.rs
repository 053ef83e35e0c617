//! Planner, link and session for those who measure them; only with the feature `bench`.

use std::time::Duration;

use pointcast_api::settings::Refusals;
use pointcast_api::testing::channel;
use pointcast_api::{DeviceIndex, Outlet, PointDeclaration, Reports, command_queue};
use tokio::net::TcpStream;

use crate::address::Table;
use crate::driver::Lessons;
use crate::frame::{MAX_REGISTERS, ReadRequest};
use crate::line::{Line, Parity};
use crate::link::tcp::TcpLink;
use crate::link::{Link, Lost};
use crate::plan::{Cost, Learned, Shape, Want, plan};
use crate::session::Session;
use crate::settings::{Kind, Site, check};

/// How long an answer is waited for where nothing is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// An interval that has always passed.
const ALWAYS: Duration = Duration::from_micros(1);

/// What requests travel on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A line of 8 data bits, even parity and one stop bit.
    Serial {
        /// Bits a second.
        baud: u32,
        /// How long the device thinks before it answers.
        turnaround: Duration,
    },
    /// A TCP connection.
    Tcp {
        /// From a request to its reply, the device's thinking included.
        round_trip: Duration,
    },
}

/// A value in the holding registers of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// As requests count, from 0.
    pub first: u16,
    /// Registers.
    pub length: u16,
    /// How often it is wanted.
    pub interval: Duration,
}

/// One request of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// As requests count, from 0.
    pub first: u16,
    /// Registers.
    pub quantity: u16,
    /// How often it is made.
    pub interval: Duration,
}

impl Wire {
    fn cost(&self) -> Cost {
        match *self {
            Self::Serial { baud, turnaround } => {
                let line = Line::rtu(baud, Parity::Even, 1, turnaround);
                Cost::serial(&line, turnaround, Duration::ZERO)
            }
            Self::Tcp { round_trip } => Cost::tcp(round_trip, Duration::ZERO),
        }
    }

    /// How this driver reads `values` of one device that gives at most `max_block` registers at once.
    pub fn plan(&self, values: &[Value], max_block: u16) -> Vec<Request> {
        let shape = Shape { max_block, max_gap: None, cost: self.cost() };
        let want = |value: &Value| Want {
            device: DeviceIndex(0),
            table: Table::HoldingRegisters,
            first: value.first,
            length: value.length,
            interval: value.interval,
        };
        let wants: Vec<Want> = values.iter().map(want).collect();
        let blocks = plan(&wants, &[shape], &Learned::default());
        let request = |block: crate::plan::Block| Request {
            first: block.first,
            quantity: block.quantity,
            interval: block.interval,
        };
        blocks.into_iter().map(request).collect()
    }

    /// Predicted time from the first bit of `request` until the next request may begin.
    pub fn time(&self, request: &Request) -> Duration {
        let Request { first, quantity, .. } = *request;
        self.cost().time(&ReadRequest { unit: 1, table: Table::HoldingRegisters, first, quantity })
    }
}

/// Asks for 125 registers of unit 1 `requests` times, `depth` at a time, and takes the answers: the link alone.
///
/// # Errors
/// Why the connection is of no use any more, or how many were not answered.
pub async fn ask(stream: TcpStream, depth: usize, requests: usize) -> Result<(), String> {
    let mut link = TcpLink::new(stream, Duration::ZERO).taking(u8::try_from(depth).unwrap_or(1));
    let request =
        ReadRequest { unit: 1, table: Table::HoldingRegisters, first: 0, quantity: MAX_REGISTERS };
    let flight = vec![(request.into(), PATIENCE); depth];
    let asking = async {
        let mut silent = 0;
        for _ in 0..requests / depth.max(1) {
            if depth < 2 {
                let exchange = link.ask_if(&request.into(), PATIENCE, &|| true).await?;
                silent += usize::from(exchange.answer.is_err());
                continue;
            }
            link.send_all(&flight).await?;
            while let Some((_, exchange)) = link.hear().await? {
                silent += usize::from(exchange.answer.is_err());
            }
        }
        Ok::<usize, Lost>(silent)
    };
    match asking.await {
        Ok(0) => Ok(()),
        Ok(silent) => Err(format!("{silent} of {requests} were not answered")),
        Err(lost) => Err(lost.to_string()),
    }
}

/// One device that is asked for without a pause: all its blocks of 125 registers, a point each, are always due.
#[derive(Debug)]
pub struct Reader {
    site: Site,
    lessons: Lessons,
    reports: Reports,
}

impl Reader {
    /// A device of so many blocks, of which at most `depth` are on their way at once.
    ///
    /// # Errors
    /// What is not right about that.
    pub fn new(blocks: u16, depth: u8) -> Result<Self, String> {
        let point =
            |at| format!("{{ name = \"{at}\", address = \"holding:{at}\", type = \"u16\" }}");
        let points: Vec<String> = (0..blocks.saturating_mul(MAX_REGISTERS)).map(point).collect();
        let toml = format!(
            "address = \"x\"\nround_trip_ms = 0\nmax_in_flight = {depth}\n[[devices]]\nname = \"d\"\npoints = [{}]",
            points.join(",")
        );
        let mut refusals = Refusals::new();
        let site = check(channel(&toml), Kind::Tcp, &mut refusals);
        let Some(mut site) = site else { return Err(format!("{:?}", refusals.into_sorted())) };
        // As fast as answers come, and no plan that leaves a tenth of the time free.
        site.wants.iter_mut().for_each(|want| want.interval = ALWAYS);
        site.shapes.iter_mut().for_each(|shape| shape.cost = Cost::next_to_nothing());
        let reports = Reports::new(site.devices.len());
        Ok(Self { site, lessons: Lessons::default(), reports })
    }

    /// What is read.
    #[must_use]
    pub fn points(&self) -> &[PointDeclaration] {
        &self.site.points
    }

    /// Reads until the connection is lost; why it was.
    pub async fn read(&self, stream: TcpStream, outlet: &dyn Outlet) -> String {
        let link = TcpLink::new(stream, Duration::ZERO).taking(self.site.channel.max_in_flight);
        let mut session = Session::new(&self.site, &self.lessons, &self.reports, outlet, link);
        let (_commands, mut inlet) = command_queue();
        session.serve(&mut inlet).await.to_string()
    }
}
