//! The floor is that of what waits, never one more and never one less, and nothing waits for ever.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const PLACES: u32 = 6;

fn wishes() -> [Wish; PLACES as usize] {
    let flush = |ms| Wish { flush_ms: Some(ms), ..beyond(5.0) };
    [
        every(100),
        Wish { interval_ms: 100, ..flush(300) },
        Wish { interval_ms: 250, ..flush(40) },
        flush(300),
        beyond(5.0),
        PLAIN,
    ]
}

#[derive(Clone, Debug)]
enum Op {
    /// A place is so much more or less, and marked.
    Change(u32, i64),
    /// Its quality changes.
    Doubt(u32),
    /// A frame takes at most so many points.
    Frame(usize),
    /// A snapshot shows a place.
    Show(u32),
    Pass(u64),
    Rearrange,
    Reset,
}

fn op() -> impl Strategy<Value = Op> {
    let place = 0..PLACES;
    prop_oneof![
        8 => (place.clone(), -9..9i64).prop_map(|(place, by)| Op::Change(place, by)),
        1 => place.clone().prop_map(Op::Doubt),
        8 => (1..4usize).prop_map(Op::Frame),
        1 => place.prop_map(Op::Show),
        5 => (1..200u64).prop_map(Op::Pass),
        1 => Just(Op::Rearrange),
        1 => Just(Op::Reset),
    ]
}

/// What waits, as the rules say it.
#[derive(Default)]
struct Model {
    floors: BTreeMap<u32, u64>,
    marks: Vec<u32>,
}

fn flushes(place: u32) -> bool {
    wishes()[place as usize].flush_ms.is_some()
}

fn value_of(state: &State) -> i64 {
    match state.value {
        Some(Value::I64(value)) => value,
        _ => 0,
    }
}

/// What a delivery does for one frame; its points.
fn frame(client: &mut Client, model: &mut Model, most: usize) -> Vec<u32> {
    let mut sent = Vec::new();
    let whole = loop {
        let waited = client.restraint.ready(client.now);
        let Some(place) = waited.or_else(|| model.marks.first().copied()) else { break true };
        if waited.is_none() && !client.restraint.enter(place, client.told, client.now) {
            model.floors.entry(place).or_insert(client.told);
            model.marks.remove(0);
            continue;
        }
        let state = &client.states[place as usize];
        match client.restraint.judge(place, state, client.told, client.now) {
            Judgement::Send if sent.len() >= most => break false,
            Judgement::Send => {
                client.restraint.sent(place, state, Some(client.now));
                model.floors.remove(&place);
                sent.push(place);
            }
            Judgement::Wait => {
                assert!(flushes(place));
                model.floors.entry(place).or_insert(client.told);
            }
            Judgement::PassOver => {
                assert!(!flushes(place));
                model.floors.remove(&place);
            }
        }
        match waited {
            Some(place) => client.restraint.take(place),
            None => drop(model.marks.remove(0)),
        }
    };
    if whole || model.marks.is_empty() {
        client.restraint.shut_used();
    }
    client.told += 1;
    sent
}

fn apply(client: &mut Client, model: &mut Model, op: &Op) {
    match op {
        Op::Change(place, by) => {
            let state = &mut client.states[*place as usize];
            state.value = Some(Value::I64(value_of(state) + by));
            mark(model, *place);
        }
        Op::Doubt(place) => {
            let state = &mut client.states[*place as usize];
            state.doubt = state.doubt.is_none().then_some((Reason::Timeout, UnixMs(0)));
            mark(model, *place);
        }
        Op::Frame(most) => drop(frame(client, model, *most)),
        Op::Show(place) => {
            client.restraint.sent(*place, &client.states[*place as usize], None);
            model.floors.remove(place);
        }
        Op::Pass(ms) => client.pass(*ms),
        Op::Rearrange => rearrange(client, model),
        Op::Reset => {
            client.restraint.reset();
            model.floors.clear();
        }
    }
}

fn mark(model: &mut Model, place: u32) {
    if !model.marks.contains(&place) {
        model.marks.push(place);
    }
}

/// What waited is marked again, and what waits for a flush goes on waiting.
fn rearrange(client: &mut Client, model: &mut Model) {
    let (mut after, numbers) = Restraint::of(wishes().into_iter()).unwrap();
    after.keep_gates_of(&client.restraint);
    for (place, number) in (0..).zip(numbers) {
        after.push(number, RANGE, Some((&client.restraint, place)));
        if client.restraint.is_waiting(place) {
            mark(model, place);
        }
    }
    client.told = client.told.min(client.restraint.floor().unwrap_or(u64::MAX));
    let before = &client.restraint;
    model.floors.retain(|place, _| before.rows[*place as usize].flush_at.is_some());
    client.restraint = after;
}

proptest! {
    #[test]
    fn the_floor_is_the_lowest_of_what_waits(ops in prop::collection::vec(op(), 1..120)) {
        let mut client = Client::new(&wishes());
        let mut model = Model::default();
        for op in ops {
            apply(&mut client, &mut model, &op);
            prop_assert_eq!(client.restraint.floor(), model.floors.values().min().copied());
            for place in 0..PLACES {
                let waits = model.floors.contains_key(&place);
                prop_assert_eq!(client.restraint.is_waiting(place), waits);
            }
        }
        while !model.marks.is_empty() {
            frame(&mut client, &mut model, 1);
        }
        // Nothing but its own due times moves it on, and each moves it.
        for _ in 0..4 * PLACES {
            let Some(due) = client.restraint.due() else { break };
            client.now = client.now.max(due);
            frame(&mut client, &mut model, 2);
        }
        prop_assert_eq!(client.restraint.due(), None);
        prop_assert_eq!(client.restraint.floor(), None, "what waits is told in the end");
        prop_assert!((0..PLACES).all(|place| !client.restraint.is_waiting(place)));
    }
}
