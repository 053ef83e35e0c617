//! How much is weighed for many points: counted, not timed.

use super::*;

#[test]
#[ignore]
fn measure() {
    let time = |name: &str, wants: &[Want], shape: Shape| {
        let begin = std::time::Instant::now();
        let (blocks, work) = count_work(wants, &[shape], &Learned::default());
        println!("{name}: {} blocks, work {work}, {:?}", blocks.len(), begin.elapsed());
    };
    for (name, shape) in [("line", on_a_line(125)), ("tcp", shape(125, None))] {
        let dense: Vec<Want> = (0..10_000).map(|at| registers(at, 1)).collect();
        time(&format!("{name} dense"), &dense, shape);
        let f32s: Vec<Want> = (0..10_000).map(|at| registers(at * 5 + at % 3, 2)).collect();
        time(&format!("{name} gaps"), &f32s, shape);
        for rates in [&[1, 10][..], &[10, 1], &[1, 5, 60], &[1, 2, 5, 10, 30, 60]] {
            let mixed: Vec<Want> = (0..10_000)
                .map(|at: u16| every(rates[usize::from(at) % rates.len()], registers(at, 1)))
                .collect();
            time(&format!("{name} {rates:?}"), &mixed, shape);
            let mixed: Vec<Want> = (0..10_000)
                .map(|at: u16| every(rates[usize::from(at) % rates.len()], coil(at)))
                .collect();
            time(&format!("{name} coils {rates:?}"), &mixed, shape);
        }
        let coils: Vec<Want> = (0..10_000).map(coil).collect();
        time(&format!("{name} coils"), &coils, shape);
        let coils: Vec<Want> = (0..10_000).map(|at| coil(at * 6)).collect();
        time(&format!("{name} sparse coils"), &coils, shape);
    }
}
