//! `pointcast sim`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::program::{Program, run};

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
    assert_eq!(place, format!("modbus-tcp  {address}  meter, boiler, pumps"));
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
}
