//! `pointcast probe`, against simulated devices.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::program::{Ended, Folder, Program, run};

/// The simulated devices on Modbus TCP, and where they are.
async fn simulated() -> (Program, String) {
    let mut program =
        Program::start(&["sim", "--only", "modbus-tcp", "--modbus-tcp", "127.0.0.1:0"]);
    program.line().await;
    let place = program.line().await.split_whitespace().nth(1).unwrap().to_owned();
    (program, place)
}

async fn probe(arguments: &[&str]) -> Ended {
    run(&[&["probe"], arguments].concat()).await
}

#[tokio::test]
async fn units_are_found_by_whatever_they_answer() {
    let (_devices, place) = simulated().await;
    let ended = probe(&[&place, "--unit", "1-6", "--set", "timeout_ms=5000"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("unit   1  is there, holding:0 holds 40  ("), "{lines:?}");
    let refuses = "unit   2  is there, refuses holding:0: exception 02, illegal data address  (";
    assert!(lines[1].starts_with(refuses), "{lines:?}");
    let told = "3 units of 6 are there; of 3 the gateway says that it cannot reach them\n\
                next: pointcast probe 127.0.0.1:";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    let next = ended.stderr.lines().last().unwrap().trim_start_matches("next: pointcast ");
    assert!(next.ends_with("--set timeout_ms=5000 --unit 1 holding:0-29"), "{next}");
    let next: Vec<&str> = next.split(' ').collect();
    assert_eq!(run(&next).await.code, Some(0), "what it proposes works");
}

#[tokio::test]
async fn registers_are_listed_with_what_is_refused() {
    let (_devices, place) = simulated().await;
    let ended = probe(&[&place, "input:0-63", "holding:100-107"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let head: Vec<&str> = ended.stdout.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head[..5], ["address", "hex", "u16", "i16", "text"], "{}", ended.stdout);
    assert_eq!(head[5..].join(" "), "f32 ABCD f32 CDAB u32 ABCD u32 CDAB");
    let line = |address: &str| {
        let found = ended.stdout.lines().find(|line| line.split(' ').next() == Some(address));
        let line = found.unwrap_or_else(|| panic!("no {address} in\n{}", ended.stdout));
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let volts = line("input:0").into_iter().filter_map(|cell| cell.parse::<f64>().ok());
    assert!(
        volts.into_iter().any(|volts| (200.0..260.0).contains(&volts)),
        "{:?}",
        line("input:0")
    );
    assert_eq!(line("input:28-39"), ["input:28-39", "refused", "(02)"]);
    assert_eq!(line("input:46-59"), ["input:46-59", "refused", "(02)"]);
    assert!(ended.stdout.contains("\nrefused (02): illegal data address\n"), "{}", ended.stdout);
    // The serial number is text.
    assert!(line("holding:100").iter().any(|cell| cell.len() == 2), "{:?}", line("holding:100"));
    assert!(ended.stdout.ends_with("--every, or one register alone, as in input:0\n"));
    let all = probe(&[&place, "input:0-1", "--every"]).await.stdout;
    let f32s = all.lines().filter(|line| line.trim_start().starts_with("f32 ")).count();
    assert_eq!(f32s, 1, "only one begins within what was read: {all}");
}

#[tokio::test]
async fn who_refuses_all_of_it_is_said_and_what_to_try_instead() {
    let (_devices, place) = simulated().await;
    for (unit, address, told, hint) in [
        (
            "99",
            "input:0",
            "unit 99 does not answer: the gateway says that it cannot reach it (exception 11, ",
            "",
        ),
        (
            "1",
            "holding:9000",
            "unit 1 is there and refuses all of it: exception 02, ",
            "in input: instead of holding:",
        ),
        (
            "1",
            "input:9000",
            "unit 1 is there and refuses all of it: exception 02, ",
            "in holding: instead of input:",
        ),
        ("3", "coil:9000", "unit 3 is there and refuses all of it: exception 02, ", "count from 1"),
    ] {
        let ended = probe(&[&place, "--unit", unit, address]).await;
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.starts_with(told), "{address}: {}", ended.stderr);
        assert!(ended.stderr.contains(hint), "{address}: {}", ended.stderr);
        let next = format!("Who does? pointcast probe {place}");
        assert_eq!(ended.stderr.contains(&next), unit == "99", "{}", ended.stderr);
        assert_eq!(
            ended.stderr.contains("instead of"),
            hint.contains("instead of"),
            "{}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn one_register_is_shown_in_every_type_and_order() {
    let (_devices, place) = simulated().await;
    let ended = probe(&[&place, "input:0"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let lines: Vec<Vec<&str>> =
        ended.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["type", "ABCD", "CDAB", "BADC", "DCBA"]);
    for (of, columns) in [("u16", 2), ("i16", 2), ("u32", 4), ("i64", 4)] {
        let row = lines.iter().find(|row| row.first() == Some(&of)).unwrap();
        assert_eq!(row.len(), 1 + columns, "{of}: {}", ended.stdout);
    }
    // The unit's own number of registers, 40.
    let number = probe(&[&place, "--unit", "1", "holding:0"]).await.stdout;
    assert!(number.ends_with("\n  bits that are set: holding:0.3 .5\n"), "{number}");
    let bits = probe(&[&place, "--unit", "3", "discrete:0-17"]).await.stdout;
    let mut bits = bits.lines().skip(1);
    let first: Vec<&str> = bits.next().unwrap().split_whitespace().collect();
    assert_eq!((first[0], first.len(), first[4]), ("discrete:0", 17, "x"), "{first:?}");
    assert_eq!(bits.last(), Some("x: refused (02): illegal data address"));
}

#[tokio::test]
async fn an_expected_value_is_found_and_its_line_is_right() {
    let (_devices, place) = simulated().await;
    // The grid's frequency hardly moves, and nothing else is near it.
    let ended = probe(&[&place, "input:0-63", "--expect", "50.0", "--within", "0.5"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let best = ended.stdout.lines().nth(3).unwrap();
    let line = best.split_once('{').map(|(_, line)| format!("{{{line}")).unwrap();
    assert_eq!(
        line, "{ name = \"value\", address = \"input:26\", type = \"f32\" },",
        "{}",
        ended.stdout
    );
    let folder = Folder::new();
    let config = folder.write(
        "main.toml",
        &format!(
            "[[channels]]\nname = \"plant\"\ndriver = \"modbus-tcp\"\naddress = {place:?}\n\
             [[devices]]\nname = \"meter\"\nchannel = \"plant\"\npoints = [\n{line}\n]\n"
        ),
    );
    assert_eq!(run(&["check", "--config", &config]).await.code, Some(0));
    let nothing = probe(&[&place, "input:0-63", "--expect", "777777.7", "--within", "0.001"]).await;
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stdout.starts_with("nothing fits 777777.7"), "{}", nothing.stdout);
}

#[tokio::test]
async fn a_channel_of_the_configuration_says_where_the_bus_is() {
    let (_devices, place) = simulated().await;
    let folder = Folder::new();
    // Nothing else in it need be right, nor there at all.
    folder.write(
        "more.toml",
        &format!("[[channels]]\nname = \"plant\"\ndriver = \"modbus-tcp\"\naddress = {place:?}\n"),
    );
    let config = folder.write(
        "main.toml",
        "gateway.include = [\"more.toml\"]\n[[channels]]\nname = \"broker\"\ndriver = \"mqtt\"\n",
    );
    let of = async |name: &str| {
        probe(&["--config", &config, "--channel", name, "--unit", "1", "holding:0"]).await
    };
    let ended = of("plant").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.starts_with("holding:0   0028 "), "{}", ended.stdout);
    let ended = of("plnat").await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("is \"plant\" meant?"), "{}", ended.stderr);
    let ended = of("broker").await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("no registers to look at"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_line_that_the_gateway_reads_is_left_alone() {
    let folder = Folder::new();
    let port = folder.path().join("bus").to_str().unwrap().to_owned();
    let mut devices = Program::start(&["sim", "--only", "modbus-rtu", "--modbus-rtu", &port]);
    devices.line().await;
    devices.line().await;
    let quick = ["--set", "timeout_ms=300", "--set", "baud=115200"];
    let found = probe(&[&[port.as_str(), "--unit", "1-2"], &quick[..]].concat()).await;
    assert_eq!(found.code, Some(0), "{}", found.stderr);
    assert_eq!(found.stdout.lines().count(), 2, "{}", found.stdout);
    assert!(found.stderr.contains("/bus (115200 baud 8E1) for holding:0, "), "{}", found.stderr);

    let config = folder.write(
        "main.toml",
        &format!(
            "gateway.listen = \"127.0.0.1:0\"\n\
             [[channels]]\nname = \"line\"\ndriver = \"modbus-rtu\"\nport = {port:?}\n\
             [[devices]]\nname = \"g\"\nchannel = \"line\"\nunit_id = 1\n\
             points = [{{ name = \"p\", address = \"input:0\", type = \"i16\" }}]\n"
        ),
    );
    let mut gateway = Program::start(&["run", "--config", &config]);
    gateway.said("device is online").await;
    let ended = probe(&[port.as_str(), "--unit", "1", "input:0"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let told = "another program has this port: a line has one master, so stop the gateway";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    gateway.signal("TERM").await;
    assert_eq!(gateway.ended().await.code(), Some(0));
    devices.signal("TERM").await;
    assert_eq!(devices.ended().await.code(), Some(0));
}

#[tokio::test]
async fn what_does_not_answer_is_said_and_ctrl_c_ends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let mut looks = Program::start(&["probe", &place, "--set", "timeout_ms=60000"]);
    looks.said("asks 247 units of ").await;
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut request = [0; 12];
    socket.read_exact(&mut request).await.unwrap();
    assert_eq!(request[6..], [1, 3, 0, 0, 0, 1], "a read, and of unit 1 first");
    looks.signal("INT").await;
    assert_eq!(looks.ended().await.code(), Some(0));

    let accept = async { listener.accept().await.unwrap() };
    let quick = ["probe", &place, "--set", "timeout_ms=50", "holding:0-9"];
    let (_socket, ended) = tokio::join!(accept, run(&quick));
    assert_eq!(ended.code, Some(1));
    let told =
        format!("unit 1 does not answer. Who does? pointcast probe {place} --set timeout_ms=50");
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nnothing came at all: try another unit"), "{}", ended.stderr);
    // A serial device server that passes on what a line of RTU frames answers.
    let answers = async {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            // The last connection is only opened.
            if socket.read_exact(&mut [0; 12]).await.is_ok() {
                socket.write_all(&[1, 3, 2, 0, 40, 0xB8, 0x5A]).await.unwrap();
            }
        }
    };
    let looks = ["probe", &place, "--set", "timeout_ms=5000", "--unit", "1"];
    let ended = tokio::select! {
        ended = run(&looks) => ended,
        () = answers => unreachable!("it answers for ever"),
    };
    assert_eq!(ended.stdout, "unit   1  something came that is no Modbus TCP\n");
    let told = "no valid frame of modbus-tcp: try --driver modbus-rtu-over-tcp";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);

    let ended = probe(&["/dev/no/such", "--unit", "1", "holding:0"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("/dev/serial/by-id lists USB adapters"), "{}", ended.stderr);

    drop(listener);
    let ended = probe(&[&place, "holding:0"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("is it the right port? Modbus TCP has 502"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_what_would() {
    for (arguments, told) in [
        (vec![], "say where the bus is: a host, a serial port, or --channel NAME"),
        (vec!["holding:0"], "is an address: say first where the bus is"),
        (vec!["plc", "100"], "\"holding:100\" if it counts from 0, \"ref:40100\" if from 1"),
        (vec!["plc", "holding:9-5"], "write \"holding:5-9\""),
        (vec!["/dev/ttyUSB0", "holding:0"], "as in --unit 1"),
        (vec!["/dev/ttyUSB0", "--unit", "248"], "units of this bus are 1 to 247"),
        (vec!["plc", "--unit", "1-3", "holding:0"], "registers are read of one unit"),
        (vec!["plc", "--unit", "3-1"], "a unit id such as 3, or several as in 1-32"),
        (vec!["plc", "--expect", "5"], "say where to look, as in input:0-99"),
        (vec!["plc", "--expect", "0", "holding:0"], "further from 0"),
        (vec!["plc", "--within", "2%", "holding:0"], "--expect"),
        (vec!["plc", "--set", "timeout=5"], "is timeout_ms meant?"),
        (vec!["plc", "--set", "baud=9600"], "modbus-rtu-over-tcp"),
        (vec!["/dev/ttyUSB0", "--set", "baud=9601"], "give one of 300"),
        (vec!["plc", "--driver", "mqtt"], "no registers to look at"),
        (vec!["plc:4001", "--driver", "modbus-rtu-over-tcp", "holding:0"], "as in --unit 1"),
    ] {
        let ended = probe(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.stderr.contains(told), "{arguments:?}: {}", ended.stderr);
    }
}
