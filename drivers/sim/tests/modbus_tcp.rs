//! The Modbus TCP slaves on the wire: against mbpoll, against pymodbus, and each fault byte by byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use std::time::Instant;

use common::{A_WHILE, SOON, Site, any_port, peer, python};
use pointcast_sim::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn plant() -> Site {
    Site::start(Settings { modbus_tcp: Some(any_port()), ..Settings::none() }).await
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(site.running().modbus_tcp.unwrap()).await.unwrap()
}

/// A read request.
fn request(transaction: u16, unit_id: u8, function: u8, start: u16, count: u16) -> Vec<u8> {
    let [t1, t2] = transaction.to_be_bytes();
    let [s1, s2] = start.to_be_bytes();
    let [c1, c2] = count.to_be_bytes();
    vec![t1, t2, 0, 0, 0, 6, unit_id, function, s1, s2, c1, c2]
}

/// One frame: transaction id, unit id, PDU.
async fn reply(stream: &mut TcpStream) -> (u16, u8, Vec<u8>) {
    let mut header = [0; 7];
    timeout(SOON, stream.read_exact(&mut header)).await.expect("a reply").unwrap();
    assert_eq!(header[2..4], [0, 0]);
    let mut pdu = vec![0; usize::from(u16::from_be_bytes([header[4], header[5]])) - 1];
    timeout(SOON, stream.read_exact(&mut pdu)).await.expect("its rest").unwrap();
    (u16::from_be_bytes([header[0], header[1]]), header[6], pdu)
}

#[tokio::test]
async fn mbpoll_reads_every_table_and_meets_the_holes() {
    let site = plant().await;
    let port = site.running().modbus_tcp.unwrap().port().to_string();
    let poll = async |unit: &str, table: &str, start: &str, count: &str| {
        let arguments = [
            "-m", "tcp", "-p", &port, "-0", "-1", "-a", unit, "-t", table, "-r", start, "-c", count,
        ];
        peer("mbpoll", &[&arguments[..], &["127.0.0.1"]].concat()).await
    };
    let boiler = poll("2", "4", "100", "7").await;
    assert!(boiler.success, "{}", boiler.text);
    let supply = boiler.text.lines().find_map(|line| line.strip_prefix("[100]:")).unwrap();
    let supply: u16 = supply.trim().parse().unwrap();
    assert!((400..=800).contains(&supply), "{supply} tenths of a degree");
    let coils = poll("3", "0", "0", "3").await;
    assert_eq!(coils.text.matches("]: \t").count(), 3, "{}", coils.text);
    let inputs = poll("3", "1", "16", "2").await;
    assert_eq!(inputs.text.matches("]: \t").count(), 2, "{}", inputs.text);
    let frequency = poll("1", "3:float", "26", "1").await;
    assert!(frequency.success, "{}", frequency.text);
    let hole = poll("2", "4", "106", "2").await;
    assert!(hole.text.contains("Illegal data address"), "{}", hole.text);
    site.stop().await;
}

#[tokio::test]
async fn pymodbus_reads_values_as_the_map_lays_them_out() {
    let site = plant().await;
    let port = site.running().modbus_tcp.unwrap().port().to_string();
    let script = r"
import sys
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient('127.0.0.1', port=int(sys.argv[1]), retries=0)
assert client.connect()
T = client.DATATYPE
def take(unit, address, kind, order='big'):
    read = client.read_input_registers(address, count=kind.value[1], device_id=unit)
    assert not read.isError(), read
    return client.convert_from_registers(read.registers, kind, word_order=order)
voltage = take(1, 0, T.FLOAT32)
assert 225 < voltage < 237, voltage
energy = take(1, 40, T.INT64)
again = take(1, 40, T.INT64)
assert 0 < energy <= again < energy + 100, (energy, again)
level = take(3, 0, T.FLOAT32, 'little')
assert 0 < level < 4, level
starts = take(3, 30, T.UINT32, 'little')
assert 0 < starts < 10_000_000, starts
text = client.read_holding_registers(100, count=8, device_id=1)
serial = client.convert_from_registers(text.registers, T.STRING)
assert serial == 'EM3-0026-114477', serial
hole = client.read_holding_registers(107, count=1, device_id=2)
assert hole.exception_code == 2, hole
write = client.write_register(100, 1, device_id=2)
assert write.exception_code == 2, write
nobody = client.read_holding_registers(0, count=1, device_id=77)
assert nobody.exception_code == 11, nobody
print('as the map says')
";
    let said = python(script, &[&port]).await;
    assert!(said.success && said.text.contains("as the map says"), "{}", said.text);
    site.stop().await;
}

#[tokio::test]
async fn pymodbus_writes_by_every_function_and_reads_it_again() {
    let site = plant().await;
    let port = site.running().modbus_tcp.unwrap().port().to_string();
    let script = r"
import sys
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient('127.0.0.1', port=int(sys.argv[1]), retries=0)
assert client.connect()
def setpoint():
    return client.read_holding_registers(104, count=1, device_id=2).registers[0]
def running():
    return client.read_discrete_inputs(0, count=1, device_id=2).bits[0]
def well(reply):
    assert not reply.isError(), reply
well(client.write_register(104, 600, device_id=2))
assert setpoint() == 600
well(client.write_registers(104, [610], device_id=2))
assert setpoint() == 610
# 610 is 262 hex: the lowest nibble becomes 4.
well(client.mask_write_register(address=104, and_mask=0xFFF0, or_mask=4, device_id=2))
assert setpoint() == 612
both = client.readwrite_registers(
    read_address=104, read_count=1, write_address=104, values=[620], device_id=2)
assert both.registers == [620], both
well(client.write_register(104, 900, device_id=2))
assert setpoint() == 700, 'it keeps what it can'
well(client.write_coil(1, False, device_id=2))
assert not running()
well(client.write_coils(1, [True], device_id=2))
assert running()
assert client.write_coil(0, True, device_id=2).exception_code == 2
assert client.write_registers(104, [600, 600], device_id=2).exception_code == 2
assert setpoint() == 700
print('as it was told')
";
    let said = python(script, &[&port]).await;
    assert!(said.success && said.text.contains("as it was told"), "{}", said.text);
    site.fault("boiler=write-exception:4");
    let refused = "
import sys
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient('127.0.0.1', port=int(sys.argv[1]), retries=0)
assert client.connect()
assert client.write_register(104, 600, device_id=2).exception_code == 4
assert client.read_holding_registers(104, count=1, device_id=2).registers == [700]
print('refused')
";
    let said = python(refused, &[&port]).await;
    assert!(said.success && said.text.contains("refused"), "{}", said.text);
    site.stop().await;
}

#[tokio::test]
async fn mbpoll_writes_a_register_and_a_coil() {
    let site = plant().await;
    let port = site.running().modbus_tcp.unwrap().port().to_string();
    let poll = async |table: &str, start: &str, tail: &[&str]| {
        let arguments = ["-m", "tcp", "-p", &port, "-0", "-1", "-a", "2", "-t", table, "-r", start];
        peer("mbpoll", &[&arguments[..], tail].concat()).await
    };
    let written = poll("4", "104", &["127.0.0.1", "555"]).await;
    assert!(written.text.contains("Written 1 reference"), "{}", written.text);
    let read = poll("4", "104", &["-c", "1", "127.0.0.1"]).await;
    assert!(read.text.contains("[104]: \t555"), "{}", read.text);
    let written = poll("0", "1", &["127.0.0.1", "0"]).await;
    assert!(written.text.contains("Written 1 reference"), "{}", written.text);
    let read = poll("1", "0", &["-c", "1", "127.0.0.1"]).await;
    assert!(read.text.contains("[0]: \t0"), "{}", read.text);
    let hole = poll("4", "107", &["127.0.0.1", "1"]).await;
    assert!(hole.text.contains("Illegal data address"), "{}", hole.text);
    site.stop().await;
}

#[tokio::test]
async fn a_late_or_silent_slave_holds_nobody_back() {
    let site = plant().await;
    site.fault("boiler=late:300");
    site.fault("meter=silent");
    let mut stream = connect(&site).await;
    let begin = Instant::now();
    let all = [request(1, 1, 4, 0, 2), request(2, 2, 3, 100, 1), request(3, 3, 4, 0, 2)];
    stream.write_all(&all.concat()).await.unwrap();
    let (first, unit_id, _) = reply(&mut stream).await;
    assert_eq!((first, unit_id), (3, 3));
    let (second, unit_id, pdu) = reply(&mut stream).await;
    assert_eq!((second, unit_id, pdu.len()), (2, 2, 4));
    assert!(begin.elapsed().as_millis() >= 300);
    assert!(timeout(A_WHILE, stream.read_u8()).await.is_err(), "the silent one spoke");
    site.fault("meter=ok");
    stream.write_all(&request(4, 1, 4, 0, 2)).await.unwrap();
    assert_eq!(reply(&mut stream).await.0, 4);
    site.stop().await;
}

#[tokio::test]
async fn each_fault_of_a_reply_is_seen_on_the_wire() {
    let site = plant().await;
    let mut stream = connect(&site).await;
    let ask = request(0x0102, 2, 3, 100, 2);

    site.fault("boiler=wrong-transaction");
    stream.write_all(&ask).await.unwrap();
    assert_eq!(reply(&mut stream).await.0, 0x8102);

    site.fault("boiler=truncated");
    stream.write_all(&ask).await.unwrap();
    let (_, _, pdu) = reply(&mut stream).await;
    assert_eq!((pdu.len(), pdu[1]), (4, 4), "two bytes of data where four are promised");

    site.fault("boiler=exception:6");
    stream.write_all(&ask).await.unwrap();
    assert_eq!(reply(&mut stream).await.2, [0x83, 6]);

    site.fault("boiler=ok");
    stream.write_all(&ask).await.unwrap();
    assert_eq!(reply(&mut stream).await.2.len(), 6);

    site.fault("boiler=disconnect");
    stream.write_all(&ask).await.unwrap();
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.expect("the end").unwrap();
    assert_eq!(rest, [1, 2, 0, 0, 0, 7], "half of thirteen bytes");

    site.fault("boiler=garbage");
    let mut stream = connect(&site).await;
    stream.write_all(&ask).await.unwrap();
    let mut noise = [0; 7];
    timeout(SOON, stream.read_exact(&mut noise)).await.expect("noise").unwrap();
    assert_ne!(noise[2..4], [0, 0], "no MBAP header");
    site.stop().await;
}

#[tokio::test]
async fn many_masters_at_a_time_and_what_is_no_modbus_is_hung_up_on() {
    let site = plant().await;
    let mut streams = Vec::new();
    for transaction in 0..20 {
        let mut stream = connect(&site).await;
        stream.write_all(&request(transaction, 3, 4, 0, 10)).await.unwrap();
        streams.push(stream);
    }
    for (transaction, stream) in (0..).zip(&mut streams) {
        let (got, _, pdu) = reply(stream).await;
        assert_eq!((got, pdu.len()), (transaction, 22));
    }
    let mut stranger = connect(&site).await;
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let end = timeout(SOON, stranger.read_to_end(&mut answer)).await.expect("the end");
    assert!(end.is_err() || answer.is_empty(), "{answer:?}");
    streams[0].write_all(&request(99, 3, 4, 0, 10)).await.unwrap();
    assert_eq!(reply(&mut streams[0]).await.0, 99);
    site.stop().await;
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_are_closed_at_once() {
    let site = plant().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        let mut stream = connect(&site).await;
        stream.write_all(&request(1, 3, 4, 0, 2)).await.unwrap();
        reply(&mut stream).await;
        streams.push(stream);
    }
    let mut one_more = connect(&site).await;
    let end = timeout(SOON, one_more.read_u8()).await.expect("an end");
    assert!(end.is_err());
    streams.pop();
    let mut byte = [0];
    loop {
        // The slot is free once the site has seen the hang-up.
        let mut stream = connect(&site).await;
        stream.write_all(&request(1, 3, 4, 0, 2)).await.unwrap();
        if matches!(
            timeout(SOON, stream.read(&mut byte)).await.expect("an answer or an end"),
            Ok(1)
        ) {
            break;
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_waited_for_while_the_rest_runs() {
    let taken = std::net::TcpListener::bind(any_port()).unwrap();
    let address = taken.local_addr().unwrap();
    let mut site = Site::begin(Settings {
        modbus_tcp: Some(address),
        mqtt: Some(any_port()),
        ..Settings::none()
    });
    site.until(|running| running.mqtt.is_some()).await;
    assert_eq!(site.running().modbus_tcp, None);
    drop(taken);
    site.until(|running| running.modbus_tcp == Some(address)).await;
    site.stop().await;
}
