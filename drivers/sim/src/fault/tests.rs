//! Faults as they are written.

use super::*;

#[test]
fn every_word_that_help_shows_is_taken_and_shown_again() {
    for device in Device::ALL {
        for word in device.fault_words() {
            let board = FaultBoard::new();
            let word = word.replace("<ms>", "300").replace("<code>", "4").replace("<bits>", "3");
            let text = format!("{}={word}", device.name());
            board.apply(&text).unwrap();
            let shown = if word == "ok" { "ok".to_owned() } else { text };
            assert_eq!(board.to_string(), shown);
        }
    }
}

#[test]
fn a_refusal_says_what_would_be_right_and_changes_nothing() {
    let board = FaultBoard::new();
    board.apply("meter=silent").unwrap();
    for (text, says) in [
        ("boiler", "not of the form device=fault"),
        ("kettle=ok", "there are meter, boiler"),
        ("boiler=wrong-crc", "it knows ok, silent, late:<ms>, wrong-transaction"),
        ("boiler=late", "from 1 to 60000: late:<ms>"),
        ("boiler=late:60001", "from 1 to 60000"),
        ("boiler=exception:0", "from 1 to 255: exception:<code>"),
        ("boiler=flipped:17", "from 1 to 16: flipped:<bits>"),
        ("boiler=silent:3", "takes no number"),
        ("boiler=ok:3", "takes no number"),
        ("scale=garbage", "it knows ok, silent, garbled, cut, disconnect"),
    ] {
        let error = board.apply(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    assert_eq!(board.to_string(), "meter=silent");
}

#[tokio::test(start_paused = true)]
async fn clones_share_one_board_and_changes_wake() {
    let board = FaultBoard::new();
    let other = board.clone();
    let (_, ()) = tokio::join!(
        async { other.apply("broker=disconnect") },
        board.until(Device::Broker, |fault| fault == Fault::Disconnect),
    );
    assert_eq!(board.of(Device::Broker), Fault::Disconnect);
    assert_eq!(board.of(Device::Weather), Fault::Ok);
}
