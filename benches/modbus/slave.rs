//! Modbus TCP devices in a process of their own: every register holds the same number, which is another one in each
//! reply, so that every point changes with every reading.

use std::io::{BufRead as _, BufReader, Write as _, stdin, stdout};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// A request for registers.
const REQUEST_BYTES: usize = 12;

/// Requests that are taken from a connection at once.
const BATCH: usize = 16;

/// The process, from outside. It ends when this is dropped.
pub(crate) struct Slave {
    child: Child,
    asks: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Slave {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("--slave")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asks = child.stdin.take();
        let mut replies = BufReader::new(child.stdout.take().unwrap());
        let address = line(&mut replies).parse().unwrap();
        Self { child, asks, replies, address }
    }

    /// Requests that were answered until now.
    pub(crate) fn answered(&mut self) -> u64 {
        self.asks.as_mut().unwrap().write_all(b"\n").unwrap();
        line(&mut self.replies).parse().unwrap()
    }
}

impl Drop for Slave {
    fn drop(&mut self) {
        // A closed input tells it to end.
        self.asks = None;
        let _ended = self.child.wait();
    }
}

fn line(from: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// The process itself: tells where it listens, and for each line how many requests it has answered.
pub(crate) fn run() {
    let answered = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&answered);
    thread::spawn(move || {
        for _ in stdin().lock().lines() {
            say(count.load(Ordering::Relaxed));
        }
        std::process::exit(0);
    });
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        say(listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, Arc::clone(&answered)));
        }
    });
}

fn say(what: impl std::fmt::Display) {
    let mut out = stdout().lock();
    writeln!(out, "{what}").unwrap();
    out.flush().unwrap();
}

async fn serve(mut stream: TcpStream, answered: Arc<AtomicU64>) {
    stream.set_nodelay(true).unwrap();
    let (mut received, mut reply) = (Vec::new(), Vec::new());
    let mut buffer = [0; REQUEST_BYTES * BATCH];
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
        received.extend_from_slice(&buffer[..count]);
        let whole = received.len() / REQUEST_BYTES * REQUEST_BYTES;
        for request in received.drain(..whole).as_slice().chunks(REQUEST_BYTES) {
            let number = answered.fetch_add(1, Ordering::Relaxed) as u16;
            answer(request, number, &mut reply);
        }
        if stream.write_all(&reply).await.is_err() {
            return;
        }
        reply.clear();
    }
}

/// Puts the reply to `request` behind what there is: as many registers as it asks for.
fn answer(request: &[u8], number: u16, reply: &mut Vec<u8>) {
    let bytes = request[11] * 2;
    reply.extend_from_slice(&request[..4]);
    reply.extend([0, bytes + 3, request[6], request[7], bytes]);
    reply.extend((0..bytes / 2).flat_map(|_| number.to_be_bytes()));
}
