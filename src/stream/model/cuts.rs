//! A connection that breaks anywhere in the bytes of its events: the client has consumed whole events only, and comes
//! back with the last id among them, while the world goes on.

use super::event::whole_events;
use super::site::Read;
use super::wishes::{Ask, IDS};
use super::world::{Op, World};
use crate::stream::gone::MAX_GONE;

/// Everything under `d1`, some points less often, and one that is not there yet.
fn asks() -> Vec<Ask> {
    [(IDS + 1, 0), (1, 1), (4, 4), (7, 3), (IDS + 3, 2)]
        .map(|(pattern, wish)| Ask { pattern, wish })
        .to_vec()
}

/// A run in which every kind of event occurs.
async fn run(world: &mut World, client: usize) {
    let begin = |points, by| Op::Begin { device: 1, points, read: Read::Good(by) };
    let read = || Op::Read { client, most: usize::MAX };
    let ops = [
        Op::Put { client, asks: asks() },
        read(),
        begin(0b01111, 20),
        Op::Finish { device: 1 },
        read(),
        Op::Notice { to: None },
        begin(0b01111, 1),
        Op::Finish { device: 1 },
        read(),
        Op::Add { points: 0b111 << 12 },
        Op::Remove { points: 0b1010 << 1 },
        read(),
        begin(0b00101, -20),
        Op::Add { points: 0b10 << 1 },
        Op::Pass { ms: 300 },
        Op::Patch { client, add: vec![Ask { pattern: IDS, wish: 0 }], remove: vec![4] },
        read(),
        Op::Finish { device: 1 },
        Op::Pass { ms: 400 },
        read(),
        Op::Heartbeat { client },
    ];
    for op in ops {
        world.apply(op).await;
    }
}

async fn cut_everywhere(client: usize, frame_points: usize) {
    let mut world = World::new(frame_points, MAX_GONE);
    run(&mut world, client).await;
    let tape = world.readers[client].tape.clone();
    let names: Vec<String> = whole_events(&tape).into_iter().map(|event| event.name).collect();
    for name in ["connect", "subscribed", "points", "removed", "catalog", "notice", "heartbeat"] {
        assert!(names.iter().any(|there| there == name), "no {name} in {names:?}");
    }
    let known = world.readers[client].client.known_after_each();
    assert_eq!(known.len(), names.len() + 1);
    for cut in 0..=tape.len() {
        let whole = whole_events(&tape[..cut]);
        let last_id = whole.iter().rev().find_map(|event| event.id.clone());
        assert_eq!(last_id, known[whole.len()].last_id);
        if last_id.is_none() {
            continue;
        }
        let by = if cut % 2 == 0 { 7 } else { -7 };
        let device = cut % 3;
        world.apply(Op::Begin { device, points: 0b10110, read: Read::Good(by) }).await;
        world.readers[client].client.come_back_with(known[whole.len()].clone());
        world.resume(client);
        world.come_to_rest().await;
    }
}

#[test]
fn a_cut_at_any_byte_loses_nothing() {
    super::run(cut_everywhere(0, 1_000));
}

#[test]
fn nor_does_it_in_the_compact_form_in_small_frames() {
    super::run(cut_everywhere(1, 2));
}
