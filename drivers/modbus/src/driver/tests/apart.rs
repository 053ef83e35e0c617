//! Ports that are unplugged and come back, and channels that are dead: each costs its own points only.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::*;

/// A name that lasts, as under `/dev/serial/by-id`: a link to whatever the port is called this time.
struct ById(PathBuf);

impl ById {
    fn new(test: &str) -> Self {
        let name = format!("pointcast-by-id-{test}-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn path(&self) -> PathBuf {
        self.0.join("usb-FTDI_FT232R-if00-port0")
    }

    /// A new port under the name, with a bus on it, until it is pulled.
    fn plug_in(&self, wire: Wire) -> impl FnOnce() + use<> {
        let (master, slave) = SerialStream::pair().unwrap();
        std::os::unix::fs::symlink(Path::new(&slave.name().unwrap()), self.path()).unwrap();
        let (path, (pull, pulled)) = (self.path(), oneshot::channel::<()>());
        let bus = tokio::spawn(async move {
            let _other_handle = slave;
            tokio::select! {
                () = serve(master, wire, |incoming| vec![(Duration::ZERO, incoming.reply())]) => {}
                _ = pulled => {}
            }
        });
        move || {
            std::fs::remove_file(path).unwrap();
            pull.send(()).unwrap();
            drop(bus);
        }
    }
}

impl Drop for ById {
    fn drop(&mut self) {
        // Left behind it would only be litter.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_port_that_is_unplugged_is_bad_at_once_and_live_when_it_is_back() {
    for (kind, wire) in [(Kind::Rtu, Wire::Rtu), (Kind::Ascii, Wire::Ascii)] {
        let by_id = ById::new(&format!("{kind:?}"));
        let path = by_id.path();
        // After the first value nothing is due for an hour: the port itself tells that it is gone.
        let times = "timeout_ms = 300\nmax_reply_delay_ms = 300";
        let keys = format!("port = {path:?}\nbaud = 115200\n{times}");
        let driver =
            driver_of(kind, &site_text(&keys).replace("scan_ms = 20", "scan_ms = 3600000"));
        for _ in 0..2 {
            let pull = by_id.plug_in(wire);
            let (ended, ear) = session_until_value(&driver, async |_| pull()).await;
            let explained = ended.unwrap_err().explain();
            let expected = format!("failed to read from {}: ", path.display());
            assert!(explained.starts_with(&expected), "{explained}");
            assert_eq!(last_state(&ear), (DeviceState::Offline, Some(explained)));
            // While it is away, opening says so, by the name that people know.
            let (ear, (_sender, mut inlet)) = (Recorder::default(), command_queue());
            let session = driver.session(&ear, &mut inlet, CancellationToken::new());
            let explained = timeout(SOON, session).await.unwrap().unwrap_err().explain();
            assert!(explained.starts_with(&format!("failed to open {}: ", path.display())));
        }
    }
}

/// A pseudo terminal has no transceiver, and it is said instead of passed over.
#[tokio::test]
async fn a_port_that_switches_no_transceiver_is_not_used_as_if_it_did() {
    let (_master, slave) = SerialStream::pair().unwrap();
    let path = slave.name().unwrap();
    let driver = driver(Kind::Rtu, &format!("port = {path:?}\nrs485 = true"));
    let (ear, (_sender, mut inlet)) = (Recorder::default(), command_queue());
    let session = driver.session(&ear, &mut inlet, CancellationToken::new());
    let explained = timeout(SOON, session).await.unwrap().unwrap_err().explain();
    let expected = format!("failed to open {path}: its driver does not switch RS-485 transceivers");
    assert!(explained.starts_with(&expected), "{explained}");
}

/// An address whose queue of connections is full: whoever connects waits for an answer that never comes.
async fn black_hole() -> (socket2::Socket, Vec<socket2::Socket>) {
    let socket =
        || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let listening = socket();
    listening.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listening.listen(0).unwrap();
    let address = listening.local_addr().unwrap();
    let fill = || {
        let filling = socket();
        filling.set_nonblocking(true).unwrap();
        // It is under way, or in the queue, or waits for it.
        let _under_way = filling.connect(&address);
        filling
    };
    (listening, (0..4).map(|_| fill()).collect())
}

/// On one thread, so that whoever blocked it would block the other.
#[tokio::test]
async fn a_channel_that_cannot_connect_slows_no_other() {
    let (hole, _filling) = black_hole().await;
    let address = hole.local_addr().unwrap().as_socket().unwrap();
    let keys = format!("address = \"{address}\"\nconnect_timeout_ms = 60000");
    let dead = [driver(Kind::Tcp, &keys), driver(Kind::RtuOverTcp, &keys)];
    let ears = [Recorder::default(), Recorder::default()];
    let (_senders, mut inlets): (Vec<_>, Vec<_>) = (0..2).map(|_| command_queue()).unzip();
    let stop = CancellationToken::new();
    let sessions = dead.iter().zip(&ears).zip(&mut inlets);
    let sessions = sessions.map(|((driver, ear), inlet)| driver.session(ear, inlet, stop.clone()));
    let mut sessions: Vec<_> = sessions.collect();
    let [modbus_tcp, rtu_over_tcp] = sessions.as_mut_slice() else { unreachable!() };

    let (listener, live) = tcp().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, Wire::Tcp, |incoming| vec![(Duration::ZERO, incoming.reply())]).await;
    });
    let (ear, (_sender, mut inlet)) = (Recorder::default(), command_queue());
    let reading = async {
        let hundred = |ear: &Recorder| (ear.batches().len() >= 100).then_some(());
        ear.until("a hundred readings", SOON, hundred).await;
    };
    tokio::select! {
        ended = live.session(&ear, &mut inlet, CancellationToken::new()) => panic!("{ended:?}"),
        ended = modbus_tcp => panic!("it connected: {ended:?}"),
        ended = rtu_over_tcp => panic!("it connected: {ended:?}"),
        () = reading => {}
    }
}
