//! A client's connection: polled only when it was woken, or at the time it named.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use tokio::time::Instant;

use super::client::{Client, Scene};
use super::event::whole_events;
use super::patience;
use crate::stream::{Feed, Next, Outgoing, Session};
use crate::table::Form;

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(super) struct Reader {
    feed: Feed,
    bell: Arc<Bell>,
    /// When it is to be polled if nobody rings before.
    due: Option<Instant>,
    /// What was written on this connection.
    pub(super) tape: Vec<u8>,
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) session: Option<Arc<Session>>,
    pub(super) form: Form,
    pub(super) pace_ms: u32,
}

impl Reader {
    pub(super) fn new(feed: Feed, client: Client, form: Form, pace_ms: u32) -> Self {
        let bell = Arc::new(Bell(AtomicBool::new(true)));
        let (due, tape, name, session) = (None, Vec::new(), String::new(), None);
        Self { feed, bell, due, tape, client, name, session, form, pace_ms }
    }

    /// Takes at most so many events, as long as there is a reason to ask for one.
    pub(super) fn read(&mut self, most: usize, scene: &Scene<'_>) {
        let waker = Waker::from(Arc::clone(&self.bell));
        let mut events = 0;
        patience::ask(&mut self.client, scene);
        while self.bell.0.swap(false, Ordering::SeqCst) || self.is_due(scene.now) {
            loop {
                if events >= most {
                    // Its socket takes no more; when it does, there is no need to be woken.
                    self.bell.0.store(true, Ordering::SeqCst);
                    return;
                }
                events += 1;
                match self.poll(&waker, scene) {
                    Next::Event => {}
                    Next::Last(until) | Next::Idle(until) => {
                        assert!(until > scene.now, "it would be polled for ever");
                        self.due = Some(until);
                        patience::check_idle(&mut self.client, scene);
                        break;
                    }
                    Next::Over => panic!("nobody ends the stream"),
                }
            }
        }
    }

    /// Asks for one event, and has the client take it.
    fn poll(&mut self, waker: &Waker, scene: &Scene<'_>) -> Next {
        let mut out = Outgoing::default();
        let next = self.feed.poll(&mut Context::from_waker(waker), scene.now, &mut out);
        self.tape.extend(&out.bytes);
        let events = whole_events(&out.bytes);
        assert_eq!(events.len() == 1, matches!(next, Next::Event | Next::Last(_)));
        for event in events {
            if event.name == "connect" {
                self.name = event.data["client"].as_str().unwrap().to_owned();
            }
            self.client.take(&event, scene);
        }
        next
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// When it is next to be asked; `None` if at once.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.bell.0.load(Ordering::SeqCst))
    }

    /// Its session is over for it, and this is the first connection of another.
    pub(super) fn begin_anew(&mut self, feed: Feed) {
        self.feed = feed;
        self.bell = Arc::new(Bell(AtomicBool::new(true)));
        (self.due, self.tape) = (None, Vec::new());
    }

    /// Its connection breaks; another one takes over, and the old one only learns that it did.
    pub(super) fn replace(&mut self, feed: Feed) {
        let mut old = std::mem::replace(&mut self.feed, feed);
        self.bell = Arc::new(Bell(AtomicBool::new(true)));
        self.due = None;
        let told = !std::mem::take(&mut self.tape).is_empty();
        let mut out = Outgoing::default();
        let next = old.poll(&mut Context::from_waker(Waker::noop()), Instant::now(), &mut out);
        assert_eq!(next, Next::Event);
        let last = whole_events(&out.bytes).pop().unwrap();
        assert_eq!(last.name, if told { "replaced" } else { "connect" });
    }
}
