//! Scales that stand in registers, while the device changes them under its values.

use super::*;

/// The points `scaled` (with its power of ten in register 44) and `clamped`.
const POINTS: &str = r#"
    { name = "scaled", address = "holding:40", type = "u16", scale_register = "holding:44", scan_ms = 100 },
    { name = "clamped", address = "holding:41", type = "u16", range = [0, 50], clamp = true, scan_ms = 100 },
"#;

/// The reply whose registers from 40 on are these.
fn holding(incoming: &Incoming, registers: [u16; 5]) -> Vec<u8> {
    let ReadRequest { unit, first, quantity, .. } = incoming.request;
    let from = usize::from(first - 40);
    let asked = &registers[from..from + usize::from(quantity)];
    let content: Vec<u8> = asked.iter().flat_map(|register| register.to_be_bytes()).collect();
    let length = u8::try_from(content.len()).unwrap();
    incoming.frame(unit, &[vec![3, length], content].concat())
}

#[tokio::test(start_paused = true)]
async fn no_value_meets_the_scale_of_another_reply() {
    let rig = Rig::new(Kind::Tcp, &tcp("max_gap = 0", POINTS));
    assert_eq!(rig.plan(), [(40, 5)]);
    let mut count = 0_u16;
    rig.run(10 * SECOND, move |incoming| {
        count += 1;
        at_once(match count % 3 {
            0 => holding(&incoming, [1_234, 7, 0, 0, 0xFFFF]),
            1 => holding(&incoming, [1_234, 7, 0, 0, 1]),
            // Starting up: the value is there, its scale is not yet.
            _ => holding(&incoming, [1_234, 70, 0, 0, 0x8000]),
        })
    })
    .await;
    let heard = take(&rig.ear);
    let good = |number| Reading::Good(Value::f64(number).unwrap());
    let in_turn = [good(12_340.0), Reading::NotANumber, good(123.4)];
    let whole = [Value::U64(7), Value::U64(50), Value::U64(7)];
    let batches = batches(&heard);
    assert!(batches.len() > 90, "{}", batches.len());
    for (at, batch) in batches.into_iter().enumerate() {
        let [value, clamped] = [0, 1].map(|point| {
            batch.iter().find(|(at, _)| *at == point).map(|(_, reading)| reading.clone())
        });
        let bound = whole[at % 3].clone();
        let bound = if at % 3 == 1 { Reading::Substituted(bound) } else { Reading::Good(bound) };
        assert_eq!((value, clamped), (Some(in_turn[at % 3].clone()), Some(bound)), "{at}");
    }
}
