//! Model test: writers that are interrupted between any two marks, readers that stall, lose events, come
//! back and change their selection. After every event the client's view is held against what it was promised.
//!
//! Everything runs on one thread, so a failing case can be replayed; what real threads interleave is chosen
//! by the case: a batch is begun, its marks are placed one by one, and it is settled as steps of their own.
//! A reader is polled only after its waker was called, as a real one is, so a lost wake is found too.

mod client;
mod world;

use proptest::prelude::*;

use world::{Op, World};

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..world::WRITERS, 1u8..15).prop_map(|(writer, points)| Op::Begin { writer, points }),
        12 => (0..world::WRITERS).prop_map(|writer| Op::Mark { writer }),
        4 => (0..world::WRITERS).prop_map(|writer| Op::Finish { writer }),
        1 => (0..world::DEVICES).prop_map(|device| Op::Fail { device }),
        8 => (0..world::CLIENTS).prop_map(|client| Op::Read { client }),
        2 => (0..world::CLIENTS, 0usize..4).prop_map(|(client, lost)| Op::Reconnect { client, lost }),
        1 => (0..world::CLIENTS, any::<u16>()).prop_map(|(client, points)| Op::Put { client, points }),
        1 => (0..world::CLIENTS, any::<u16>(), any::<u16>())
            .prop_map(|(client, add, remove)| Op::Patch { client, add, remove }),
        1 => (0..world::CLIENTS).prop_map(|client| Op::Heartbeat { client }),
    ]
}

fn check(ops: Vec<Op>, frame_points: usize) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let mut world = World::new(frame_points);
        for op in ops {
            world.apply(op).await;
        }
        world.come_to_rest().await;
    });
}

fn cases() -> u32 {
    if std::env::var_os("POINTCAST_LONG").is_some() { 20_000 } else { 1_000 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn order_and_completeness_hold(ops in prop::collection::vec(op(), 1..200)) {
        check(ops, 1_000);
    }

    #[test]
    fn they_hold_when_a_frame_takes_two_points(ops in prop::collection::vec(op(), 1..200)) {
        check(ops, 2);
    }
}
