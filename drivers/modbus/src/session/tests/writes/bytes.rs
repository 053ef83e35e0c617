//! What stands on the wire for each function code, and what is read back.

use super::*;

/// Writes `value` to the point and checks the write's PDU and that the device's new value reaches everybody.
async fn check(keys: &str, value: Value, pdu: &[u8]) {
    for (kind, toml) in [(Kind::Tcp, tcp as fn(&str, &str) -> String), (Kind::Rtu, rtu)] {
        let point = format!("{{ name = \"p\", writable = true, {keys} }}");
        let rig = Rig::new(kind, &toml("", &point));
        beside(&rig, memory(1), async |desk| {
            let outcome = desk.write_within(30 * SECOND, 0, value.clone()).answer().await;
            assert_eq!(outcome, found(Verdict::Applied, Some(value.clone())), "{keys}");
            assert_eq!(desk.writes(), [pdu], "{keys}");
            let live = Reading::Good(value.clone());
            assert_eq!(desk.readings(0).last(), Some(&live), "it comes as any other change");
        })
        .await;
    }
}

/// Each function code by the configuration that chooses it. Do not change this test.
#[tokio::test(start_paused = true)]
async fn the_function_is_the_smallest_that_does_it_or_the_one_configured() {
    let on = Value::Bool(true);
    check("address = \"coil:172\"", on.clone(), &[5, 0, 172, 0xFF, 0]).await;
    check("address = \"coil:172\", write_function = 15", on.clone(), &[15, 0, 172, 0, 1, 1, 0x01])
        .await;
    let three = Value::U64(3);
    check("address = \"holding:1\", type = \"u16\"", three.clone(), &[6, 0, 1, 0, 3]).await;
    check(
        "address = \"holding:1\", type = \"u16\", write_function = 16",
        three.clone(),
        &[16, 0, 1, 0, 1, 2, 0, 3],
    )
    .await;
    check(
        "address = \"holding:1\", type = \"u16\", write_function = 23",
        three,
        &[23, 0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 3],
    )
    .await;
    check(
        "address = \"holding:1\", type = \"f32\", word_order = \"CDAB\"",
        Value::f32(12.5).unwrap(),
        &[16, 0, 1, 0, 2, 4, 0, 0, 0x41, 0x48],
    )
    .await;
    check(
        "address = \"holding:1\", type = \"i16\", scale = 0.1",
        Value::f64(-4.5).unwrap(),
        &[6, 0, 1, 0xFF, 0xD3],
    )
    .await;
    check("address = \"holding:4.3\"", on.clone(), &[22, 0, 4, 0xFF, 0xF7, 0, 8]).await;
    check("address = \"holding:4.3\", read_modify_write = true", on, &[6, 0, 4, 0, 8]).await;
}

#[tokio::test(start_paused = true)]
async fn the_other_bits_of_a_register_stay_as_they_are() {
    for keys in
        ["", ", read_modify_write = true", ", read_modify_write = true, write_function = 16"]
    {
        let points = format!(
            "{{ name = \"p\", address = \"holding:4.3\", writable = true{keys}, overlap = true }},
             {{ name = \"all\", address = \"holding:4\", type = \"u16\", writable = true, overlap = true }}"
        );
        let rig = Rig::new(Kind::Tcp, &tcp("", &points));
        beside(&rig, memory(1), async |desk| {
            assert_eq!(desk.written(1, 0xF0F0).await, applied(0xF0F0));
            for (on, all) in [(true, 0xF0F8), (false, 0xF0F0)] {
                let outcome = desk.write_within(SECOND, 0, Value::Bool(on)).answer().await;
                assert_eq!(outcome, found(Verdict::Applied, Some(Value::Bool(on))));
                sleep(2 * SECOND).await;
                assert_eq!(desk.readings(1).last(), Some(&Reading::Good(Value::U64(all))));
            }
        })
        .await;
    }
}

/// The scale stands in a register: it is read first, and what is written follows from it.
#[tokio::test(start_paused = true)]
async fn a_scale_in_a_register_is_read_before_a_value_is_written() {
    for (keys, function) in [("", 6), (", write_function = 23", 23)] {
        let point = format!(
            "{{ name = \"p\", address = \"holding:10\", type = \"i16\", scale_register = \"holding:12\", writable = true{keys} }},
             {{ name = \"power\", address = \"holding:12\", type = \"i16\", writable = true, overlap = true }}"
        );
        let rig = Rig::new(Kind::Tcp, &tcp("", &point));
        beside(&rig, memory(1), async |desk| {
            for (power, raw) in [(-1_i16, 215_u16), (-2, 2_150)] {
                let power = Value::I64(power.into());
                let outcome = desk.write_within(SECOND, 1, power.clone()).answer().await;
                assert_eq!(outcome, found(Verdict::Applied, Some(power)));
                let wanted = Value::f64(21.5).unwrap();
                let outcome = desk.write_within(SECOND, 0, wanted.clone()).answer().await;
                assert_eq!(outcome, found(Verdict::Applied, Some(wanted)), "{function}");
                let written = desk.writes().pop().unwrap();
                assert_eq!(
                    (written[0], &written[written.len() - 2..]),
                    (function, &raw.to_be_bytes()[..])
                );
            }
            let refused = desk.write_within(SECOND, 0, Value::f64(21.555).unwrap()).answer().await;
            assert!(matches!(refused, Err(Refused::Unfit(_))), "{refused:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_register_and_a_field_leave_the_rest_as_it_is() {
    let points = r#"
        { name = "high", address = "holding:4.8-11", type = "u16", writable = true, overlap = true },
        { name = "all", address = "holding:4", type = "u16", writable = true, overlap = true }"#;
    let rig = Rig::new(Kind::Tcp, &tcp("", points));
    beside(&rig, memory(1), async |desk| {
        assert_eq!(desk.written(1, 0xABCD).await, applied(0xABCD));
        assert_eq!(desk.written(0, 5).await, applied(5));
        assert_eq!(desk.writes().last(), Some(&vec![22, 0, 4, 0xF0, 0xFF, 0x05, 0x00]));
        sleep(2 * SECOND).await;
        assert_eq!(desk.readings(1).last(), Some(&Reading::Good(Value::U64(0xA5CD))));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_device_cannot_hold_is_never_sent() {
    let points = r#"{ name = "p", address = "holding:1", type = "u16", writable = true },
        { name = "q", address = "holding:2", type = "u16" }"#;
    let rig = Rig::new(Kind::Tcp, &tcp("", points));
    beside(&rig, memory(1), async |desk| {
        let refused = desk.written(0, 65_536).await;
        assert!(
            matches!(&refused, Err(Refused::Unfit(why)) if why.contains("65535")),
            "{refused:?}"
        );
        assert_eq!(desk.written(1, 1).await, Err(Refused::NotWritable));
        assert_eq!(desk.written(9, 1).await, Err(Refused::NotWritable));
        assert_eq!(desk.writes(), Vec::<Vec<u8>>::new());
    })
    .await;
}
