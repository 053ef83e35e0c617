//! Model test: writers that are interrupted between any two marks, points that come and go in their midst, readers
//! that stall, lose events, come back, change their selection and want to hear less. After every event the client's
//! view is held against what it was promised, and whenever a reader says that it has nothing to tell, what was not
//! told must have a reason to wait.
//!
//! Everything runs on one thread and on paused time, so a failing case can be replayed; what real threads interleave
//! is chosen by the case: a batch is begun, its marks are placed one by one, and it is settled as steps of their own.
//! A reader is polled only after its waker was called, or at the time it named, as a real one is: so a lost wake and
//! a wrong time are found too.

mod client;
mod coming;
mod cuts;
mod event;
mod patience;
mod promises;
mod reader;
mod site;
mod truth;
mod wishes;
mod world;

use pointcast_api::Failure;
use proptest::prelude::*;

use site::Read;
use wishes::{Ask, DEVICES, IDS, PATTERNS, WISHES};
use world::{CLIENTS, Op, World};

use super::gone::MAX_GONE;

fn read() -> impl Strategy<Value = Read> {
    prop_oneof![
        8 => (-3..4i64).prop_map(Read::Good),
        3 => prop_oneof![Just(-20i64), Just(20)].prop_map(Read::Good),
        1 => (-3..4i64).prop_map(Read::Outside),
        1 => Just(Read::NoNumber),
    ]
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let pattern = prop_oneof![1 => 0..IDS, 2 => IDS..PATTERNS];
    let ask = (pattern, 0..WISHES.len()).prop_map(|(pattern, wish)| Ask { pattern, wish });
    prop::collection::vec(ask, 0..5)
}

fn op() -> impl Strategy<Value = Op> {
    let device = || 0..DEVICES;
    let client = || 0..CLIENTS;
    let how = prop_oneof![Just(Failure::Timeout), Just(Failure::NoCommunication)];
    let most = prop_oneof![3 => Just(usize::MAX), 1 => 1..4usize];
    prop_oneof![
        12 => (device(), 1u8..32, read())
            .prop_map(|(device, points, read)| Op::Begin { device, points, read }),
        18 => device().prop_map(|device| Op::Mark { device }),
        8 => device().prop_map(|device| Op::Finish { device }),
        2 => (device(), how).prop_map(|(device, how)| Op::Fail { device, how }),
        2 => any::<u16>().prop_map(|points| Op::Add { points }),
        2 => (any::<u16>(), any::<u16>()).prop_map(|(a, b)| Op::Remove { points: a & b }),
        6 => Just(Op::Move),
        18 => (client(), most).prop_map(|(client, most)| Op::Read { client, most }),
        4 => (client(), 0usize..8).prop_map(|(client, lost)| Op::Reconnect { client, lost }),
        2 => (client(), asks()).prop_map(|(client, asks)| Op::Put { client, asks }),
        3 => (client(), asks(), prop::collection::vec(0..PATTERNS, 0..6))
            .prop_map(|(client, add, remove)| Op::Patch { client, add, remove }),
        1 => prop::option::of(client()).prop_map(|to| Op::Notice { to }),
        10 => prop_oneof![1..120u64, Just(250), Just(400)].prop_map(|ms| Op::Pass { ms }),
        1 => client().prop_map(|client| Op::Heartbeat { client }),
    ]
}

/// How many removed points a session keeps: more than there ever are, or so few that clients come back too late.
fn max_gone() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(MAX_GONE), 2 => 0..4usize]
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

fn check(wanted: Vec<Vec<Ask>>, ops: Vec<Op>, frame_points: usize, max_gone: usize) {
    run(async {
        let mut world = World::new(frame_points, max_gone);
        for (client, asks) in wanted.into_iter().enumerate() {
            world.apply(Op::Put { client, asks }).await;
        }
        for op in ops {
            world.apply(op).await;
        }
        world.come_to_rest().await;
    });
}

fn cases() -> u32 {
    if std::env::var_os("POINTCAST_LONG").is_some() { 20_000 } else { 1_000 }
}

/// Found by the second property below: a lane that was used is taken over by a new selection, and shut only then.
#[test]
fn an_interval_counts_on_whoever_shuts_its_lane() {
    let begin = |device, points| Op::Begin { device, points, read: Read::Good(0) };
    let ask = |pattern| vec![Ask { pattern, wish: 2 }];
    let look = || Op::Read { client: 2, most: usize::MAX };
    let ops = vec![
        begin(0, 1),
        Op::Put { client: 2, asks: ask(19) },
        begin(2, 1),
        Op::Mark { device: 0 },
        begin(1, 3),
        look(),
        Op::Mark { device: 2 },
        begin(1, 1),
        Op::Mark { device: 2 },
        look(),
        Op::Put { client: 2, asks: ask(0) },
        Op::Pass { ms: 250 },
        look(),
        Op::Put { client: 0, asks: vec![] },
        Op::Add { points: 0 },
        Op::Add { points: 4096 },
        Op::Pass { ms: 250 },
        Op::Fail { device: 0, how: Failure::Timeout },
        look(),
    ];
    check(vec![vec![]; CLIENTS], ops, 2, MAX_GONE);
}

/// Found by the second property below: of three frames the last shuts a lane, and what is held back waits for it before
/// its flush counts.
#[test]
fn a_flush_behind_a_lane_that_an_earlier_frame_shut_counts_from_its_opening() {
    let begin = |device, points, by| Op::Begin { device, points, read: Read::Good(by) };
    let look = |most| Op::Read { client: 0, most };
    let ask = |(pattern, wish)| Ask { pattern, wish };
    let ops = vec![
        begin(0, 1, 0),
        Op::Add { points: 1 << 12 | 1 << 14 },
        begin(2, 1 << 4, 0),
        Op::Put { client: 0, asks: [(15, 2), (18, 6)].map(ask).to_vec() },
        look(usize::MAX),
        Op::Fail { device: 0, how: Failure::Timeout },
        Op::Move,
        begin(2, 1 << 4, 1),
        begin(0, 0b11, 0),
        Op::Finish { device: 0 },
        look(1),
        begin(2, 1, 0),
        look(usize::MAX),
        Op::Pass { ms: 400 },
        begin(1, 1, 0),
    ];
    check(vec![vec![]; CLIENTS], ops, 2, MAX_GONE);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn order_and_completeness_hold(
        wanted in prop::collection::vec(asks(), CLIENTS),
        ops in prop::collection::vec(op(), 1..200),
        max_gone in max_gone(),
    ) {
        check(wanted, ops, 1_000, max_gone);
    }

    #[test]
    fn they_hold_when_a_frame_takes_two_points(
        wanted in prop::collection::vec(asks(), CLIENTS),
        ops in prop::collection::vec(op(), 1..200),
        max_gone in max_gone(),
    ) {
        check(wanted, ops, 2, max_gone);
    }
}
