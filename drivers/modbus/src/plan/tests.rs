use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn registers(first: u16, length: u16) -> Want {
    let device = DeviceIndex(0);
    Want { device, table: Table::HoldingRegisters, first, length, interval: SECOND }
}

fn coil(first: u16) -> Want {
    Want { table: Table::Coils, length: 1, ..registers(first, 1) }
}

fn shape(max_block: u16, max_gap: u16) -> Shape {
    Shape { max_block, max_gap }
}

fn planned(wants: &[Want], shape: Shape, learned: &Learned) -> Vec<(u16, u16, Vec<u32>)> {
    let shapes = [shape; 4];
    let told = |block: Block| {
        (block.first, block.quantity, block.points.iter().map(|point| point.0).collect())
    };
    plan(wants, &shapes, learned).into_iter().map(told).collect()
}

fn check(wants: &[Want], shape: Shape, expected: &[(u16, u16, &[u32])]) {
    let expected: Vec<_> = expected.iter().map(|(a, n, p)| (*a, *n, p.to_vec())).collect();
    assert_eq!(planned(wants, shape, &Learned::default()), expected);
}

#[test]
fn neighbours_are_read_together_within_gap_and_length() {
    let wants = [registers(100, 2), registers(102, 1), registers(110, 4), registers(200, 1)];
    check(&wants, shape(125, 7), &[(100, 14, &[0, 1, 2]), (200, 1, &[3])]);
    check(&wants, shape(125, 6), &[(100, 3, &[0, 1]), (110, 4, &[2]), (200, 1, &[3])]);
    check(&wants, shape(13, 7), &[(100, 3, &[0, 1]), (110, 4, &[2]), (200, 1, &[3])]);
    check(&wants, shape(125, 125), &[(100, 101, &[0, 1, 2, 3])]);
    check(&[coil(0), coil(16), coil(32)], shape(2, 1), &[(0, 17, &[0, 1]), (32, 1, &[2])]);
}

#[test]
fn a_block_ends_at_the_largest_end_and_not_at_the_last_point() {
    check(&[registers(0, 8), registers(2, 1)], shape(125, 0), &[(0, 8, &[0, 1])]);
    check(
        &[registers(0, 8), registers(2, 1), registers(8, 1)],
        shape(125, 0),
        &[(0, 9, &[0, 1, 2])],
    );
}

#[test]
fn the_last_register_is_reached_and_not_passed() {
    check(&[registers(65_535, 1), registers(65_532, 2)], shape(125, 9), &[(65_532, 4, &[1, 0])]);
}

#[test]
fn device_table_and_interval_are_never_mixed() {
    let wants = [
        registers(0, 1),
        Want { device: DeviceIndex(1), ..registers(1, 1) },
        Want { table: Table::InputRegisters, ..registers(2, 1) },
        Want { interval: 2 * SECOND, ..registers(3, 1) },
    ];
    assert_eq!(plan(&wants, &[shape(125, 125); 2], &Learned::default()).len(), 4);
}

fn block_of(wants: &[Want]) -> Block {
    let mut blocks = plan(wants, &[shape(125, 125)], &Learned::default());
    assert_eq!(blocks.len(), 1);
    blocks.remove(0)
}

fn halves(wants: &[Want]) -> Option<[(u16, u16); 2]> {
    let (left, right) = halve(&block_of(wants), wants)?;
    Some([(left.first, left.quantity), (right.first, right.quantity)])
}

#[test]
fn a_block_is_halved_between_values() {
    let many: Vec<Want> = (0..10).map(|at| registers(at * 2, 2)).collect();
    assert_eq!(halves(&many), Some([(0, 10), (10, 10)]));
    assert_eq!(halves(&[registers(0, 1), registers(90, 4)]), Some([(0, 1), (90, 4)]));
    // The only cut that hurts no value is not the middle one.
    assert_eq!(
        halves(&[registers(0, 4), registers(1, 1), registers(2, 1), registers(4, 1)]),
        Some([(0, 4), (4, 1)])
    );
    // Overlapping values go apart when nothing else is left.
    assert_eq!(halves(&[registers(0, 4), registers(1, 1)]), Some([(0, 4), (1, 1)]));
    // Bits of one register are one range: nothing to find out.
    assert_eq!(halves(&[registers(5, 1), registers(5, 1)]), None);
    assert_eq!(halves(&[registers(5, 1)]), None);
}

#[test]
fn holes_and_cuts_are_not_crossed() {
    let wants: Vec<Want> = (0..10).map(|at| registers(at, 1)).collect();
    let mut learned = Learned::default();
    let hole = Block::alone(PointIndex(4), &wants[4]);
    learned.add_hole(&hole);
    let with_hole = [(0, 4, vec![0, 1, 2, 3]), (4, 1, vec![4]), (5, 5, vec![5, 6, 7, 8, 9])];
    assert_eq!(planned(&wants, shape(125, 125), &learned), with_hole);
    learned.add_cut(&Block::alone(PointIndex(7), &wants[7]));
    assert_eq!(
        planned(&wants, shape(125, 125), &learned).split_off(2),
        [(5, 2, vec![5, 6]), (7, 3, vec![7, 8, 9])]
    );
    assert!(learned.remove_hole(&hole));
    assert!(!learned.remove_hole(&hole));
    assert_eq!(planned(&wants, shape(125, 125), &learned).len(), 2);
}

fn any_want() -> impl Strategy<Value = Want> {
    let table = prop_oneof![Just(Table::HoldingRegisters), Just(Table::Coils)];
    (0_u32..3, table, 0_u16..400, 1_u16..=8, 1_u64..3).prop_map(
        |(device, table, first, length, seconds)| Want {
            device: DeviceIndex(device),
            table,
            first,
            length: if table.is_bits() { 1 } else { length },
            interval: Duration::from_secs(seconds),
        },
    )
}

proptest! {
    #[test]
    fn every_point_lies_whole_in_exactly_one_block_within_the_limits(
        wants in proptest::collection::vec(any_want(), 0..80),
        max_block in 8_u16..=125,
        max_gap in 0_u16..=125,
        hole in any::<proptest::sample::Index>(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut learned = Learned::default();
        if !wants.is_empty() {
            learned.add_hole(&Block::alone(PointIndex(0), hole.get(&wants)));
            learned.add_cut(&Block::alone(PointIndex(0), cut.get(&wants)));
        }
        let blocks = plan(&wants, &[shape(max_block, max_gap); 3], &learned);
        let mut seen: Vec<u32> = Vec::new();
        for block in &blocks {
            let each = if block.table.is_bits() { 16 } else { 1 };
            prop_assert!(u32::from(block.quantity) <= u32::from(max_block) * each);
            let mut end = 0;
            for point in &block.points {
                let want = &wants[point.at()];
                prop_assert_eq!(block.class(), (want.device, want.table, want.interval));
                prop_assert!(want.first >= block.first && want.end() <= block.end());
                end = want.end().max(end);
                seen.push(point.0);
            }
            prop_assert_eq!(end, block.end());
        }
        seen.sort_unstable();
        prop_assert!(seen.iter().copied().eq(0..u32::try_from(wants.len()).unwrap()));
    }

    #[test]
    fn halving_ends_with_single_ranges_and_loses_no_point(
        wants in proptest::collection::vec((0_u16..60, 1_u16..=8), 1..40),
    ) {
        let wants: Vec<Want> = wants.iter().map(|(first, len)| registers(*first, *len)).collect();
        let mut open = plan(&wants, &[shape(125, 125)], &Learned::default());
        let mut leaves = 0;
        while let Some(block) = open.pop() {
            match halve(&block, &wants) {
                Some((left, right)) => {
                    prop_assert_eq!(left.points.len() + right.points.len(), block.points.len());
                    prop_assert!(left.end() <= block.end() && right.end() <= block.end());
                    open.extend([left, right]);
                }
                None => {
                    let same = |point: &PointIndex| wants[point.at()].range() == block.range();
                    prop_assert!(block.points.iter().all(same));
                    leaves += block.points.len();
                }
            }
        }
        prop_assert_eq!(leaves, wants.len());
    }
}
