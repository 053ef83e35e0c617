//! `pointcast sim`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::program::{Folder, Program, run};

/// Reads input register 26 of unit 1 (the meter's frequency); the registers, or the code of an exception.
async fn frequency(address: &str) -> Result<[u8; 4], u8> {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = [0, 1, 0, 0, 0, 6, 1, 4, 0, 26, 0, 2];
    socket.write_all(&request).await.unwrap();
    let mut head = [0; 9];
    socket.read_exact(&mut head).await.unwrap();
    if head[7] != 4 {
        return Err(head[8]);
    }
    let mut registers = [0; 4];
    socket.read_exact(&mut registers).await.unwrap();
    Ok(registers)
}

#[tokio::test]
async fn devices_run_fail_on_demand_and_outlive_the_end_of_input() {
    let mut program =
        Program::start(&["sim", "--only", "modbus-tcp", "--modbus-tcp", "127.0.0.1:0"]);
    assert_eq!(program.line().await, "Ctrl-C stops; `help` shows how to make devices fail.");
    let place = program.line().await;
    let address = place.split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(place, format!("modbus-tcp           {address}  meter, boiler, pumps"));
    let hertz = f32::from_be_bytes(frequency(&address).await.unwrap());
    assert!((49.0..51.0).contains(&hertz), "{hertz}");

    let stdin = program.stdin.as_mut().unwrap();
    stdin.write_all(b"meter exception 4\nkettle off\n").await.unwrap();
    assert_eq!(program.line().await, "meter=exception:4");
    assert!(program.line().await.contains("there is no simulated device `kettle`"));
    assert_eq!(frequency(&address).await, Err(4));

    program.stdin.as_mut().unwrap().write_all(b"meter=ok\n").await.unwrap();
    assert_eq!(program.line().await, "meter=ok");
    drop(program.stdin.take());
    assert!(frequency(&address).await.is_ok());
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn faults_may_stand_from_the_beginning() {
    let mut program = Program::start(&[
        "sim",
        "--only=modbus-tcp",
        "--modbus-tcp=127.0.0.1:0",
        "--fault=meter=exception:6",
    ]);
    program.line().await;
    let place = program.line().await;
    assert_eq!(frequency(place.split_whitespace().nth(1).unwrap()).await, Err(6));
    program.signal("INT").await;
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_fault_that_is_none_is_refused() {
    let ended = run(&["sim", "--fault", "boiler=sleepy"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.starts_with("--fault \"boiler=sleepy\": "), "{}", ended.stderr);
    assert!(ended.stderr.contains("it knows ok, silent"), "{}", ended.stderr);
    assert_eq!(run(&["sim", "--only", "toaster"]).await.code, Some(2));
    let ended = run(&["sim", "--format", "9X3"]).await;
    assert!(
        ended.code == Some(2) && ended.stderr.contains("write it like 8E1"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn lines_that_no_default_configuration_reads_run_where_they_are_named() {
    let folder = Folder::new();
    let (ascii, capture) = (folder.path().join("ascii"), folder.path().join("capture.jsonl"));
    let (ascii, capture) = (ascii.to_str().unwrap(), capture.to_str().unwrap());
    let parts = "--only=modbus-ascii,modbus-rtu-over-tcp";
    let places = ["--modbus-ascii", ascii, "--modbus-rtu-over-tcp", "127.0.0.1:0"];
    let line = ["--baud", "115200", "--format", "8N1", "--turnaround-ms", "0"];
    let mut program =
        Program::start(&[&["sim", parts, "--capture", capture][..], &places, &line].concat());
    program.line().await;
    let told = [program.line().await, program.line().await];
    let over_tcp = told.iter().find_map(|told| told.strip_prefix("modbus-rtu-over-tcp  ")).unwrap();
    let houses = "greenhouse1, greenhouse2";
    assert!(told.contains(&format!("modbus-ascii         {ascii}  {houses}")), "{told:?}");
    assert!(over_tcp.ends_with(houses), "{over_tcp}");
    let mut socket = TcpStream::connect(over_tcp.split(' ').next().unwrap()).await.unwrap();
    socket.write_all(&[1, 4, 0, 0, 0, 1, 0x31, 0xCA]).await.unwrap();
    let mut reply = [0; 7];
    socket.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply[..3], [1, 4, 2]);
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(0));
    let capture = std::fs::read_to_string(capture).unwrap();
    let kinds: Vec<bool> = capture.lines().map(|line| line.contains("\"bytes\":\"0104")).collect();
    assert_eq!(kinds, [false, true, true], "{capture}");
}

#[tokio::test]
async fn it_ends_where_another_has_the_address() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended =
        run(&["sim", "--only", "modbus-tcp,mqtt", "--mqtt=127.0.0.1:0", "--modbus-tcp", &address])
            .await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains(&format!("failed to start: {address}: ")), "{}", ended.stderr);
    assert!(!ended.stderr.contains("retry_in"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the simulated devices already run"), "{}", ended.stderr);
}

#[tokio::test]
async fn it_leaves_the_link_of_another_alone_until_that_is_killed() {
    let folder = Folder::new();
    let link = folder.path().join("scale");
    let path = link.to_str().unwrap();
    let arguments = ["sim", "--only", "scale", "--scale", path];
    let mut first = Program::start(&arguments);
    first.line().await;
    assert_eq!(first.line().await, format!("scale                {path}  scale"));
    let terminal = std::fs::read_link(&link).unwrap();

    let second = run(&arguments).await;
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    let told = format!("failed to start: {path}: another program has it and is left alone\n");
    assert!(second.stderr.starts_with(&told), "{}", second.stderr);
    assert!(second.stderr.contains("the simulated devices already run"), "{}", second.stderr);
    assert_eq!(std::fs::read_link(&link).unwrap(), terminal);

    first.signal("KILL").await;
    first.ended().await;
    let mut third = Program::start(&arguments);
    third.line().await;
    assert_eq!(third.line().await, format!("scale                {path}  scale"));
    third.stdin.as_mut().unwrap().write_all(b"quit\n").await.unwrap();
    assert_eq!(third.ended().await.code(), Some(0));
    assert!(std::fs::symlink_metadata(&link).is_err());
}

#[tokio::test]
async fn a_gateway_waits_for_the_links_of_another_and_leaves_them_alone() {
    let folder = Folder::new();
    let link = folder.path().join("scale");
    let path = link.to_str().unwrap();
    let mut first = Program::start(&["sim", "--only", "scale", "--scale", path]);
    first.line().await;
    first.line().await;
    let terminal = std::fs::read_link(&link).unwrap();
    let text = format!("gateway.listen = \"127.0.0.1:0\"\nsimulation.scale = {path:?}\n");
    let config = folder.write("main.toml", &text);
    let mut gateway = Program::start(&["run", "--config", &config]);
    gateway.said("failed to claim the port").await;
    gateway.line().await;
    assert_eq!(std::fs::read_link(&link).unwrap(), terminal);
    first.signal("KILL").await;
    first.ended().await;
    gateway.said("plugged in").await;
    assert!(link.exists(), "it points to a terminal that is there");
    gateway.signal("TERM").await;
    assert_eq!(gateway.ended().await.code(), Some(0));
    assert!(std::fs::symlink_metadata(&link).is_err());
}
