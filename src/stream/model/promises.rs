//! What wire.md promises of order, completeness and position, held against the truth after every event.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::client::{Client, Scene, Told};
use super::truth::{Change, Truth, Was};
use super::wishes::{IDS, device_of};
use crate::stream::EventId;

/// A point in a frame: what the client was told of it before, and now.
pub(super) type Row = (usize, Option<Told>, Told);

/// Everything up to an id's number was told, but what a deadband without a flush holds back; its revision is one
/// whose snapshot is whole.
pub(super) fn check_position(client: &Client, id: EventId<'_>, scene: &Scene<'_>) {
    let known = &client.known;
    assert_eq!(id.revision, known.whole);
    assert!(id.seq <= scene.settled, "a position that nobody is at");
    let (whole, announced) =
        (&client.selections[&known.whole], &client.selections[&known.announced]);
    for point in (0..IDS).filter(|point| whole.means(*point) && announced.means(*point)) {
        let Some((newest, change)) = scene.truth.newest(point, id.seq) else { continue };
        match known.points.get(&point) {
            Some(told) if told.at >= newest => {}
            Some(told) => {
                // What was overtaken counts as told by what overtook it.
                let mut since = scene.truth.changes(point, newest, scene.settled);
                assert!(
                    since.any(|change| may_be_left_with(client, point, told, &change.was)),
                    "id says {}, but p{point} is at {}, not {newest}",
                    id.seq,
                    told.at
                );
            }
            // One that left and came back since that revision is in a snapshot still to come.
            None if known.whole < known.announced || change.was == Was::Gone => {}
            // It was gone before it was ever shown.
            None if has_gone(point, change, scene) => {}
            None => panic!("id says {}, but p{point} was never told", id.seq),
        }
    }
}

fn has_gone(point: usize, since: &Change, scene: &Scene<'_>) -> bool {
    let newest = scene.truth.newest(point, u64::MAX);
    newest.is_some_and(|(_, now)| now.was == Was::Gone || now.index != since.index)
}

/// Whether a deadband without a flush, of any selection since, may have passed a change over.
fn may_be_left_with(client: &Client, point: usize, told: &Told, was: &Was) -> bool {
    let mut wishes = client.wishes_since(point, told.revision);
    wishes.any(|wish| wish.flush_ms.is_none() && was.is_within(point, wish, &told.was))
}

/// A session within its life cannot be resumed only if its client missed the end of a point, and only if there were
/// more ends than are kept, or the client had come back behind that end before.
pub(super) fn check_expired(client: &Client, truth: &Truth, max_gone: usize) {
    let id = client.known.last_id.as_deref().and_then(EventId::parse).unwrap();
    let ends = |point| truth.changes(point, 0, u64::MAX).filter(|change| change.was == Was::Gone);
    let are_all_kept = (0..IDS).flat_map(ends).count() <= max_gone;
    let last = if are_all_kept { client.came_back_at } else { u64::MAX };
    let missed = |point| truth.changes(point, id.seq + 1, last).any(|c| c.was == Was::Gone);
    assert!(id.seq < last && (0..IDS).any(missed), "every end that it missed is kept");
}

/// A frame of changes tells what is new, all of each device reply that it reaches, and how much it skips.
pub(super) fn check_changes(client: &mut Client, data: &Json, rows: &[Row], scene: &Scene<'_>) {
    assert_eq!(client.known.whole, client.known.announced, "a snapshot is under way");
    assert!(!rows.is_empty(), "a frame without changes");
    let mut skipped = 0;
    for (point, before, told) in rows {
        let here = |before: &&Told| before.connection == told.connection;
        let Some(before) = before.as_ref().filter(here) else { continue };
        assert!(told.at > before.at, "p{point} was told already");
        if before.index == told.index {
            skipped += scene.truth.changes(*point, before.at, told.at).count() as u64 - 2;
        }
    }
    let told_skipped = data.get("skipped").map_or(0, |skipped| skipped.as_u64().unwrap());
    assert_eq!(told_skipped, skipped, "skipped");
    if client.one_frame {
        check_replies(client, rows, scene);
    }
    let (_, latest) = client.latest();
    let wished: Vec<_> = rows
        .iter()
        .map(|(point, before, told)| {
            let wish = latest.wish_of(*point).unwrap();
            let same = |before: &&Told| {
                let since = client.wishes_since(*point, before.revision);
                before.connection == told.connection
                    && before.index == told.index
                    && since.into_iter().all(|was| was == wish)
            };
            (*point, wish, before.as_ref().filter(same), told)
        })
        .collect();
    client.patience.frame(scene, &wished);
}

/// No frame shows half a reply: of one that reaches into it, every selected point is at least there, among those
/// with equal interval and without deadband.
fn check_replies(client: &Client, rows: &[Row], scene: &Scene<'_>) {
    let (_, latest) = client.latest();
    let groups: BTreeSet<(usize, u32)> = rows
        .iter()
        .map(|(point, ..)| (device_of(*point), latest.wish_of(*point).unwrap().interval_ms))
        .collect();
    for group in groups {
        // What is still to be told of a point that is gone waits for no interval.
        let among = |point: &usize| {
            let wish = latest.wish_of(*point).filter(|wish| wish.deadband.is_none());
            let wish = wish.filter(|_| scene.there.contains(point));
            wish.is_some_and(|wish| (device_of(*point), wish.interval_ms) == group)
        };
        let shown = rows.iter().filter(|(point, ..)| among(point)).map(|(.., told)| told.at);
        let Some(newest) = shown.max() else { continue };
        for point in (0..IDS).filter(among) {
            let Some(told) = client.known.points.get(&point) else { continue };
            let expected = scene.truth.newest(point, newest);
            let Some((expected, _)) = expected.filter(|(at, _)| *at > told.at) else { continue };
            // That it came or went is no device's reply, and of a point that has gone, or gone and come again, no
            // more is shown than that.
            let is_there = |change: &Change| change.was != Was::Gone && change.index == told.index;
            let mut since = scene.truth.changes(point, expected, scene.settled);
            let last = scene.truth.newest(point, u64::MAX).map(|(_, change)| change.index);
            let replied = since.all(is_there) && last == Some(told.index);
            assert!(!replied, "half a reply: p{point} is at {}, not {expected}", told.at);
        }
    }
}

/// All that happened was told, and nothing waits any more.
pub(super) fn check_rest(client: &Client, scene: &Scene<'_>) {
    let (revision, selection) = client.latest();
    let known = &client.known;
    assert_eq!((known.announced, known.whole), (revision, revision));
    for point in selection.points() {
        let Some((newest, change)) = scene.truth.newest(point, u64::MAX) else { continue };
        match known.points.get(&point) {
            Some(told) if told.at == newest => {}
            Some(told) => {
                let wish = selection.wish_of(point).unwrap();
                let within = change.was.is_within(point, wish, &told.was);
                assert!(
                    wish.flush_ms.is_none() && within,
                    "p{point} did not arrive: {:?}, not {:?}",
                    told.was,
                    change.was
                );
            }
            None => assert_eq!(change.was, Was::Gone, "p{point} was never told"),
        }
    }
    assert!(known.points.keys().all(|point| selection.means(*point)));
}
