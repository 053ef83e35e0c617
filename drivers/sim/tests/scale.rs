//! The scale on its port, and both ports for a user who is not root.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use common::{A_WHILE, SOON, Scratch, Site, peer};
use pointcast_sim::{Running, Settings};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

async fn scale(scratch: &Scratch) -> Site {
    Site::start(Settings { scale: Some(scratch.join("scale")), ..Settings::none() }).await
}

fn open(site: &Site) -> BufReader<SerialStream> {
    let path = site.settings.scale.as_ref().unwrap().to_str().unwrap();
    BufReader::new(tokio_serial::new(path, 9_600).open_native_async().unwrap())
}

/// The next line without its end; the bytes up to the bound where no line ends.
async fn line(port: &mut BufReader<SerialStream>) -> Vec<u8> {
    let mut line = Vec::new();
    timeout(SOON, port.read_until(b'\n', &mut line)).await.expect("a line").unwrap();
    line
}

fn is_sound(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    (text.starts_with("ST,GS,+") || text.starts_with("US,GS,+"))
        && text.ends_with("kg\r\n")
        && text.len() == 20
}

#[tokio::test]
async fn lines_come_several_a_second_and_what_is_sent_to_it_is_taken() {
    let scratch = Scratch::new();
    let site = scale(&scratch).await;
    let mut port = open(&site);
    let begin = std::time::Instant::now();
    for _ in 0..8 {
        let line = line(&mut port).await;
        assert!(is_sound(&line), "{}", String::from_utf8_lossy(&line));
    }
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    // Far more than a terminal would hold: a sender would block if nobody took it.
    for _ in 0..100 {
        timeout(SOON, port.write_all(&[b'?'; 1_000])).await.expect("taken").unwrap();
    }
    assert!(is_sound(&line(&mut port).await), "nothing of it comes back");
    site.stop().await;
}

#[tokio::test]
async fn each_fault_is_seen_on_the_wire() {
    let scratch = Scratch::new();
    let mut site = scale(&scratch).await;
    let mut port = open(&site);
    assert!(is_sound(&line(&mut port).await));

    site.fault("scale=silent");
    // What was on its way.
    while timeout(A_WHILE, port.read_u8()).await.is_ok() {}
    assert!(timeout(A_WHILE, port.read_u8()).await.is_err());

    site.fault("scale=garbled");
    let mut garbled = vec![0; 20];
    timeout(SOON, port.read_exact(&mut garbled)).await.expect("a line").unwrap();
    assert!(!is_sound(&garbled));

    site.fault("scale=cut");
    let mut cut = vec![0; 60];
    timeout(SOON, port.read_exact(&mut cut)).await.expect("pieces").unwrap();
    assert!(!cut[20..].contains(&b'\n'), "{}", String::from_utf8_lossy(&cut));

    site.fault("scale=ok");
    let _rest_of_the_cut = line(&mut port).await;
    assert!(is_sound(&line(&mut port).await));

    site.fault("scale=disconnect");
    site.until(|running| running.scale.is_none()).await;
    let mut rest = Vec::new();
    let _end = timeout(SOON, port.read_to_end(&mut rest)).await.expect("an end");
    site.stop().await;
}

#[tokio::test]
async fn whoever_opens_late_hears_what_is_weighed_now() {
    let scratch = Scratch::new();
    let site = scale(&scratch).await;
    // Nobody listens for longer than the terminal keeps lines.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut port = open(&site);
    let mut waiting = 0;
    while timeout(Duration::from_millis(20), line(&mut port)).await.is_ok() {
        waiting += 1;
    }
    assert!(waiting <= 15, "{waiting} old lines");
    site.stop().await;
}

/// Opens as soon as an earlier user's claim is forgotten.
async fn freed<T, E>(open: impl Fn() -> Result<T, E>) -> T {
    let opened = async {
        loop {
            match open() {
                Ok(port) => break port,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    timeout(SOON, opened).await.expect("the port is free again")
}

/// A handle with a claim to exclusive use, which it does not take back when it is dropped.
async fn claimed(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    let user = freed(|| std::fs::File::options().read(true).write(true).open(path)).await;
    rustix::termios::ioctl_tiocexcl(&user)?;
    Ok(user)
}

/// The part of the test below that runs as an ordinary user.
#[tokio::test]
#[ignore = "run by the test below, as another user"]
async fn opens_both_ports_again_and_again_with_exclusive_use() {
    let scratch = Scratch::new();
    let site = Site::start(Settings {
        modbus_rtu: Some(scratch.join("greenhouse")),
        scale: Some(scratch.join("scale")),
        ..Settings::none()
    })
    .await;
    for path in ["greenhouse", "scale"] {
        let path = scratch.join(path);
        for round in 0..3 {
            // As one that is killed goes: with the claim standing.
            let user =
                claimed(&path).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
            drop(user);
            let serial = || tokio_serial::new(path.to_str().unwrap(), 9_600).open_native_async();
            drop(freed(serial).await);
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn an_ordinary_user_opens_the_ports_again_and_again() {
    // Root passes over a claim to exclusive use, so this test runs its other half as somebody else.
    let scratch = Scratch::new();
    std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let copy = scratch.join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let inner = "opens_both_ports_again_and_again_with_exclusive_use";
    let run = [copy.to_str().unwrap(), "--exact", inner, "--ignored"];
    let id = peer("id", &["-u"]).await.text;
    let said = if id.trim() == "0" {
        let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        peer("setpriv", &[&user[..], &run].concat()).await
    } else {
        peer(run[0], &run[1..]).await
    };
    assert!(said.success && said.text.contains("1 passed"), "{}", said.text);
}

#[tokio::test]
async fn a_second_site_leaves_the_first_ones_link_alone_and_comes_when_it_is_gone() {
    let scratch = Scratch::new();
    let first = scale(&scratch).await;
    let path = first.settings.scale.clone().unwrap();
    let terminal = std::fs::read_link(&path).unwrap();
    let mut second = Site::begin(first.settings.clone());
    second.until(|running| !running.failures.is_empty()).await;
    let Running { scale, failures, .. } = second.running();
    assert_eq!(scale, None);
    assert_eq!(failures[0].place, path.to_str().unwrap());
    assert!(failures[0].taken, "{failures:?}");
    assert_eq!(std::fs::read_link(&path).unwrap(), terminal);
    // Unplugged on demand is not given away.
    let mut first = first;
    first.fault("scale=disconnect");
    first.until(|running| running.scale.is_none()).await;
    assert_eq!(second.running().scale, None);
    first.stop().await;
    second.until(|running| running.scale.is_some() && running.failures.is_empty()).await;
    assert!(is_sound(&line(&mut open(&second)).await));
    second.stop().await;
}
