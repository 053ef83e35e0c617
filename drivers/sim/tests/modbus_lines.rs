//! The Modbus lines beside RTU on a port: ASCII, and RTU frames on a connection, against pymodbus; each fault of a
//! line as its bytes show it; and the traffic that is recorded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use std::time::Duration;

use common::{A_WHILE, SOON, Scratch, Site, any_port, peer, pymodbus};
use pointcast_sim::{Pace, Settings};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

async fn ascii(scratch: &Scratch) -> Site {
    let path = scratch.join("sim/ascii");
    Site::start(Settings { modbus_ascii: Some(path), ..Settings::none() }).await
}

/// Reads input register 0 of greenhouse 1.
const ASKED_IN_ASCII: &[u8] = b":010400000001FA\r\n";
const ASKED_IN_RTU: [u8; 8] = [1, 4, 0, 0, 0, 1, 0x31, 0xCA];

fn open(site: &Site) -> SerialStream {
    let path = site.settings.modbus_ascii.as_ref().unwrap();
    tokio_serial::new(path.to_str().unwrap(), 9_600).open_native_async().unwrap()
}

/// So many characters of a reply; one with a register in it has 15, a refusal 11.
async fn reply(port: &mut SerialStream, characters: usize) -> String {
    let mut reply = vec![0; characters];
    timeout(SOON, port.read_exact(&mut reply)).await.expect("a reply").unwrap();
    String::from_utf8(reply).unwrap()
}

/// Whether the digits of a line add up to nothing, as the check sum has it.
fn is_whole(line: &str) -> bool {
    let digits = line.strip_prefix(':').and_then(|line| line.strip_suffix("\r\n"));
    let is_digit = |digit: char| digit.is_ascii_digit() || ('A'..='F').contains(&digit);
    let digits = digits.filter(|digits| digits.len() % 2 == 0 && digits.chars().all(is_digit));
    let byte = |digits: &str, at| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    let add = |digits: &str| {
        let bytes: Option<Vec<u8>> =
            (0..digits.len()).step_by(2).map(|at| byte(digits, at)).collect();
        bytes.map(|bytes| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)))
    };
    digits.and_then(add) == Some(0)
}

#[tokio::test]
async fn pymodbus_reads_in_ascii() {
    let scratch = Scratch::new();
    let site = ascii(&scratch).await;
    // A pseudo terminal has no parity, and Python refuses to ask it for one.
    let client = "from pymodbus.client import ModbusSerialClient\n\
         from pymodbus import FramerType\n\
         client = ModbusSerialClient(sys.argv[1], framer=FramerType.ASCII, baudrate=9600, parity='N', retries=0, timeout=3)";
    pymodbus(client, site.settings.modbus_ascii.as_ref().unwrap().to_str().unwrap()).await;
    site.stop().await;
}

async fn over_tcp() -> Site {
    Site::start(Settings { modbus_rtu_over_tcp: Some(any_port()), ..Settings::none() }).await
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(site.running().modbus_rtu_over_tcp.unwrap()).await.unwrap()
}

#[tokio::test]
async fn pymodbus_reads_rtu_over_tcp() {
    let site = over_tcp().await;
    let client = "from pymodbus.client import ModbusTcpClient\n\
         from pymodbus import FramerType\n\
         client = ModbusTcpClient('127.0.0.1', port=int(sys.argv[1]), framer=FramerType.RTU, retries=0, timeout=3)";
    let port = site.running().modbus_rtu_over_tcp.unwrap().port().to_string();
    pymodbus(client, &port).await;
    site.stop().await;
}

#[tokio::test]
async fn mbpoll_reads_at_the_pace_it_is_told() {
    let scratch = Scratch::new();
    let pace = Pace { baud: 115_200, format: Some("8N1".parse().unwrap()), ..Pace::default() };
    let path = scratch.join("line");
    let site =
        Site::start(Settings { modbus_rtu: Some(path.clone()), pace, ..Settings::none() }).await;
    let arguments = ["-m", "rtu", "-b", "115200", "-P", "none", "-0", "-1", "-a", "1", "-t", "3"];
    let place = ["-r", "0", "-c", "7", path.to_str().unwrap()];
    let said = peer("mbpoll", &[&arguments[..], &place].concat()).await;
    assert!(said.success, "{}", said.text);
    assert_eq!(said.text.matches("]: \t").count(), 7, "{}", said.text);
    site.stop().await;
}

#[tokio::test]
async fn each_fault_of_a_line_is_seen_in_ascii() {
    let scratch = Scratch::new();
    let site = ascii(&scratch).await;
    let mut port = open(&site);
    let mut ask = async |fault: &str, characters| {
        site.fault(&format!("greenhouse1={fault}"));
        port.write_all(ASKED_IN_ASCII).await.unwrap();
        reply(&mut port, characters).await
    };
    let good = ask("ok", 15).await;
    assert!(is_whole(&good) && good.starts_with(":010402"), "{good}");
    for fault in ["wrong-crc", "flipped:1"] {
        let bad = ask(fault, 15).await;
        assert!(!is_whole(&bad), "{fault}: {bad}");
    }
    assert_eq!(ask("exception:4", 11).await, ":01840477\r\n");
    let other = ask("wrong-unit", 15).await;
    assert!(is_whole(&other) && other.starts_with(":020402"), "{other}");
    let joined = ask("joined", 30).await;
    let (first, second) = joined.split_at(15);
    assert!(is_whole(first) && first == second, "{joined}");
    site.fault("greenhouse1=truncated");
    port.write_all(ASKED_IN_ASCII).await.unwrap();
    let mut half = [0; 7];
    timeout(SOON, port.read_exact(&mut half)).await.expect("half").unwrap();
    assert!(timeout(A_WHILE, port.read_u8()).await.is_err(), "more than half");
    site.stop().await;
}

#[tokio::test]
async fn on_a_connection_bytes_come_at_the_lines_rate_and_unplugged_it_ends() {
    let site = over_tcp().await;
    let mut stream = connect(&site).await;
    site.fault("greenhouse1=joined");
    stream.write_all(&ASKED_IN_RTU).await.unwrap();
    let mut twice = [0; 14];
    timeout(SOON, stream.read_exact(&mut twice)).await.expect("a reply").unwrap();
    assert_eq!(twice[..7], twice[7..]);
    site.fault("greenhouse1=disconnect");
    let mut byte = [0];
    assert_eq!(timeout(SOON, stream.read(&mut byte)).await.expect("an end").unwrap(), 0);
    site.stop().await;
}

/// Bits that flip in a header never touch the transaction id, and a header is never right with them.
#[tokio::test]
async fn the_faults_of_tcp_are_seen_on_the_wire() {
    let site = Site::start(Settings { modbus_tcp: Some(any_port()), ..Settings::none() }).await;
    let mut stream = TcpStream::connect(site.running().modbus_tcp.unwrap()).await.unwrap();
    let mut ask = async |fault: &str, count: usize| {
        site.fault(&format!("meter={fault}"));
        stream.write_all(&[0x12, 0x34, 0, 0, 0, 6, 1, 4, 0, 26, 0, 2]).await.unwrap();
        let mut bytes = vec![0; count];
        timeout(SOON, stream.read_exact(&mut bytes)).await.expect("a reply").unwrap();
        bytes
    };
    const HEADER: [u8; 7] = [0x12, 0x34, 0, 0, 0, 7, 1];
    assert_eq!(ask("ok", 13).await[..7], HEADER);
    assert_eq!(ask("wrong-unit", 13).await[..7], [0x12, 0x34, 0, 0, 0, 7, 2]);
    for _ in 0..10 {
        let flipped = ask("flipped:2", 13).await;
        assert!(flipped[..2] == HEADER[..2] && flipped[2..7] != HEADER[2..], "{flipped:02X?}");
    }
    let twice = ask("joined", 26).await;
    assert_eq!(twice[..13], twice[13..]);
    site.stop().await;
}

#[tokio::test]
async fn traffic_is_recorded_with_its_times() {
    let scratch = Scratch::new();
    let file = scratch.join("capture.jsonl");
    let pace = Pace { baud: 19_200, turnaround: Duration::from_millis(20), ..Pace::default() };
    let site = Site::start(Settings {
        modbus_tcp: Some(any_port()),
        modbus_ascii: Some(scratch.join("ascii")),
        modbus_rtu_over_tcp: Some(any_port()),
        capture: Some(file.clone()),
        pace,
        ..Settings::none()
    })
    .await;
    let mut port = open(&site);
    port.write_all(ASKED_IN_ASCII).await.unwrap();
    let reply = reply(&mut port, 15).await;
    let mut stream = connect(&site).await;
    stream.write_all(&ASKED_IN_RTU).await.unwrap();
    timeout(SOON, stream.read_exact(&mut [0; 7])).await.expect("a reply").unwrap();
    let mut tcp = TcpStream::connect(site.running().modbus_tcp.unwrap()).await.unwrap();
    tcp.write_all(&[0, 1, 0, 0, 0, 6, 1, 4, 0, 26, 0, 2]).await.unwrap();
    timeout(SOON, tcp.read_exact(&mut [0; 13])).await.expect("a reply").unwrap();
    let own = (stream.local_addr().unwrap().to_string(), tcp.local_addr().unwrap().to_string());
    site.stop().await;

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["capture"] == 1, "{text}");
    let told = |at: usize| {
        let (on, what) = (lines[at]["on"].as_str().unwrap(), lines[at]["what"].as_str().unwrap());
        format!("{on} {what}")
    };
    let names: Vec<String> = (1..lines.len()).map(told).collect();
    let expected = ["modbus-ascii", "modbus-rtu-over-tcp", "modbus-tcp"]
        .map(|on| [format!("{on} request"), format!("{on} reply")])
        .concat();
    assert_eq!(names, expected);
    assert_eq!(
        (lines[3]["peer"].as_str(), lines[5]["peer"].as_str()),
        (Some(&*own.0), Some(&*own.1))
    );
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(lines[1]["bytes"].as_str().unwrap(), hex(ASKED_IN_ASCII));
    assert_eq!(lines[2]["bytes"].as_str().unwrap(), hex(reply.as_bytes()));
    let us = |at: usize, key: &str| lines[at][key].as_u64().unwrap();
    // In microseconds of the line: 17 characters of 10 bits, 20 ms, 15 characters; and 8, 20 ms, 7 of 11 bits.
    for (at, request, reply) in [(1, 8_854, 7_812), (3, 4_583, 4_010)] {
        assert!((us(at, "until_us") - us(at, "from_us")).abs_diff(request) <= 1, "{text}");
        assert!((us(at + 1, "from_us") - us(at, "until_us")).abs_diff(20_000) <= 1, "{text}");
        assert!((us(at + 1, "until_us") - us(at + 1, "from_us")).abs_diff(reply) <= 1, "{text}");
    }
}

#[tokio::test]
async fn without_its_capture_nothing_runs() {
    let capture = Some("/nowhere/at/all".into());
    let mut site =
        Site::begin(Settings { modbus_tcp: Some(any_port()), capture, ..Settings::none() });
    site.until(|running| !running.failures.is_empty()).await;
    assert_eq!(site.running().failures[0].place, "/nowhere/at/all");
    assert_eq!(site.running().modbus_tcp, None);
    site.stop().await;
}
