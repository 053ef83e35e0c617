//! A real mosquitto for each test, on a port of its own, gone when the test is.

pub(crate) mod session;

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const START_TIMEOUT: Duration = Duration::from_secs(10);
/// Between finding a free port and mosquitto's taking it, somebody else may.
const PORT_ATTEMPTS: usize = 5;

/// A running broker.
pub(crate) struct Broker {
    pub(crate) port: u16,
    pub(crate) directory: PathBuf,
    config: PathBuf,
    process: Child,
}

impl Broker {
    /// A broker that lets anybody do anything.
    pub(crate) async fn open() -> Self {
        Self::start(|_| "allow_anonymous true\n".to_owned()).await
    }

    /// A broker with further lines of configuration, made from its own directory.
    pub(crate) async fn start(lines: impl FnOnce(&PathBuf) -> String) -> Self {
        let directory = std::env::temp_dir().join(format!(
            "pointcast-mqtt-{}-{:08x}",
            std::process::id(),
            rand::random::<u32>()
        ));
        std::fs::create_dir(&directory).unwrap();
        let lines = lines(&directory);
        for _ in 0..PORT_ATTEMPTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let config = directory.join("mosquitto.conf");
            // As root it would change to a user who cannot read this directory.
            let common = format!(
                "user root\npersistence false\nlog_dest stderr\nlistener {port} 127.0.0.1\n"
            );
            std::fs::write(&config, format!("{common}{lines}")).unwrap();
            if let Some(process) = run(&config).await {
                return Self { port, directory, config, process };
            }
        }
        panic!("mosquitto found no port to listen on");
    }

    /// Kills it as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Starts it again on the same port.
    pub(crate) async fn start_again(&mut self) {
        self.process = run(&self.config).await.expect("the port is still free");
    }

    /// Stops its clock without closing anything, as a hung machine would.
    pub(crate) async fn freeze(&self) {
        let pid = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-STOP", &pid]).status().await.unwrap().success());
    }

    /// Publishes one message; `options` are those of `mosquitto_pub`.
    pub(crate) async fn publish(&self, topic: &str, payload: &str, options: &[&str]) {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-t", topic]);
        command.arg(if payload.is_empty() { "-n" } else { "-s" });
        let spawned = command.args(options).stdin(Stdio::piped()).spawn();
        let mut process = spawned.expect("mosquitto-clients are missing: run tests/run");
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(payload.as_bytes()).await.unwrap();
        drop(stdin);
        assert!(process.wait().await.unwrap().success());
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The process dies with its handle (`kill_on_drop`); a directory left behind is only litter.
        let _litter = std::fs::remove_dir_all(&self.directory);
    }
}

/// A plugin of mosquitto's, wherever this architecture keeps its libraries.
pub(crate) fn plugin(name: &str) -> PathBuf {
    let libraries = std::fs::read_dir("/usr/lib").unwrap();
    let mut candidates = libraries.map(|entry| entry.unwrap().path().join(name));
    candidates.find(|path| path.exists()).expect("mosquitto is missing: run tests/run")
}

/// `None` when mosquitto gave up at once, as it does on a port that is taken.
async fn run(config: &PathBuf) -> Option<Child> {
    let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .unwrap_or("mosquitto");
    let mut process = Command::new(program)
        .arg("-c")
        .arg(config)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("mosquitto is missing: run tests/run");
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let running = timeout(START_TIMEOUT, async {
        while let Some(line) = log.next_line().await.unwrap() {
            if line.ends_with(" running") {
                return true;
            }
        }
        false
    });
    if !running.await.expect("mosquitto says that it runs") {
        return None;
    }
    // Read on, or a full pipe would stop the broker.
    tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
    Some(process)
}
