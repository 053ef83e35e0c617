//! The built gateway over the default configuration, moved to addresses of its own.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{root, wait_for};

/// A gateway that is not ready by then is broken.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The default configuration in a directory of its own, at free addresses.
pub(crate) struct Site {
    directory: PathBuf,
    address: SocketAddr,
}

impl Site {
    /// `name` must be unique among all tests: it names the directory.
    pub(crate) fn new(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory).unwrap();
        }
        let free = free_addresses();
        let moves = [
            ("127.0.0.1:8080", free[0].to_string()),
            ("127.0.0.1:15020", free[1].to_string()),
            ("127.0.0.1:18830", free[2].to_string()),
            ("/tmp/pointcast-sim", directory.join("sim").display().to_string()),
        ];
        copy(&root().join("config"), &directory.join("config"), &moves);
        Self { directory, address: free[0] }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.directory.join("config/pointcast.toml")
    }

    /// Starts the gateway and waits until it says that it is ready.
    #[track_caller]
    pub(crate) fn start(&self) -> Gateway {
        let log = File::create(self.directory.join("gateway.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pointcast"))
            .args(["run", "--config"])
            .arg(self.config())
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut gateway = Gateway { child, address: self.address };
        wait_for("the gateway to be ready", READY_WITHIN, || {
            if let Some(status) = gateway.child.try_wait().unwrap() {
                let log = fs::read_to_string(self.directory.join("gateway.log")).unwrap();
                panic!("the gateway ended with {status}:\n{log}");
            }
            get(self.address, "/readyz").filter(|answer| answer.starts_with("HTTP/1.1 200"))
        });
        gateway
    }
}

/// A running gateway; killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    address: SocketAddr,
}

impl Gateway {
    /// The body of a successful `GET`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> String {
        let answer = get(self.address, path).expect("the gateway did not answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "GET {path}: {head}");
        body.to_owned()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// One request on a connection of its own; `None` when nobody answers it whole.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_WITHIN).ok()?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Three different addresses that are free now.
fn free_addresses() -> [SocketAddr; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

/// Copies a directory of text files, replacing each of `moves`.
fn copy(from: &Path, to: &Path, moves: &[(&str, String)]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target, moves);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let moved = moves.iter().fold(text, |text, (old, new)| text.replace(old, new));
        fs::write(target, moved).unwrap();
    }
}
