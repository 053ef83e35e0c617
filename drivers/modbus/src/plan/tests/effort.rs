//! How much is weighed for many points: counted, not timed.

use super::*;

const MANY: u16 = 10_000;

/// How many blocks were weighed for `count` points.
fn work(count: u16, want: impl Fn(u16) -> Want, shape: Shape) -> u64 {
    let wants: Vec<Want> = (0..count).map(want).collect();
    let (blocks, work) = count_work(&wants, &[shape], &Learned::default());
    assert_eq!(blocks.iter().map(|block| block.points.len()).sum::<usize>(), wants.len());
    work
}

fn check(name: &str, want: impl Fn(u16) -> Want, most_each: u64) {
    for shape in [on_a_line(125), shape(125, None)] {
        for count in [MANY / 10, MANY] {
            let work = work(count, &want, shape);
            assert!(work <= most_each * u64::from(count), "{name}: {work} for {count}");
        }
    }
}

#[test]
fn work_grows_with_the_points_and_not_with_their_square() {
    check("one after another", |at| registers(at, 1), 4);
    check("with gaps", |at| registers(at * 5 + at % 3, 2), 4);
    check("coils", coil, 4);
    check("coils with gaps", |at| coil(at * 6), 4);
    let mixed = |rates: &'static [u32], at: u16| rates[usize::from(at) % rates.len()];
    for rates in [&[1, 10][..], &[1, 5, 60], &[1, 2, 5, 10, 30, 60]] {
        check("mixed", |at| every(mixed(rates, at), registers(at, 1)), 250);
        check("mixed coils", |at| every(mixed(rates, at), coil(at)), 250);
    }
}
