//! The gateway under attack: a device that counts, as fast as it is read, beside many points that stand still.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::peer::device::Device;
use crate::peer::gateway::{Gateway, Site};
use crate::peer::http::get;
use crate::peer::wait_for;

/// Points that count, all of them at each reply.
pub(crate) const COUNTING: u16 = 20;

/// Points that stand still.
pub(crate) const STILL: u16 = 2_000;

/// Far more than anything takes that is due.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A gateway with limits of its own; it ends with this.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    device: Device,
    gateway: Gateway,
    _site: Site,
}

const UNIT: u8 = 1;

impl Target {
    /// `name` must be unique; `limits` are lines of `[limits]`.
    pub(crate) fn start(name: &str, limits: &str) -> Self {
        Self::listening(name, limits, |address| address.to_string())
    }

    /// The same, listening where `listen` says, which must take in the address it is given.
    pub(crate) fn listening(
        name: &str,
        limits: &str,
        listen: impl FnOnce(SocketAddr) -> String,
    ) -> Self {
        let site = Site::of(&format!("hostile-{name}"), |address, devices| {
            configuration(&listen(address), devices, limits)
        });
        let device = Device::listen(site.devices());
        device.with(UNIT, |unit| unit.counting = (0..COUNTING).map(|at| 2 * at).collect());
        let gateway = site.start();
        let path = "/api/v1/points?limit=10000&match=line/**";
        wait_for("all points to be read", SOON, || {
            let points = get(site.address(), path).json()["points"].as_array().unwrap().clone();
            points.iter().all(|point| point["quality"] == "good").then_some(())
        });
        Self { address: site.address(), device, gateway, _site: site }
    }

    /// From now on nothing changes; the number at which every point stands.
    pub(crate) fn stand_still(&self) -> u32 {
        self.device.with(UNIT, |unit| {
            unit.counting.clear();
            (u32::from(unit.get(0)) << 16) | u32::from(unit.get(1))
        })
    }

    /// What the gateway holds now, before an attack.
    pub(crate) fn before(&self) -> Before<'_> {
        // The kernel begins its measure of the peak anew.
        fs::write(format!("/proc/{}/clear_refs", self.gateway.id()), "5").unwrap();
        Before { target: self, files: self.open_files(), memory_kb: self.memory_kb("VmRSS:") }
    }

    /// How many files and sockets the gateway has open.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.gateway.id())).unwrap().count()
    }

    fn memory_kb(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.gateway.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// A connection; neither side waits for long.
    pub(crate) fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect_timeout(&self.address, SOON).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        socket.set_write_timeout(Some(SOON)).unwrap();
        socket
    }

    /// The head of a request, without the blank line at its end.
    pub(crate) fn head(&self, method: &str, path: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address)
    }
}

/// What the gateway held before an attack, to compare with.
pub(crate) struct Before<'a> {
    target: &'a Target,
    files: usize,
    memory_kb: u64,
}

impl Before<'_> {
    /// Holds that at no moment since it took `most_kb` more memory.
    #[track_caller]
    pub(crate) fn peak_is_below(&self, most_kb: u64) {
        let grown = self.target.memory_kb("VmHWM:").saturating_sub(self.memory_kb);
        println!("at most {grown} kB more at any moment, bound {most_kb}");
        assert!(grown < most_kb, "{grown} kB at its peak, bound {most_kb}");
    }

    /// Holds that now it has less than `most_kb` more memory.
    #[track_caller]
    pub(crate) fn left_is_below(&self, most_kb: u64) {
        let left = self.target.memory_kb("VmRSS:").saturating_sub(self.memory_kb);
        println!("{left} kB are left, bound {most_kb}");
        assert!(left < most_kb, "{left} kB are left, bound {most_kb}");
    }

    /// How many files and sockets more it has now.
    pub(crate) fn files_more(&self) -> usize {
        self.target.open_files().saturating_sub(self.files)
    }

    /// Waits until it holds no more files and sockets than before.
    #[track_caller]
    pub(crate) fn all_is_closed(&self) {
        wait_for("everything of the attack to be closed", SOON, || {
            (self.files_more() == 0).then_some(())
        });
    }
}

fn configuration(listen: &str, devices: SocketAddr, limits: &str) -> String {
    let point = |name: &str, number: u16, register: u16, kind: &str| {
        format!(
            "{{ name = \"{name}/{number}\", address = \"holding:{register}\", type = \"{kind}\", \
             stale_after_ms = \"never\" }}"
        )
    };
    let counting: Vec<String> = (0..COUNTING).map(|at| point("count", at, 2 * at, "u32")).collect();
    let still: Vec<String> = (0..STILL).map(|at| point("still", at, 100 + at, "u16")).collect();
    let device = |name: &str, scan_ms: u32, points: &[String]| {
        format!(
            "[[devices]]\nname = \"{name}\"\nchannel = \"line\"\nunit_id = {unit}\nprefix = \"line\"\n\
             scan_ms = {scan_ms}\npoints = [\n{}\n]\n",
            points.join(",\n"),
            unit = if name == "counting" { UNIT } else { UNIT + 1 },
        )
    };
    format!(
        "[gateway]\nlisten = \"{listen}\"\nhosts = [\"10.77.0.1\"]\n[limits]\n{limits}\n\
         [[channels]]\nname = \"line\"\ndriver = \"modbus-tcp\"\naddress = \"{devices}\"\n{}{}",
        device("counting", 20, &counting),
        device("still", 5_000, &still)
    )
}
