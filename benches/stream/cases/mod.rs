//! The measurements, each with the checks that what had to arrive did.

mod dashboards;
mod frames;
mod idle;
mod memory;
mod one_point;
mod polling;
mod stalled;
mod storm;

use crate::conductor::Bench;

/// One measurement.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&mut Bench),
}

/// All of them, in the order in which they run.
pub(crate) const ALL: &[Case] = &[
    Case {
        name: "fanout",
        about: "one point to 1, 1 000 and 10 000 clients",
        run: one_point::fanout,
    },
    Case { name: "delay", about: "from put to 1 000 readers of one point", run: one_point::delay },
    Case {
        name: "dashboards",
        about: "1 000 clients with 100 of 10 000 points, each changing every second",
        run: dashboards::run,
    },
    Case { name: "frames", about: "frames with 100 changes and with 1", run: frames::sizes },
    Case { name: "compact", about: "bytes of the compact form", run: frames::compact },
    Case { name: "idle", about: "10 busy clients beside 10 000 idle ones", run: idle::run },
    Case { name: "storm", about: "5 000 clients come back at once and resume", run: storm::run },
    Case { name: "stalled", about: "half of 1 000 readers stop reading", run: stalled::run },
    Case { name: "memory", about: "memory of a stream and of a selected point", run: memory::run },
    Case { name: "polling", about: "200 dashboards that poll, or that listen", run: polling::run },
];
