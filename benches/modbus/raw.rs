//! The least that a request can cost: its bytes written, and as many read as the reply has. On the same kind of socket
//! as the driver's, in the same runtime; nothing is looked at but the count.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Asks for 125 registers.
const REQUEST: [u8; 12] = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 125];

const REPLY_BYTES: usize = 9 + 250;

/// Asks `requests` times, `depth` at a time.
pub(crate) async fn ask(mut stream: TcpStream, depth: usize, requests: usize) {
    let asked = REQUEST.repeat(depth);
    let mut replies = vec![0; REPLY_BYTES * depth];
    for _ in 0..requests / depth {
        stream.write_all(&asked).await.unwrap();
        stream.read_exact(&mut replies).await.unwrap();
    }
}
