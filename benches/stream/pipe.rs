//! How the conductor speaks to the other processes: a line of JSON in, a line of JSON out, one at a time.

use std::io::{BufRead as _, BufReader, Write as _, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio, exit};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::roles::Role;
use crate::system::Clock;

/// Another process of this run. It ends when this is dropped.
pub(crate) struct Process {
    role: Role,
    child: Child,
    asks: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(role: Role, clock: Clock) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--role", role.name(), "--origin", &clock.origin().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asks = child.stdin.take();
        let replies = BufReader::new(child.stdout.take().unwrap());
        Self { role, child, asks, replies }
    }

    /// Asks, and waits for the reply.
    pub(crate) fn ask<R: DeserializeOwned>(&mut self, ask: &impl Serialize) -> R {
        let mut line = serde_json::to_string(ask).unwrap();
        line.push('\n');
        let name = self.role.name();
        let sent = self.asks.as_mut().unwrap().write_all(line.as_bytes());
        sent.unwrap_or_else(|error| panic!("the {name} takes no asks: {error}"));
        let mut reply = String::new();
        self.replies.read_line(&mut reply).unwrap();
        assert!(!reply.is_empty(), "the {name} ended; what it said stands above");
        serde_json::from_str(&reply).unwrap_or_else(|error| panic!("{name}: {error}: {reply}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A closed input tells it to end.
        self.asks = None;
        let _ended = self.child.wait();
    }
}

/// The next thing that the conductor asks. Ends the process when the conductor has gone.
pub(crate) fn next_ask<A: DeserializeOwned>() -> A {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).unwrap();
    if line.is_empty() {
        exit(0);
    }
    serde_json::from_str(&line).unwrap()
}

pub(crate) fn reply(reply: &impl Serialize) {
    let mut line = serde_json::to_string(reply).unwrap();
    line.push('\n');
    stdout().lock().write_all(line.as_bytes()).unwrap();
}
