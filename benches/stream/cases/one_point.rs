//! One point and all its readers: what a frame costs, and how long it takes.

use crate::conductor::Bench;
use crate::pair::{Floor, Readers, Round, Service, same_points, streams};
use crate::report::{Figure, Target};
use crate::roles::Send;
use crate::server::{OF_DEVICE, id};

/// What one frame with one point may cost, in bare sends.
const FRAME: Target = Target::AtMost(1.15);

/// What p99 may be, in the floor's.
const DELAY: Target = Target::AtMost(1.25);

/// Changes of one point to all its readers.
struct Shape {
    readers: usize,
    puts: u32,
    gap_ms: u64,
}

/// Rounds of the service, and of the floor.
type Rounds = (Vec<Round>, Vec<Round>);

pub(crate) fn fanout(bench: &mut Bench) {
    let shapes = bench.scale(
        [(1, 500, 2), (1_000, 40, 30), (10_000, 5, 300)],
        [(1, 100, 2), (100, 50, 5), (500, 20, 15)],
    );
    for (readers, puts, gap_ms) in shapes {
        let (service, floor) = rounds(bench, &Shape { readers, puts, gap_ms });
        let [service_us, floor_us] =
            [&service, &floor].map(|rounds| rounds.iter().map(Round::us_per_frame).collect());
        let [service_us, floor_us]: [Vec<f64>; 2] = [service_us, floor_us];
        let name = match readers {
            // The floor has one socket, and one wake and one sleep for each send.
            1 => "CPU per frame, 1 client, the writer's wake included".to_owned(),
            _ => format!("CPU per frame, one point to {readers} clients"),
        };
        let figure = Figure::beside(bench.case(), name, "µs", &service_us, &floor_us);
        bench.tell(if readers == 1 { figure } else { figure.with_target(FRAME) });
        let skipped: u64 = service.iter().map(|round| round.totals.skipped).sum();
        if skipped > 0 {
            bench.note(format!(
                "to {readers} in all: {skipped} changes were overtaken by newer ones"
            ));
        }
    }
}

pub(crate) fn delay(bench: &mut Bench) {
    let (readers, puts) = bench.scale((1_000, 40), (100, 20));
    let (service, floor) = rounds(bench, &Shape { readers, puts, gap_ms: 50 });
    let times = |rounds: &[Round], of: fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let case = bench.case();
    for (name, of, target) in [
        ("p50", (|round| round.totals.delay.p50_ms()) as fn(&Round) -> f64, None),
        ("p99", |round| round.totals.delay.p99_ms(), Some(DELAY)),
    ] {
        let name = format!("{name} from put to {readers} readers");
        let (service, floor) = (times(&service, of), times(&floor, of));
        let figure = Figure::beside(case, name, "ms", &service, &floor);
        bench.tell(Figure { target, ..figure });
    }
}

fn rounds(bench: &Bench, shape: &Shape) -> Rounds {
    let &Shape { readers: count, puts, gap_ms } = shape;
    let clock = bench.clock();
    let mut service = Service::start(clock, OF_DEVICE);
    let open = streams(service.address, count, vec![format!("points={}", id(0))], 1);
    let mut readers = Readers::open(clock, open.clone());
    let mut floor = Floor::beside(clock, &mut readers, &open);
    service.round(&mut readers, same_points(1, 1, gap_ms), count as u64);
    let frame = readers.sample();
    let send = || Send { frame: frame.clone(), puts, to: count, gap_ms };
    let put = same_points(1, puts, gap_ms);
    let expected = u64::from(puts) * count as u64;
    let mut all = (Vec::new(), Vec::new());
    for round in 0..bench.warm_ups() + bench.rounds() {
        let floor = floor.round(send());
        let service = service.round(&mut readers, put, expected);
        if round >= bench.warm_ups() {
            all.0.push(service);
            all.1.push(floor);
        }
    }
    all
}
