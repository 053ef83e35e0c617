//! `pointcast run`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::program::{Folder, Program, run};

#[tokio::test]
async fn it_says_where_it_is_and_stops_at_either_signal() {
    let folder = Folder::new();
    let path = folder.write("main.toml", "gateway.listen = \"127.0.0.1:0\"\n");
    for (arguments, signal) in
        [(vec!["--config", &path], "INT"), (vec!["run", "--config", &path], "TERM")]
    {
        let mut program = Program::start(&arguments);
        let greeting = program.line().await;
        let address = greeting
            .strip_prefix("Pointcast is at http://")
            .and_then(|rest| rest.strip_suffix("/ - 0 points from 0 devices. Ctrl-C stops."))
            .unwrap_or_else(|| panic!("{greeting:?}"))
            .to_owned();
        TcpStream::connect(&address).await.unwrap();
        program.signal(signal).await;
        let ended = program.rest().await;
        assert_eq!(ended.code, Some(0));
        assert!(
            ended.stderr.contains("warning: there is no device to read yet"),
            "{}",
            ended.stderr
        );
        let stopping = "\nstopping: open connections may take up to 8 s\n";
        assert!(ended.stderr.contains(stopping), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_taken_address_is_told_with_what_to_change() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let folder = Folder::new();
    let path = folder.write("main.toml", &format!("gateway.listen = \"{address}\"\n"));
    let ended = run(&["run", "--config", &path]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains(&format!("failed to listen at {address}: ")), "{}", ended.stderr);
    assert!(ended.stderr.contains("change listen in [gateway]"), "{}", ended.stderr);
}

#[tokio::test]
async fn another_address_can_be_given() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = Folder::new();
    let text = format!("gateway.listen = \"{}\"\n", taken.local_addr().unwrap());
    let path = folder.write("main.toml", &text);
    for arguments in [&["run", "--config", &path][..], &["--config", &path]] {
        let mut program = Program::start(&[arguments, &["--listen", "127.0.0.1:0"]].concat());
        assert!(program.line().await.starts_with("Pointcast is at http://127.0.0.1:"));
        program.signal("TERM").await;
        assert_eq!(program.ended().await.code(), Some(0));
    }
    let ended = run(&["--listen", "127.0.0.1:0", "check", "--config", &path]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--listen stands behind its command"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_wrong_configuration_starts_nothing() {
    let folder = Folder::new();
    let path = folder.write("main.toml", "gateway.listen = \"127.0.0.1:0\"\nspeed = 5\n");
    let ended = run(&["run", "--config", &path]).await;
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("main.toml:2: speed: unknown key"), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("1 problem in 1 file; nothing was started\n"));
}

#[tokio::test]
async fn what_was_hardly_meant_is_said_at_the_start() {
    let folder = Folder::new();
    let path = folder.write(
        "main.toml",
        "gateway.listen = \"127.0.0.1:0\"\n\
         [[channels]]\nname = \"net\"\ndriver = \"modbus-tcp\"\naddress = \"127.0.0.1:9\"\nround_trip_ms = 20\n\
         [[devices]]\nname = \"d\"\nchannel = \"net\"\nscan_ms = 20\n\
         points = [{ name = \"a\", address = \"holding:0\", type = \"u16\", writable = true }]\n",
    );
    let mut program = Program::start(&["--config", &path]);
    program.said("warning: d/a is writable, but this gateway takes no writes").await;
    program.said("has not the time for its scan intervals").await;
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_connections() {
    let folder = Folder::new();
    let text = "gateway.listen = \"127.0.0.1:0\"\nlimits.drain_timeout_ms = 600000\nlimits.header_timeout_ms = 600000\n";
    let path = folder.write("main.toml", text);
    let mut program = Program::start(&["--config", &path]);
    let greeting = program.line().await;
    let address = greeting.split(['/', ' ']).find(|part| part.starts_with("127.")).unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/points/read HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The gateway waits for the body from here on.
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    program.signal("INT").await;
    program.said("stopping: open connections may take up to 600 s").await;
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(1));
}
