//! The table as writers, readers and the sweep see it, on paused time.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{Reading, Reason, StaleAfter, UnixMs, Value};
use tokio::time::advance;

use super::testing::table;
use super::{Form, Index, Mailbox, SWEEP_TURN, Table, Update};

fn good(value: i64) -> Reading {
    Reading::Good(Value::I64(value))
}

fn put(table: &Table, points: impl IntoIterator<Item = usize>, value: i64) {
    let reading = good(value);
    let update = |point| (Index::try_from(point).unwrap(), Update::Read(&reading, UnixMs(1)));
    table.apply(points.into_iter().map(update));
}

fn is_stale(table: &Table, point: usize) -> bool {
    let state = table.read(Index::try_from(point).unwrap()).unwrap();
    state.doubt.is_some_and(|(reason, _)| reason == Reason::Stale)
}

#[tokio::test(start_paused = true)]
async fn each_point_turns_stale_after_its_own_time_whenever_it_was_looked_at() {
    const TICK: Duration = Duration::from_millis(100);
    let stale_after = |point: usize| match point % 5 {
        0 => StaleAfter::Never,
        times => StaleAfter::Elapsed(TICK * u32::try_from(times * 3).unwrap()),
    };
    // One turn of the sweep, the beginning of another, and points that are read at some ticks only.
    let points = SWEEP_TURN + 50;
    let looked_at: Vec<usize> = (0..20).chain(SWEEP_TURN - 10..points).collect();
    let is_read = |point: usize, tick: usize| (tick * 7 + point) % 13 < point % 3;
    let table = table(points, stale_after);
    let mut read_at = vec![None; points];
    for tick in 0..200 {
        let read: Vec<usize> = looked_at.iter().copied().filter(|p| is_read(*p, tick)).collect();
        for point in &read {
            read_at[*point] = Some(tick);
        }
        put(&table, read, i64::try_from(tick).unwrap());
        table.sweep_stale(UnixMs(1));
        for point in &looked_at {
            let unread =
                read_at[*point].map(|read_at| TICK * u32::try_from(tick - read_at).unwrap());
            let expected = match stale_after(*point) {
                StaleAfter::Elapsed(bound) => unread.is_some_and(|unread| unread > bound),
                StaleAfter::Never => false,
            };
            assert_eq!(is_stale(&table, *point), expected, "p{point} at tick {tick}");
        }
        advance(TICK).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_one_writer_is_held_up_others_points_stay_as_they_were_settled() {
    let table = table(3, |_| StaleAfter::Never);
    let mailbox = Arc::new(Mailbox::new(3));
    (0..3).for_each(|point| table.register(point, &mailbox, point));
    let reading = good(1);
    put(&table, [0, 1], 1);
    let mut held_up = table.begin([(2, Update::Read(&reading, UnixMs(1)))]).unwrap();
    let settled = table.settled();
    let shows = |point, value: i64| {
        table.view(|view| {
            let mut shown = view.shown(point).expect("its settled state is at hand");
            let text = shown.text(Form::Plain);
            assert!(text.contains(&format!("\"value\":{value},")), "{text}");
        });
    };
    for value in 2..100 {
        put(&table, [0], value);
        assert_eq!(table.settled(), settled);
        // Both of the last settled reply, or of none: never one without the other.
        shows(0, 1);
        shows(1, 1);
    }
    while table.mark_next(&mut held_up) {}
    let mut second = table.begin([(1, Update::Read(&good(7), UnixMs(1)))]).unwrap();
    for value in 100..200 {
        put(&table, [0], value);
    }
    table.settle(held_up);
    shows(0, 99);
    shows(1, 1);
    while table.mark_next(&mut second) {}
    table.settle(second);
    shows(0, 199);
    shows(1, 7);
}

#[tokio::test(start_paused = true)]
async fn a_point_that_stands_twice_in_a_reply_changes_once_to_the_later() {
    let table = table(2, |_| StaleAfter::Never);
    let mailbox = Arc::new(Mailbox::new(1));
    table.register(0, &mailbox, 0);
    put(&table, [0], 1);
    let before = table.settled();
    let (first, second) = (good(2), good(3));
    let batch = [(0, Update::Read(&first, UnixMs(1))), (0, Update::Read(&second, UnixMs(1)))];
    let mut batch = table.begin(batch).unwrap();
    table.view(|view| {
        let mut shown = view.shown(0).unwrap();
        assert!(shown.text(Form::Plain).contains("\"value\":1,") && !shown.newest, "{shown:?}");
    });
    while table.mark_next(&mut batch) {}
    table.settle(batch);
    assert_eq!(table.settled(), before + 1);
    table.view(|view| {
        let mut shown = view.shown(0).unwrap();
        assert!(shown.text(Form::Plain).contains("\"value\":3,") && shown.newest, "{shown:?}");
        assert_eq!(shown.count, 2);
    });
}
