//! The simulated devices: what each one would measure at a given moment, and where that lies on its wire.
//!
//! A device's reading at a moment is one plain struct, computed when a request comes in: everything in one
//! reply belongs to one moment. No device knows of sockets, ports or faults.

pub(crate) mod boiler;
pub(crate) mod greenhouse;
pub(crate) mod meter;
pub(crate) mod pumps;
mod register;
pub(crate) mod scale;
pub(crate) mod weather;

use register::{Register, Snapshot};

use crate::fault::Device;
use crate::modbus::answer;
use crate::orders::Orders;
use crate::signal::SiteTime;

/// The reply PDU of a Modbus slave to a request PDU, which may change what was written to it; `None` where none is
/// owed, and for a device that is no Modbus slave.
pub(crate) fn slave_reply(
    device: Device,
    request: &[u8],
    time: SiteTime,
    orders: &Orders,
) -> Option<Vec<u8>> {
    orders.with(|written| match device {
        Device::Meter => answer(request, &mut meter::snapshot(time)),
        Device::Boiler => answer(request, &mut boiler::Slave { orders: &mut written.boiler, time }),
        Device::Pumps => answer(request, &mut pumps::snapshot(time)),
        Device::Greenhouse1 => {
            let (house, orders) = (greenhouse::House::One, &mut written.greenhouse1);
            answer(request, &mut greenhouse::Slave { house, orders, time })
        }
        Device::Greenhouse2 => {
            let (house, orders) = (greenhouse::House::Two, &mut written.greenhouse2);
            answer(request, &mut greenhouse::Slave { house, orders, time })
        }
        Device::Scale | Device::Weather | Device::Broker => None,
    })
}

#[cfg(test)]
mod tests;
