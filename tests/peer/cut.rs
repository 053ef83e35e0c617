//! A relay between a client and the gateway that cuts the first connection in the middle of a frame, or everything
//! into single bytes.
//!
//! It passes everything else on as it came and keeps it, so that a test can tell what a client was sent from
//! what it made of it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// What went over one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    /// From the client, up to the end of its request's head.
    pub(crate) request: Vec<u8>,
    /// From the gateway, head included.
    pub(crate) answer: Vec<u8>,
}

/// The relay. Its threads end with the connections they serve.
pub(crate) struct Cut {
    address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Cut {
    /// Relays to `gateway`; cuts the first connection half way through the frame in which the `frames`th
    /// occurrence of `event: points` begins.
    pub(crate) fn before(gateway: SocketAddr, frames: usize) -> Self {
        Self::relay(gateway, Way { cut_at: Some(frames), most_bytes: usize::MAX })
    }

    /// Relays to `gateway` as it comes, or in segments of one byte each.
    pub(crate) fn none(gateway: SocketAddr, bytewise: bool) -> Self {
        Self::relay(
            gateway,
            Way { cut_at: None, most_bytes: if bytewise { 1 } else { usize::MAX } },
        )
    }

    fn relay(gateway: SocketAddr, way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&passed);
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(gateway)) else {
                    return;
                };
                kept.lock().unwrap().push(Passed::default());
                let cut_at = way.cut_at.filter(|_| number == 0);
                relay(number, Way { cut_at, ..way }, client, server, &kept);
            }
        });
        Self { address, passed }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What went over each connection so far, in the order in which they were opened.
    pub(crate) fn passed(&self) -> MutexGuard<'_, Vec<Passed>> {
        self.passed.lock().unwrap()
    }
}

/// How an answer is passed on.
#[derive(Clone, Copy)]
struct Way {
    /// In which frame it is cut.
    cut_at: Option<usize>,
    /// Most bytes in a segment.
    most_bytes: usize,
}

fn relay(
    number: usize,
    way: Way,
    client: TcpStream,
    server: TcpStream,
    kept: &Arc<Mutex<Vec<Passed>>>,
) {
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    let requests = Arc::clone(kept);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from_client.read(&mut bytes) {
            requests.lock().unwrap()[number].request.extend_from_slice(&bytes[..count]);
            if to_server.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _already_down = to_server.shutdown(Shutdown::Both);
    });
    let kept = Arc::clone(kept);
    thread::spawn(move || pass_answer(number, way, server, client, &kept));
}

fn pass_answer(
    number: usize,
    way: Way,
    mut server: TcpStream,
    mut client: TcpStream,
    kept: &Mutex<Vec<Passed>>,
) {
    client.set_nodelay(true).unwrap();
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = server.read(&mut bytes) {
        let mut through = bytes[..count].to_vec();
        let mut is_cut = false;
        {
            let mut kept = kept.lock().unwrap();
            let answer = &mut kept[number].answer;
            let before = answer.len();
            answer.extend_from_slice(&through);
            if let Some(end) = way.cut_at.and_then(|frames| middle_of_frame(answer, frames)) {
                answer.truncate(end.max(before));
                through.truncate(answer.len() - before);
                is_cut = true;
            }
        }
        let mut segments = through.chunks(way.most_bytes);
        if segments.any(|segment| client.write_all(segment).is_err()) || is_cut {
            break;
        }
    }
    let _already_down = client.shutdown(Shutdown::Both);
    let _already_down = server.shutdown(Shutdown::Both);
}

/// Where to cut: inside the data of the frame that begins with the `frames`th `event: points`.
fn middle_of_frame(answer: &[u8], frames: usize) -> Option<usize> {
    const BEGIN: &[u8] = b"event: points\ndata: {";
    let mut begins = answer.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    begins.nth(frames - 1).map(|(at, _)| at + BEGIN.len())
}
