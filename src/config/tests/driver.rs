//! A driver that reads nothing: for tests of everything around drivers.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::settings::{ChannelSettings, PointSettings, Refusals};
use pointcast_api::{
    DeviceDeclaration, DeviceIndex, Driver, Inlet, Outlet, PlannedRequest, PointDeclaration,
    PointIndex, PointTraits, SessionFuture, StaleAfter, ValueType,
};
use tokio_util::sync::CancellationToken;

use crate::registry::DriverKind;

/// A table with the one driver of this file, and one that refuses without a reason.
pub(crate) const DRIVERS: &[DriverKind] = &[
    DriverKind { name: "test-bus", point_address: &[], build },
    DriverKind { name: "mute", point_address: &[], build: |_, _| None },
];

struct TestBus {
    devices: Vec<DeviceDeclaration>,
    points: Vec<PointDeclaration>,
}

fn build(mut channel: ChannelSettings, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    let before = refusals.len();
    let address = channel.settings.text("address", refusals);
    let address = channel.settings.required(address, "address", "address = \"…\"", refusals);
    channel.settings.finish(refusals);
    let (mut devices, mut points) = (Vec::new(), Vec::new());
    for mut device in channel.devices {
        let unit = device.settings.integer("unit_id", 0..=247, refusals).map_or(1, |at| at.value);
        device.settings.finish(refusals);
        let place = address.as_ref().map_or("", |address| &address.value);
        let address = format!("{place} unit {unit}");
        devices.push(DeviceDeclaration { name: device.name, address });
        points.extend(device.points.into_iter().map(|point| declare(point, refusals)));
    }
    (refusals.len() == before).then(|| Box::new(TestBus { devices, points }) as Box<dyn Driver>)
}

fn declare(mut point: PointSettings, refusals: &mut Refusals) -> PointDeclaration {
    let value_type = point.settings.choice("type", &ValueType::WORDS, refusals);
    let scan = point.settings.millis("scan_ms", 10..=60_000, refusals).map(|scan| scan.value);
    point.settings.finish(refusals);
    let declared = point.details.stale_after;
    let stale_after = declared.or(scan.map(|scan| StaleAfter::Elapsed(scan * 3)));
    let traits = PointTraits {
        details: point.details,
        value_type: value_type.map_or(ValueType::F32, |word| word.value),
        scan_interval: scan,
        configured_interval: None,
        stale_after: stale_after.unwrap_or(StaleAfter::Never),
        writable: false,
    };
    PointDeclaration { id: point.id, traits: Arc::new(traits) }
}

impl Driver for TestBus {
    fn devices(&self) -> &[DeviceDeclaration] {
        &self.devices
    }

    fn points(&self) -> &[PointDeclaration] {
        &self.points
    }

    /// One request a point; those with a scan take 2.5 ms on the wire, those without come by themselves.
    fn plan(&self) -> Vec<PlannedRequest> {
        let request = |(index, point): (u32, &PointDeclaration)| PlannedRequest {
            device: DeviceIndex(point.details.device.0),
            request: format!("read {}", point.id),
            parts: Vec::new(),
            scan_interval: point.scan_interval,
            wire_time: point.scan_interval.map(|_| Duration::from_micros(2_500)),
            busy_time: point.scan_interval.map(|_| Duration::from_micros(2_500)),
            is_refused: false,
            points: vec![PointIndex(index)],
        };
        (0..).zip(&self.points).map(request).collect()
    }

    fn session<'a>(
        &'a self,
        _outlet: &'a dyn Outlet,
        _inlet: &'a mut Inlet,
        stop: CancellationToken,
    ) -> SessionFuture<'a> {
        Box::pin(async move {
            stop.cancelled().await;
            Ok(())
        })
    }
}
