//! What idle clients cost those that are busy.

use std::thread::sleep;
use std::time::Duration;

use crate::conductor::Bench;
use crate::pair::{Readers, Service, same_points, streams};
use crate::report::{Figure, Target};
use crate::server::{OF_DEVICE, id};
use crate::stats::Spread;
use crate::system::Clock;

/// What a change may cost with idle clients, in changes without.
const WITH_IDLE: Target = Target::AtMost(1.05);

/// Readers of the point that changes.
const BUSY: usize = 10;

/// The point of the idle ones, which never changes.
const QUIET_POINT: u32 = 50;

struct Side {
    service: Service,
    busy: Readers,
    idle: Option<Readers>,
}

impl Side {
    fn start(clock: Clock, idle: usize) -> Self {
        let service = Service::start(clock, OF_DEVICE);
        let open = |count, point| {
            streams(service.address, count, vec![format!("points={}", id(point))], 1)
        };
        let busy = Readers::open(clock, open(BUSY, 0));
        let idle = (idle > 0).then(|| Readers::open(clock, open(idle, QUIET_POINT)));
        Self { service, busy, idle }
    }

    /// Processor time for each change, in µs; `None` if idle clients were told anything: heartbeats are not
    /// what is measured.
    fn round(&mut self, puts: u32) -> Option<f64> {
        let events = |idle: &mut Option<Readers>| idle.as_mut().map(|idle| idle.totals().others);
        let before = events(&mut self.idle);
        let put = same_points(1, puts, 2);
        let round = self.service.round(&mut self.busy, put, u64::from(puts) * BUSY as u64);
        (before == events(&mut self.idle)).then(|| round.us_per(puts.into()))
    }
}

pub(crate) fn run(bench: &mut Bench) {
    let (idle, puts) = bench.scale((10_000, 500), (500, 200));
    let clock = bench.clock();
    let mut alone = Side::start(clock, 0);
    let mut beside = Side::start(clock, idle);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut round, mut heard) = (0, 0);
    while with.len() < bench.rounds() {
        let (a, b) = (alone.round(puts), beside.round(puts));
        round += 1;
        match (a, b) {
            (Some(a), Some(b)) if round > bench.warm_ups() => {
                without.push(a);
                with.push(b);
            }
            (Some(_), Some(_)) => {}
            _ => heard += 1,
        }
        assert!(heard < 100, "idle clients are told something all the time");
    }
    let case = bench.case();
    let name = format!("CPU per change to {BUSY}, beside {idle} idle / without");
    bench.tell(Figure::beside(case, name, "µs", &with, &without).with_target(WITH_IDLE));
    let resting = [&mut beside, &mut alone].map(|side| {
        let before = side.service.usage().cpu_ns;
        sleep(Duration::from_secs(1));
        (side.service.usage().cpu_ns - before) as f64 / 1e6
    });
    let name = format!("CPU a second with {idle} idle clients, nothing changes / without");
    let [with, without] = resting.map(|ms| [ms]);
    let figure = Figure::beside(case, name, "ms", &with, &without);
    bench.tell(Figure { ratio: None, measured: Spread::once(with[0]), ..figure });
    if heard > 0 {
        bench.note(format!("{heard} rounds in which heartbeats fell were measured again"));
    }
}
