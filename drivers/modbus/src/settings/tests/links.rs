//! Keys of the links: lines behind connections, TLS, and what is easily confused.

use super::*;
use crate::line::Coding;
use crate::link::timing::Path;
use crate::testing::pki::Pki;

#[test]
fn a_line_behind_a_connection_may_be_unknown() {
    let device = "[[devices]]\nname = \"d\"\nunit_id = 1";
    for (kind, coding, bits) in
        [(Kind::RtuOverTcp, Coding::Rtu, 8), (Kind::AsciiOverTcp, Coding::Ascii, 7)]
    {
        let unknown = site(kind, &format!("address = \"nport:4001\"\n{device}"));
        assert_eq!(unknown.line(), None);
        assert_eq!(unknown.devices[0].address, "nport:4001 unit 1");
        let Transport::Serial(settings) = &unknown.channel.transport else { panic!() };
        let timing = unknown.timing(settings);
        assert_eq!((timing.path, timing.coding, timing.line), (Path::Network, coding, None));
        let known = site(kind, &format!("address = \"nport:4001\"\nbaud = 19200\n{device}"));
        let line = known.line().unwrap();
        assert_eq!((line.baud, line.data_bits, line.coding), (19_200, bits, coding));
    }
    let ascii = site(Kind::Ascii, &format!("port = \"x\"\ndata_bits = 8\n{device}"));
    assert_eq!(ascii.line().map(|line| (line.data_bits, line.baud)), Some((8, 9_600)));
}

/// Names that sound alike: each confusion is told with the driver or key that is meant.
#[test]
fn what_belongs_to_another_modbus_is_told_where_it_belongs() {
    let device = "[[devices]]\nname = \"d\"\nunit_id = 1";
    for (kind, keys, expected) in [
        (Kind::Tcp, "address = \"x\"\nport = 1502", "write it into address: \"host:1502\""),
        (Kind::Tcp, "address = \"x\"\nport = \"/dev/ttyS1\"", "driver = \"modbus-rtu\""),
        (Kind::Tcp, "address = \"x\"\nbaud = 9600", "driver = \"modbus-rtu-over-tcp\""),
        (Kind::Rtu, "port = \"x\"\naddress = \"y:1\"", "driver = \"modbus-rtu-over-tcp\""),
        (Kind::Ascii, "port = \"x\"\naddress = \"y:1\"", "driver = \"modbus-ascii-over-tcp\""),
        (Kind::RtuOverTcp, "address = \"x:1\"\nport = 4001", "write it into address"),
        (Kind::RtuOverTcp, "address = \"x\"", "no usual port"),
        (Kind::AsciiOverTcp, "address = \"[::1]\"", "no usual port"),
        (Kind::RtuOverTcp, "address = \"x:1\"\nparity = \"odd\"", "add the far line's baud"),
        (Kind::RtuOverTcp, "address = \"x:1\"\nturnaround_ms = 9", "add the far line's baud"),
        (Kind::RtuOverTcp, "address = \"x:1\"\nbaud = 9600\ndata_bits = 7", "give 8"),
        (Kind::Ascii, "port = \"x\"\ndata_bits = 9", "give 7 or 8"),
        (Kind::Tcp, "address = \"x\"\nround_trip_ms = 10_001", "milliseconds from 0 to 10000"),
        (Kind::RtuOverTcp, "address = \"x:1\"\nround_trip_ms = 2.5", "whole milliseconds from 0"),
        (Kind::Rtu, "port = \"x\"\nround_trip_ms = 5", "known here: "),
    ] {
        let told = refused(kind, &format!("{keys}\n{device}"));
        assert!(told.len() == 1 && told[0].contains(expected), "{kind:?} {keys}: {told:#?}");
    }
    for kind in [Kind::Rtu, Kind::RtuOverTcp, Kind::Ascii, Kind::AsciiOverTcp] {
        let told = refused(kind, "[[devices]]\nname = \"d\"\nunit_id = 0");
        assert!(told.iter().any(|told| told.contains("from 1 to 247")), "{kind:?}: {told:?}");
        assert!(told.iter().any(|told| told.contains(": missing")), "{kind:?}: {told:?}");
    }
}

#[test]
fn tls_wants_all_that_trust_is_made_of() {
    let pki = Pki::new("settings");
    let (certificate, key) = pki.issue("gateway", "gateway", 2100);
    let ca = pki.ca();
    let device = "[[devices]]\nname = \"d\"";
    let tls = format!("tls = true\nca = {ca:?}");
    let secure = site(Kind::Tcp, &format!("address = \"plc\"\n{tls}\n{device}"));
    let Transport::Tcp(endpoint, Some(settings)) = &secure.channel.transport else { panic!() };
    assert_eq!((endpoint.port, settings.client.as_ref()), (802, None));
    assert_eq!(settings.server_name.to_str(), "plc");
    let both = format!("client_certificate = {certificate:?}\nclient_key = {key:?}");
    let named = format!("address = \"[::1]:1802\"\n{tls}\n{both}\nserver_name = \"plc7\"");
    let secure = site(Kind::Tcp, &format!("{named}\n{device}"));
    let Transport::Tcp(_, Some(settings)) = &secure.channel.transport else { panic!() };
    assert_eq!(settings.server_name.to_str(), "plc7");
    assert!(settings.client.is_some());
    // Said and not wanted is not wanted.
    site(Kind::Tcp, &format!("address = \"plc\"\ntls = false\n{device}"));
    for (keys, field, problem, remedy) in [
        ("tls = true".to_owned(), "ca", "missing", "add ca = "),
        ("tls = true\nca = \"/no.pem\"".to_owned(), "ca", "/no.pem cannot be read", "a PEM file"),
        (format!("ca = {ca:?}"), "ca", "nothing is encrypted", "add tls = true"),
        ("tls = false\nserver_name = \"x\"".to_owned(), "server_name", "nothing", "tls = true"),
        (format!("{tls}\nclient_key = {key:?}"), "client_key", "without its", "client_certificate"),
        (
            format!("{tls}\nclient_certificate = {certificate:?}"),
            "client_certificate",
            "a certificate without its key",
            "add client_key",
        ),
        (
            format!("{tls}\nclient_certificate = {certificate:?}\nclient_key = {certificate:?}"),
            "client_key",
            "has no private key in it",
            "the private key of client_certificate",
        ),
        (format!("{tls}\nserver_name = \"a b\""), "server_name", "no name", "host name or"),
        (format!("{tls}\ninsecure = true"), "insecure", "unknown key", "known here"),
    ] {
        let told = refused(Kind::Tcp, &format!("address = \"plc\"\n{keys}\n{device}"));
        let begin = format!("channel \"test\": {field}: ");
        assert!(told.len() == 1 && told[0].starts_with(&begin), "{keys}: {told:#?}");
        assert!(told[0].contains(problem) && told[0].contains(remedy), "{keys}: {told:#?}");
    }
    // Only where there is a specification for it.
    let keys = format!("address = \"plc:1\"\n{tls}\n{device}\nunit_id = 1");
    assert!(refused(Kind::RtuOverTcp, &keys).iter().any(|told| told.contains("tls: unknown key")));
}

#[test]
fn rts_is_switched_where_that_is_said() {
    let device = "[[devices]]\nname = \"d\"\nunit_id = 1";
    let plain = site(Kind::Rtu, &format!("port = \"/dev/ttyS1\"\n{device}"));
    let Transport::Serial(SerialSettings { reach: Reach::Port(port), .. }) =
        &plain.channel.transport
    else {
        panic!()
    };
    assert_eq!((port.path.as_str(), port.rs485), ("/dev/ttyS1", None));
    let keys =
        "rs485 = true\nrts_on_send = \"low\"\nrts_delay_before_ms = 2\nrts_delay_after_ms = 1";
    let switched = site(Kind::Rtu, &format!("port = \"/dev/ttyS1\"\n{keys}\n{device}"));
    let Transport::Serial(serial) = &switched.channel.transport else { panic!() };
    let Reach::Port(port) = &serial.reach else { panic!() };
    let [before, after] = [2, 1].map(Duration::from_millis);
    let expected = Rs485 { is_inverted: true, delay_before: before, delay_after: after };
    assert_eq!(port.rs485, Some(expected));
    // What it costs is in the plan, and in when a request has left.
    assert_eq!(switched.timing(serial).rts_delay, Duration::from_millis(3));
    let request = ReadRequest { unit: 1, table: Table::Coils, first: 0, quantity: 1 };
    let cost = |site: &Site| site.channel.cost(Duration::ZERO).time(&request);
    assert_eq!(cost(&switched) - cost(&plain), Duration::from_millis(3));
    for (keys, expected) in [
        ("rts_on_send = \"low\"", "rts_on_send: RTS is left alone without rs485"),
        ("rs485 = false\nrts_delay_after_ms = 1", "rts_delay_after_ms: RTS is left alone"),
        ("rs485 = true\nrts_delay_before_ms = 101", "rts_delay_before_ms: 101 is not right here"),
        ("rs485 = true\nrts_on_send = \"up\"", "rts_on_send: \"up\" is not right here"),
    ] {
        let told = refused(Kind::Rtu, &format!("port = \"x\"\n{keys}\n{device}"));
        assert!(told.len() == 1 && told[0].contains(expected), "{keys}: {told:#?}");
    }
    let told = refused(Kind::RtuOverTcp, &format!("address = \"x:1\"\nrs485 = true\n{device}"));
    assert!(told[0].contains("rs485: unknown key"), "{told:?}");
}

#[test]
fn several_requests_are_in_flight_on_modbus_tcp_alone_and_no_more_than_a_server_takes() {
    let device = "[[devices]]\nname = \"d\"\nunit_id = 1";
    for (keys, expected) in [("", 1), ("max_in_flight = 1", 1), ("max_in_flight = 16", 16)] {
        let site = site(Kind::Tcp, &format!("address = \"x\"\n{keys}\n{device}"));
        assert_eq!(site.channel.max_in_flight, expected, "{keys}");
    }
    let one = site(Kind::Rtu, &format!("port = \"x\"\n{device}"));
    assert_eq!(one.channel.max_in_flight, 1);
    for (kind, keys, expected) in [
        (Kind::Tcp, "address = \"x\"\nmax_in_flight = 0", "from 1 to 16"),
        (Kind::Tcp, "address = \"x\"\nmax_in_flight = 17", "from 1 to 16"),
        (
            Kind::Tcp,
            "address = \"x\"\nmax_in_flight = 2\nrequest_gap_ms = 5",
            "leave max_in_flight or request_gap_ms away",
        ),
        (Kind::Rtu, "port = \"x\"\nmax_in_flight = 2", "driver = \"modbus-tcp\""),
        (Kind::RtuOverTcp, "address = \"x:1\"\nmax_in_flight = 2", "driver = \"modbus-tcp\""),
        (Kind::Ascii, "port = \"x\"\nmax_in_flight = 1", "one request at a time"),
    ] {
        let told = refused(kind, &format!("{keys}\n{device}"));
        assert!(told.len() == 1 && told[0].contains(expected), "{kind:?} {keys}: {told:#?}");
    }
}
