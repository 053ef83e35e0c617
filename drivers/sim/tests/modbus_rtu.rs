//! The Modbus RTU slaves on their line: against mbpoll, against pymodbus, and each fault byte by byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{A_WHILE, SOON, Scratch, Site, peer, pymodbus};
use pointcast_sim::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_serial::{Parity, SerialPortBuilderExt as _, SerialStream};

/// One character of the line at 9600 baud with parity.
const CHARACTER: Duration = Duration::from_nanos(11 * 1_000_000_000 / 9_600);

async fn line(scratch: &Scratch) -> Site {
    let path = scratch.join("sim/greenhouse");
    Site::start(Settings { modbus_rtu: Some(path), ..Settings::none() }).await
}

fn path(site: &Site) -> &Path {
    site.settings.modbus_rtu.as_deref().unwrap()
}

fn open(site: &Site) -> SerialStream {
    let settings = tokio_serial::new(path(site).to_str().unwrap(), 9_600);
    settings.parity(Parity::Even).open_native_async().unwrap()
}

/// CRC of the serial line, low byte first.
fn with_crc(mut frame: Vec<u8>) -> Vec<u8> {
    let mut crc = 0xFFFF_u16;
    for byte in &frame {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 };
        }
    }
    frame.extend(crc.to_le_bytes());
    frame
}

/// Reads input registers 0 and 1.
fn request(unit_id: u8) -> Vec<u8> {
    with_crc(vec![unit_id, 4, 0, 0, 0, 2])
}

async fn take(port: &mut SerialStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(SOON, port.read_exact(&mut bytes)).await.expect("a reply").unwrap();
    bytes
}

fn is_whole(frame: &[u8]) -> bool {
    with_crc(frame[..frame.len() - 2].to_vec()) == frame
}

#[tokio::test]
async fn mbpoll_reads_both_slaves_one_after_the_other() {
    let scratch = Scratch::new();
    let site = line(&scratch).await;
    for _ in 0..2 {
        for unit in ["1", "2"] {
            let arguments = [
                "-m", "rtu", "-b", "9600", "-P", "even", "-0", "-1", "-a", unit, "-t", "3", "-r",
                "0",
            ];
            let port = path(&site).to_str().unwrap();
            let said = peer("mbpoll", &[&arguments[..], &["-c", "7", port]].concat()).await;
            assert!(said.success, "{}", said.text);
            assert_eq!(said.text.matches("]: \t").count(), 7, "{}", said.text);
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn pymodbus_reads_values_and_meets_the_holes() {
    let scratch = Scratch::new();
    let site = line(&scratch).await;
    // A pseudo terminal has no parity, and Python refuses to ask it for one.
    let client = "from pymodbus.client import ModbusSerialClient\n\
         client = ModbusSerialClient(sys.argv[1], baudrate=9600, parity='N', retries=0, timeout=3)";
    pymodbus(client, path(&site).to_str().unwrap()).await;
    site.stop().await;
}

#[tokio::test]
async fn a_reply_takes_the_time_its_wire_would_and_not_much_more() {
    let scratch = Scratch::new();
    let site = line(&scratch).await;
    let mut port = open(&site);
    let mut quickest = Duration::MAX;
    for _ in 0..5 {
        let begin = Instant::now();
        port.write_all(&request(1)).await.unwrap();
        assert!(is_whole(&take(&mut port, 9).await));
        quickest = quickest.min(begin.elapsed());
    }
    let wire = CHARACTER * (8 + 9);
    assert!(quickest >= wire, "{quickest:?} is faster than the wire's {wire:?}");
    assert!(quickest <= wire + Duration::from_millis(40), "{quickest:?} for {wire:?} of wire");
    site.stop().await;
}

#[tokio::test]
async fn each_fault_of_a_reply_is_seen_on_the_wire_and_its_neighbour_is_well() {
    let scratch = Scratch::new();
    let site = line(&scratch).await;
    let mut port = open(&site);

    site.fault("greenhouse1=wrong-crc");
    port.write_all(&request(1)).await.unwrap();
    assert!(!is_whole(&take(&mut port, 9).await));

    site.fault("greenhouse1=exception:4");
    port.write_all(&request(1)).await.unwrap();
    assert_eq!(take(&mut port, 5).await, with_crc(vec![1, 0x84, 4]));

    site.fault("greenhouse1=garbage");
    port.write_all(&request(1)).await.unwrap();
    assert!(!is_whole(&take(&mut port, 24).await));

    site.fault("greenhouse1=truncated");
    port.write_all(&request(1)).await.unwrap();
    assert_eq!(take(&mut port, 4).await[..3], [1, 4, 4]);
    assert!(timeout(A_WHILE, port.read_u8()).await.is_err(), "more than half");

    site.fault("greenhouse1=silent");
    port.write_all(&request(1)).await.unwrap();
    assert!(timeout(A_WHILE, port.read_u8()).await.is_err(), "the silent one spoke");
    port.write_all(&request(2)).await.unwrap();
    assert!(is_whole(&take(&mut port, 9).await));

    site.fault("greenhouse1=ok");
    port.write_all(&request(1)).await.unwrap();
    assert!(is_whole(&take(&mut port, 9).await));
    site.stop().await;
}

#[tokio::test]
async fn a_late_reply_comes_into_the_middle_of_what_follows() {
    let scratch = Scratch::new();
    let site = line(&scratch).await;
    site.fault("greenhouse1=late:300");
    let mut port = open(&site);
    port.write_all(&request(1)).await.unwrap();
    // The line needs its silence between two frames, or they are one.
    assert!(timeout(Duration::from_millis(60), port.read_u8()).await.is_err());
    port.write_all(&request(2)).await.unwrap();
    assert_eq!(take(&mut port, 9).await[0], 2);
    assert_eq!(take(&mut port, 9).await[0], 1);
    site.stop().await;
}

#[tokio::test]
async fn unplugged_the_port_is_gone_and_plugged_in_it_is_back() {
    let scratch = Scratch::new();
    let mut site = line(&scratch).await;
    let mut port = open(&site);
    site.fault("greenhouse2=disconnect");
    site.until(|running| running.modbus_rtu.is_none()).await;
    assert!(std::fs::symlink_metadata(path(&site)).is_err(), "the link is still there");
    let mut byte = [0];
    let end = timeout(SOON, port.read(&mut byte)).await.expect("an end");
    assert!(!matches!(end, Ok(1)), "{end:?}");
    drop(port);
    site.fault("greenhouse2=ok");
    site.until(|running| running.modbus_rtu.is_some()).await;
    let mut port = open(&site);
    port.write_all(&request(2)).await.unwrap();
    assert!(is_whole(&take(&mut port, 9).await));
    site.stop().await;
}

#[tokio::test]
async fn at_the_stop_the_link_goes() {
    let scratch = Scratch::new();
    let site = line(&scratch).await;
    let path = path(&site).to_owned();
    assert!(std::fs::read_link(&path).unwrap().starts_with("/dev/pts"));
    site.stop().await;
    assert!(std::fs::symlink_metadata(&path).is_err());
}

#[tokio::test]
async fn a_file_in_the_way_is_left_alone_and_waited_out() {
    let scratch = Scratch::new();
    let path = scratch.join("greenhouse");
    std::fs::write(&path, "precious").unwrap();
    let scale = scratch.join("scale");
    let mut site = Site::begin(Settings {
        modbus_rtu: Some(path.clone()),
        scale: Some(scale),
        ..Settings::none()
    });
    site.until(|running| running.scale.is_some()).await;
    assert_eq!(site.running().modbus_rtu, None);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    std::fs::remove_file(&path).unwrap();
    site.until(|running| running.modbus_rtu.is_some()).await;
    site.stop().await;
}
