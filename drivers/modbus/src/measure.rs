//! The reading planner for those who measure it; only with the feature `bench`.

use std::time::Duration;

use pointcast_api::DeviceIndex;

use crate::address::Table;
use crate::frame::ReadRequest;
use crate::line::{Line, Parity};
use crate::plan::{Cost, Learned, Shape, Want, plan};

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
