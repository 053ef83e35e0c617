//! Walks a day through every device, and holds the map against what answers.

use std::collections::BTreeMap;

use pointcast_api::{PointId, UnixMs, ValueType};

use super::*;
use crate::map::{Encoding, MapEntry, Table, WordOrder, register_map, topic_map};

/// A day in odd steps, from some autumn morning on.
fn a_day() -> impl Iterator<Item = SiteTime> {
    (0..86_400_000_u64)
        .step_by(7_333)
        .map(|ms| SiteTime::from_unix_ms(UnixMs(1_791_000_000_000 + ms)))
}

fn device(entry: &MapEntry) -> Device {
    Device::ALL.into_iter().find(|device| device.name() == entry.device).unwrap()
}

fn function(table: Table) -> u8 {
    match table {
        Table::Coil => 1,
        Table::Discrete => 2,
        Table::Holding => 3,
        Table::Input => 4,
    }
}

/// Data bytes of a read, or the exception code.
fn read(
    device: Device,
    table: Table,
    start: u16,
    count: u16,
    time: SiteTime,
) -> Result<Vec<u8>, u8> {
    let [a, b] = start.to_be_bytes();
    let [c, d] = count.to_be_bytes();
    let reply =
        slave_reply(device, &[function(table), a, b, c, d], time, &Orders::default()).unwrap();
    if reply[0] & 0x80 == 0 { Ok(reply[2..].to_vec()) } else { Err(reply[1]) }
}

/// The engineering value at a moment, decoded as a master would from the map alone; `None` for no value.
fn value(entry: &MapEntry, time: SiteTime) -> Option<f64> {
    let width = entry.encoding.width();
    let data = read(device(entry), entry.table, entry.address, width, time).unwrap();
    if let (Encoding::I16, Some(none)) = (entry.encoding, entry.no_value)
        && data == none.to_be_bytes()
    {
        return None;
    }
    let swap = |data: &[u8], order| match order {
        WordOrder::Abcd => [data[0], data[1], data[2], data[3]],
        WordOrder::Cdab => [data[2], data[3], data[0], data[1]],
    };
    let raw = match entry.encoding {
        Encoding::Bool => match entry.bit {
            Some(bit) => f64::from(u16::from_be_bytes([data[0], data[1]]) >> bit & 1),
            None => f64::from(data[0]),
        },
        Encoding::I16 => f64::from(i16::from_be_bytes([data[0], data[1]])),
        Encoding::U16 => f64::from(u16::from_be_bytes([data[0], data[1]])),
        Encoding::U32(order) => f64::from(u32::from_be_bytes(swap(&data, order))),
        Encoding::F32(order) => f64::from(f32::from_be_bytes(swap(&data, order))),
        Encoding::U64 => {
            let number = u64::from_be_bytes(data.try_into().unwrap());
            f64::from(u32::try_from(number).unwrap())
        }
        Encoding::Text { .. } => return None,
    };
    (!raw.is_nan()).then_some(raw * entry.scale)
}

#[test]
fn every_entry_is_read_where_the_map_says_and_stays_in_its_range() {
    let moments: Vec<_> = a_day().collect();
    for entry in register_map() {
        let values: Vec<_> = moments.iter().filter_map(|&time| value(&entry, time)).collect();
        let name = format!("{}/{}", entry.device, entry.point);
        if let Some((least, most)) = entry.range {
            assert!(values.len() > moments.len() / 2, "{name} is hardly ever there");
            let wrong = values.iter().find(|&&value| value < least || value > most);
            assert_eq!(wrong, None, "{name} leaves {least}..={most}");
        }
        let gaps = values.len() < moments.len();
        let may_gap = entry.no_value.is_some()
            || matches!(entry.encoding, Encoding::Text { .. })
            || entry.point == "distortion/current";
        assert_eq!(gaps, may_gap, "{name}: {} of {}", values.len(), moments.len());
    }
}

#[test]
fn counters_grow_and_never_fall() {
    let counters = register_map().into_iter().filter(|entry| {
        matches!(entry.encoding, Encoding::U32(_) | Encoding::U64) && entry.range.is_none()
    });
    let mut seen = 0;
    for entry in counters {
        let values: Vec<_> = a_day().filter_map(|time| value(&entry, time)).collect();
        assert!(values.is_sorted(), "{}/{} falls", entry.device, entry.point);
        assert!(values.first() < values.last(), "{}/{} stands", entry.device, entry.point);
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn bits_change_within_a_day() {
    let still = ["pump/on", "pump/running", "service_due"];
    for entry in register_map().iter().filter(|entry| entry.encoding == Encoding::Bool) {
        let values: Vec<_> = a_day().filter_map(|time| value(entry, time)).collect();
        let moves = values.iter().any(|&value| value != values[0]);
        assert_eq!(moves, !still.contains(&entry.point), "{}/{}", entry.device, entry.point);
    }
}

#[test]
fn the_map_covers_exactly_what_answers() {
    let mut covered = BTreeMap::<_, Vec<bool>>::new();
    for entry in register_map().iter().filter(|entry| entry.bit.is_none()) {
        let cells = covered
            .entry((entry.device, function(entry.table)))
            .or_insert_with(|| vec![false; 200]);
        for cell in 0..entry.encoding.width() {
            let cell = &mut cells[usize::from(entry.address + cell)];
            assert!(!*cell, "{}/{} overlaps another", entry.device, entry.point);
            *cell = true;
        }
    }
    let time = a_day().next().unwrap();
    for ((name, number), cells) in covered {
        let device = Device::ALL.into_iter().find(|device| device.name() == name).unwrap();
        let tables = [Table::Coil, Table::Discrete, Table::Holding, Table::Input];
        let table = tables.into_iter().find(|&table| function(table) == number).unwrap();
        for (address, there) in (0_u16..).zip(cells) {
            let answer = read(device, table, address, 1, time);
            assert_eq!(answer.is_ok(), there, "{name} {} {address}", table.as_str());
            assert!(there || answer == Err(2), "a hole answers exception 02");
        }
    }
}

#[test]
fn a_block_is_one_moment_and_equals_its_parts() {
    for time in a_day().step_by(97) {
        let block = read(Device::Meter, Table::Input, 0, 28, time).unwrap();
        for address in (0..28).step_by(2) {
            let at = usize::from(address) * 2;
            let part = read(Device::Meter, Table::Input, address, 2, time).unwrap();
            assert_eq!(block[at..at + 4], part, "at {address}");
        }
        // Half of a value is half of it, not a hole.
        let half = read(Device::Meter, Table::Input, 41, 2, time).unwrap();
        assert_eq!(half, read(Device::Meter, Table::Input, 40, 4, time).unwrap()[2..6]);
    }
}

#[test]
fn bits_of_a_register_have_that_register_in_the_map() {
    let map = register_map();
    for entry in map.iter().filter(|entry| entry.bit.is_some()) {
        let whole = map.iter().any(|other| {
            (other.device, other.table, other.address) == (entry.device, entry.table, entry.address)
                && other.bit.is_none()
        });
        assert!(whole, "{}/{}", entry.device, entry.point);
    }
}

#[test]
fn names_and_types_are_such_as_a_configuration_takes() {
    let registers = register_map();
    let from_registers =
        registers.iter().map(|entry| (entry.device, entry.point, entry.encoding.type_word()));
    let from_topics =
        topic_map().iter().map(|entry| (Device::Weather.name(), entry.point, entry.type_word));
    let mut names = std::collections::BTreeSet::new();
    for (device, point, word) in from_registers.chain(from_topics) {
        let name = format!("{device}/{point}");
        PointId::new(&name).unwrap();
        assert!(ValueType::WORDS.iter().any(|(known, _)| *known == word), "{name}: {word}");
        assert!(names.insert(name), "{device}/{point} is there twice");
    }
}

fn tenths(device: Device, address: u16, table: Table, time: SiteTime, orders: &Orders) -> i16 {
    let [high, low] = address.to_be_bytes();
    let reply = slave_reply(device, &[function(table), high, low, 0, 1], time, orders).unwrap();
    i16::from_be_bytes([reply[2], reply[3]])
}

#[test]
fn a_setpoint_that_is_written_is_kept_within_its_bounds_and_followed() {
    let time = a_day().next().unwrap();
    let later = SiteTime::from_unix_ms(UnixMs(1_791_000_000_000 + 7_200_000));
    for (device, setpoint, measured, table, least, most) in [
        (Device::Boiler, 104, 100, Table::Holding, 500, 700),
        (Device::Greenhouse2, 0, 0, Table::Input, 100, 350),
    ] {
        let orders = Orders::default();
        let read = |time, orders: &Orders| tenths(device, measured, table, time, orders);
        for (written, kept) in [(least, least), (most + 100, most), (-1_i16, least)] {
            let before = read(time, &orders);
            let [high, low] = written.to_be_bytes();
            let [address_high, address_low] = u16::to_be_bytes(setpoint);
            let request = [6, address_high, address_low, high, low];
            assert_eq!(slave_reply(device, &request, time, &orders).as_deref(), Some(&request[..]));
            assert_eq!(tenths(device, setpoint, Table::Holding, time, &orders), kept);
            assert!(before.abs_diff(read(time, &orders)) <= 1, "nothing jumps");
        }
        // Two hours later it is there, and swings around it.
        let there = read(later, &orders).abs_diff(least);
        assert!(there < 100, "{}: {there} tenths away", device.name());
    }
}

#[test]
fn the_pump_is_switched_and_its_feedback_follows() {
    let (time, orders) = (a_day().next().unwrap(), Orders::default());
    let ask = |request: &[u8]| slave_reply(Device::Boiler, request, time, &orders).unwrap();
    assert_eq!(ask(&[2, 0, 0, 0, 1]), [2, 1, 1]);
    assert_eq!(ask(&[5, 0, 1, 0, 0]), [5, 0, 1, 0, 0]);
    assert_eq!((ask(&[1, 0, 1, 0, 1]), ask(&[2, 0, 0, 0, 1])), (vec![1, 1, 0], vec![2, 1, 0]));
    assert_eq!(ask(&[15, 0, 1, 0, 1, 1, 1]), [15, 0, 1, 0, 1]);
    assert_eq!(ask(&[2, 0, 0, 0, 1]), [2, 1, 1]);
    // What follows from the time alone cannot be written.
    assert_eq!(ask(&[5, 0, 0, 0, 0]), [0x85, 2]);
    assert_eq!(ask(&[6, 0, 100, 0, 0]), [0x86, 2]);
}
