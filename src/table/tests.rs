//! The table as writers, readers and the sweep see it, on paused time.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{
    PointDeclaration, PointId, Reading, Reason, StaleAfter, UnixMs, Value, ValueType,
};
use tokio::time::advance;

use super::testing::table;
use super::{COUNTED_AT_ONCE, Form, Index, Mailbox, SWEEP_TURN, Table, Update};

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
async fn points_are_counted_by_quality() {
    let table = table(4, |_| StaleAfter::Elapsed(Duration::from_secs(1)));
    put(&table, [0], 1);
    advance(Duration::from_secs(2)).await;
    table.sweep_stale(UnixMs(1));
    put(&table, [1, 2], 1);
    assert_eq!(table.qualities(&[0, 1, 2, 3]), [2, 1, 1], "the last one waits still");
    assert_eq!(table.qualities(&[3, 9]), [0, 0, 1], "there is no tenth");
    assert_eq!(table.qualities(&[]), [0; 3]);
    let many = [1; 2 * COUNTED_AT_ONCE + 1];
    assert_eq!(table.qualities(&many), [many.len() as u64, 0, 0], "in several turns");
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

fn declaration(id: &str, stale_after: StaleAfter) -> (PointDeclaration, String) {
    let mut point = PointDeclaration::bare(PointId::new(id).unwrap(), ValueType::I64);
    point.change(|traits| traits.stale_after = stale_after);
    (point, String::new())
}

#[tokio::test(start_paused = true)]
async fn what_came_later_turns_stale_in_its_time_and_what_went_never_does() {
    const SECOND: Duration = Duration::from_secs(1);
    let table = table(SWEEP_TURN - 1, |_| StaleAfter::Elapsed(SECOND));
    put(&table, 0..SWEEP_TURN - 1, 1);
    table.sweep_stale(UnixMs(1));
    // The rest of one turn of the sweep, and the first of the next.
    let stale_after = StaleAfter::Elapsed(SECOND / 2);
    let new = ["new/0", "new/1"].map(|id| declaration(id, stale_after));
    let places = table.add(new.to_vec()).unwrap();
    let places: Vec<usize> = places.map(|index| usize::try_from(index).unwrap()).collect();
    assert_eq!(places, [SWEEP_TURN - 1, SWEEP_TURN]);
    table.sweep_stale(UnixMs(1));
    put(&table, places.iter().copied(), 1);
    table.remove(&[0]);
    advance(SECOND / 2 + Duration::from_millis(1)).await;
    table.sweep_stale(UnixMs(1));
    assert!(places.iter().all(|point| is_stale(&table, *point)) && !is_stale(&table, 1));
    let tombstone = table.changed_at(&[0]);
    advance(SECOND).await;
    table.sweep_stale(UnixMs(1));
    assert!(is_stale(&table, 1));
    assert_eq!(table.changed_at(&[0]), tombstone);
    put(&table, [0], 2);
    assert_eq!((table.changed_at(&[0]), table.read(0)), (tombstone, None));
}

#[tokio::test(start_paused = true)]
async fn a_new_point_is_shown_once_those_who_want_it_can_be_told() {
    let table = table(1, |_| StaleAfter::Never);
    let before = table.settled();
    let (places, batch) = table.begin_add(vec![declaration("new", StaleAfter::Never)]).unwrap();
    assert_eq!(table.catalog().find(&PointId::new("new").unwrap()), Some(places.start));
    put(&table, [0, 1], 5);
    assert_eq!(table.settled(), before, "no position passes a point that nobody was told of");
    table.view(|view| assert!(view.shown(1).is_none()));
    table.settle(batch);
    assert_eq!(table.settled(), before + 3);
    table.view(|view| assert_eq!(view.shown(1).unwrap().state().value, Some(Value::I64(5))));
}

#[tokio::test(start_paused = true)]
async fn adding_nothing_is_settled_at_once_and_adding_twice_is_refused_as_a_whole() {
    let table = table(2, |_| StaleAfter::Never);
    let mailbox = Arc::new(Mailbox::new(1));
    table.register(0, &mailbox, 0);
    let reading = good(1);
    let open = table.begin([(0, Update::Read(&reading, UnixMs(1)))]).unwrap();
    assert_eq!(table.add(Vec::new()).unwrap(), 2..2);
    assert_eq!(table.settled(), 2, "the other batch is not its own");
    let twice = ["new", "p1"].map(|id| declaration(id, StaleAfter::Never));
    let refused = table.add(twice.to_vec()).unwrap_err();
    assert_eq!(refused.to_string(), "point p1 is declared twice");
    assert!(table.catalog().find(&PointId::new("new").unwrap()).is_none());
    table.finish(open);
    assert_eq!(table.settled(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_text_is_made_when_it_is_asked_for_and_once_in_each_form() {
    let table = table(1, |_| StaleAfter::Never);
    let mailbox = Arc::new(Mailbox::new(1));
    table.register(0, &mailbox, 0);
    let texts = |forms: &[Form]| {
        table.view(|view| {
            let mut shown = view.shown(0).unwrap();
            forms.iter().for_each(|form| assert!(!shown.text(*form).is_empty()));
        });
        table.encodes()
    };
    put(&table, [0], 1);
    assert_eq!(texts(&[]), 0, "whoever holds the change back looks at its value alone");
    assert_eq!(texts(&[Form::Plain, Form::Plain]), 1);
    assert_eq!(texts(&[Form::Compact, Form::Plain]), 2);
    let reading = good(2);
    let batch = table.begin([(0, Update::Read(&reading, UnixMs(1)))]).unwrap();
    assert_eq!(texts(&[Form::Plain, Form::Compact]), 2, "of what is shown until it is settled");
    table.finish(batch);
    assert_eq!(texts(&[Form::Compact]), 3);
}
