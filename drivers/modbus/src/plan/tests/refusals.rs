//! What was learned is kept to, and a refused block is halved.

use super::*;

fn block_of(wants: &[Want]) -> Block {
    let mut blocks = plan(wants, &[shape(125, None)], &Learned::default());
    assert_eq!(blocks.len(), 1);
    blocks.remove(0)
}

fn alone(want: &Want) -> Block {
    Block::around(&[(PointIndex(0), *want)]).unwrap()
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
fn each_half_is_read_as_often_as_its_fastest_point_wants() {
    let wants = [every(9, registers(0, 1)), every(5, registers(1, 1)), registers(2, 1)];
    let (left, right) = halve(&block_of(&wants), &wants).unwrap();
    assert_eq!((left.interval, right.interval), (9 * SECOND, SECOND));
}

#[test]
fn holes_and_cuts_are_not_crossed() {
    let wants: Vec<Want> = (0..10).map(|at| registers(at, 1)).collect();
    let mut learned = Learned::default();
    let hole = alone(&wants[4]);
    learned.add_hole(&hole);
    let with_hole =
        [(0, 4, 1, vec![0, 1, 2, 3]), (4, 1, 1, vec![4]), (5, 5, 1, vec![5, 6, 7, 8, 9])];
    assert_eq!(planned(&wants, shape(125, None), &learned), with_hole);
    learned.add_cut(&alone(&wants[7]));
    assert_eq!(
        planned(&wants, shape(125, None), &learned).split_off(2),
        [(5, 2, 1, vec![5, 6]), (7, 3, 1, vec![7, 8, 9])]
    );
    assert!(learned.remove_hole(&hole));
    assert!(!learned.remove_hole(&hole));
    assert_eq!(planned(&wants, shape(125, None), &learned).len(), 2);
}

#[test]
fn a_hole_of_one_rate_is_a_hole_for_all() {
    let wants = [registers(0, 1), every(10, registers(1, 1)), registers(2, 1)];
    let mut learned = Learned::default();
    learned.add_hole(&alone(&wants[1]));
    let expected = [(0, 1, 1, vec![0]), (1, 1, 10, vec![1]), (2, 1, 1, vec![2])];
    assert_eq!(planned(&wants, shape(125, None), &learned), expected);
}

#[test]
fn what_holds_a_hole_is_read_alone_and_what_only_touches_one_is_not() {
    let mut learned = Learned::default();
    learned.add_hole(&alone(&registers(4, 2)));
    let wants = [registers(0, 4), registers(3, 2), registers(3, 3), registers(5, 2)];
    let expected = [(0, 5, 1, vec![0, 1]), (3, 3, 1, vec![2]), (5, 2, 1, vec![3])];
    assert_eq!(planned(&wants, shape(125, None), &learned), expected);
}

fn any_want() -> impl Strategy<Value = Want> {
    let table = prop_oneof![Just(Table::HoldingRegisters), Just(Table::Coils)];
    (0_u32..3, table, 0_u16..400, 1_u16..=8, 1_u64..4).prop_map(
        |(device, table, first, length, seconds)| Want {
            device: DeviceIndex(device),
            table,
            first,
            length: if table.is_bits() { 1 } else { length },
            interval: Duration::from_secs(seconds),
        },
    )
}

/// What must hold of every block, whatever is planned.
fn hold(
    block: &Block,
    wants: &[Want],
    shape: Shape,
    holes: &[Want],
    cuts: &[Want],
) -> Result<(), TestCaseError> {
    let own: Vec<Want> = block.points.iter().map(|point| wants[point.at()]).collect();
    let here = |want: &&Want| (want.device, want.table) == (block.device, block.table);
    for want in &own {
        prop_assert!(here(&want));
        prop_assert!(want.first >= block.first && want.end() <= block.end());
    }
    prop_assert_eq!(own.iter().map(|want| want.first).min(), Some(block.first));
    prop_assert_eq!(own.iter().map(Want::end).max(), Some(block.end()));
    prop_assert_eq!(own.iter().map(|want| want.interval).min(), Some(block.interval));
    prop_assert!(own.windows(2).all(|pair| pair[0].first <= pair[1].first));
    let one_range = own.windows(2).all(|pair| pair[0].range() == pair[1].range());
    let each = if block.table.is_bits() { 16 } else { 1 };
    prop_assert!(one_range || u32::from(block.quantity) <= u32::from(shape.max_block) * each);
    let holds = |hole: &Want| block.first <= hole.first && block.end() >= hole.end();
    prop_assert!(one_range || !holes.iter().filter(here).any(holds));
    for cut in cuts.iter().filter(here) {
        let before = own.iter().filter(|want| want.first < cut.first).count();
        prop_assert!(before == 0 || before == own.len(), "{cut:?} is crossed");
    }
    if let Some(max_gap) = shape.max_gap {
        let wanted = |at: &u32| {
            let mut near = wants.iter().filter(here);
            near.any(|want| u32::from(want.first) <= *at && *at < want.end())
        };
        let unwanted: Vec<bool> =
            (u32::from(block.first)..block.end()).map(|at| !wanted(&at)).collect();
        let longest = unwanted.split(|unwanted| !unwanted).map(<[_]>::len).max().unwrap_or(0);
        prop_assert!(longest <= usize::from(max_gap) * usize::try_from(each).unwrap());
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_point_lies_whole_in_exactly_one_block_that_keeps_to_the_limits(
        wants in proptest::collection::vec(any_want(), 0..80),
        max_block in 4_u16..=125,
        max_gap in proptest::option::of(0_u16..=20),
        is_line in any::<bool>(),
        holes in proptest::collection::vec(any_want(), 0..6),
        cuts in proptest::collection::vec(any_want(), 0..6),
    ) {
        let shape = if is_line { on_a_line(max_block) } else { shape(max_block, None) };
        let shape = Shape { max_gap, ..shape };
        let mut learned = Learned::default();
        holes.iter().for_each(|hole| learned.add_hole(&alone(hole)));
        cuts.iter().for_each(|cut| learned.add_cut(&alone(cut)));
        let blocks = plan(&wants, &[shape; 3], &learned);
        prop_assert_eq!(&blocks, &plan(&wants, &[shape; 3], &learned));
        let mut seen: Vec<u32> = Vec::new();
        for block in &blocks {
            hold(block, &wants, shape, &holes, &cuts)?;
            seen.extend(block.points.iter().map(|point| point.0));
        }
        seen.sort_unstable();
        prop_assert!(seen.iter().copied().eq(0..u32::try_from(wants.len()).unwrap()));
    }

    #[test]
    fn halving_ends_with_single_ranges_and_loses_no_point(
        wants in proptest::collection::vec((0_u16..60, 1_u16..=8, 1_u32..4), 1..40),
    ) {
        let want = |(first, length, seconds): &(u16, u16, u32)| {
            every(*seconds, registers(*first, *length))
        };
        let wants: Vec<Want> = wants.iter().map(want).collect();
        let mut open = plan(&wants, &[shape(125, None)], &Learned::default());
        let mut leaves = 0;
        while let Some(block) = open.pop() {
            match halve(&block, &wants) {
                Some((left, right)) => {
                    prop_assert_eq!(left.points.len() + right.points.len(), block.points.len());
                    prop_assert!(left.end() <= block.end() && right.end() <= block.end());
                    prop_assert_eq!(left.interval.min(right.interval), block.interval);
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
