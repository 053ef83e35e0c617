//! All sessions: opening, resuming, limits, and their end.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::time::Instant;

use super::addresses::PerAddress;
use super::event_id::EventId;
use super::feed::{Feed, Pace, Welcome};
use super::session::{Edit, Session};
use crate::limits::Limits;
use crate::table::{Pattern, Table};

/// Letters and digits in a client's name: 22 of 62 are 131 bits, beyond guessing.
const CLIENT_CHARS: usize = 22;

/// Letters and digits in an epoch: 8 of 62 are 47 bits, so two starts never share one.
const EPOCH_CHARS: usize = 8;

/// What a new stream was asked for.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    /// The last event id the client saw, if it comes back.
    pub last_event_id: Option<&'a str>,
    /// The selection of a new session, if the request named one.
    pub points: Option<Vec<Pattern>>,
    /// How often it may send.
    pub pace: Pace,
    /// Where the client is.
    pub address: IpAddr,
}

/// Why a stream was refused. Each passes by itself: trying again later is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// [`Limits::streams`].
    #[error("{0} streams are open, the most that are allowed")]
    Streams(usize),
    /// [`Limits::streams_per_address`].
    #[error("{0} streams are open from this address, the most that are allowed")]
    StreamsPerAddress(usize),
    /// [`Limits::sessions_per_address`].
    #[error("{0} sessions are held for this address, the most that are allowed")]
    SessionsPerAddress(usize),
    /// [`Limits::sessions`].
    #[error("{0} sessions are held, the most that are allowed")]
    Sessions(usize),
    /// [`Limits::entries_per_client`].
    #[error("{0} entries in the selection, at most {1} are allowed")]
    Entries(usize, usize),
    /// [`Limits::points_per_client`] or [`Limits::selected_points`].
    #[error("the selection passes the limit on selected points")]
    Points,
}

/// All sessions of one run of the gateway.
#[derive(Debug)]
pub struct Sessions {
    table: Arc<Table>,
    limits: Arc<Limits>,
    epoch: String,
    sessions: DashMap<String, Arc<Session>>,
    selected_in_all: Arc<AtomicUsize>,
    streams: AtomicUsize,
    streams_by_address: PerAddress,
    sessions_by_address: PerAddress,
}

/// A connection's hold on its session: dropping it starts the session's remaining life.
#[derive(Debug)]
pub struct Attached {
    sessions: Arc<Sessions>,
    pub(super) session: Arc<Session>,
    pub(super) connection: u64,
    address: IpAddr,
}

impl Sessions {
    /// None yet, in a new epoch.
    #[must_use]
    pub fn new(table: Arc<Table>, limits: Arc<Limits>) -> Self {
        Self {
            table,
            limits,
            epoch: letters(EPOCH_CHARS),
            sessions: DashMap::new(),
            selected_in_all: Arc::default(),
            streams: AtomicUsize::new(0),
            streams_by_address: PerAddress::default(),
            sessions_by_address: PerAddress::default(),
        }
    }

    /// This run of the gateway.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The session of a client.
    #[must_use]
    pub fn find(&self, client: &str) -> Option<Arc<Session>> {
        self.sessions.get(client).map(|session| Arc::clone(&session))
    }

    /// How many streams are open.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Opens a stream: resumes the session that the last event id names, or starts a new one and says why.
    ///
    /// # Errors
    /// [`Refused`] for a new session past a limit. A session within its life always keeps its place.
    pub fn open(self: &Arc<Self>, opening: Opening<'_>) -> Result<Feed, Refused> {
        let id = opening.last_event_id.map(EventId::parse);
        if let Some(Some(id)) = id
            && id.epoch == self.epoch
            && let Some(session) = self.find(id.client)
            && let Some((connection, delivery, revision)) = session.resume(id.seq, id.revision)
        {
            let attached = self.attach(&session, connection, opening.address);
            let welcome = Welcome { resumed: true, reset: None, selection: "kept", revision };
            return Ok(Feed::start(attached, delivery, opening.pace, welcome));
        }
        let reset = id.map(|id| match id {
            Some(id) if id.epoch != self.epoch => "restart",
            _ => "expired",
        });
        self.admit(opening.address)?;
        let session = Arc::new(Session::new(
            letters(CLIENT_CHARS),
            opening.address,
            Arc::clone(&self.table),
            Arc::clone(&self.limits),
            Arc::clone(&self.selected_in_all),
        ));
        let selection = self.first_selection(&session, opening.points)?;
        let (connection, delivery, revision) = session.begin();
        self.sessions_by_address.enter(opening.address);
        self.sessions.insert(session.client().to_owned(), Arc::clone(&session));
        let attached = self.attach(&session, connection, opening.address);
        let welcome = Welcome { resumed: false, reset, selection, revision };
        Ok(Feed::start(attached, delivery, opening.pace, welcome))
    }

    fn first_selection(
        &self,
        session: &Session,
        points: Option<Vec<Pattern>>,
    ) -> Result<&'static str, Refused> {
        let Some(points) = points else { return Ok("empty") };
        let edited = session.edit(Edit::Put(points), None);
        match edited {
            Ok(edited) if edited.entries.iter().any(|e| e.verdict == super::Verdict::Limit) => {
                session.close();
                Err(Refused::Points)
            }
            Ok(_) => Ok("query"),
            Err(super::EditError::TooManyEntries(count, most)) => {
                Err(Refused::Entries(count, most))
            }
            Err(super::EditError::Conflict(_) | super::EditError::Over) => Ok("empty"),
        }
    }

    fn admit(&self, address: IpAddr) -> Result<(), Refused> {
        let streams = self.open_streams();
        if streams >= self.limits.streams {
            return Err(Refused::Streams(streams));
        }
        let from_there = self.streams_by_address.count(address);
        if from_there >= self.limits.streams_per_address {
            return Err(Refused::StreamsPerAddress(from_there));
        }
        let held_there = self.sessions_by_address.count(address);
        if held_there >= self.limits.sessions_per_address {
            return Err(Refused::SessionsPerAddress(held_there));
        }
        let sessions = self.sessions.len();
        if sessions >= self.limits.sessions {
            return Err(Refused::Sessions(sessions));
        }
        Ok(())
    }

    fn attach(
        self: &Arc<Self>,
        session: &Arc<Session>,
        connection: u64,
        address: IpAddr,
    ) -> Attached {
        self.streams.fetch_add(1, Ordering::Relaxed);
        self.streams_by_address.enter(address);
        Attached { sessions: Arc::clone(self), session: Arc::clone(session), connection, address }
    }

    /// Ends the sessions whose life is over. To be called every [`SWEEP_EVERY`](Self::SWEEP_EVERY).
    pub fn sweep(&self, now: Instant) {
        let over: Vec<_> = self
            .sessions
            .iter()
            .filter(|session| session.end_if_due(now))
            .map(|session| session.key().clone())
            .collect();
        for client in over {
            if let Some((_, session)) = self.sessions.remove(&client) {
                session.close();
                self.sessions_by_address.leave(session.home());
            }
        }
    }

    /// How often [`sweep`](Self::sweep) is due.
    pub const SWEEP_EVERY: Duration = Duration::from_secs(1);
}

impl Attached {
    pub(super) fn epoch(&self) -> &str {
        &self.sessions.epoch
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.session.leave(self.connection);
        self.sessions.streams.fetch_sub(1, Ordering::Relaxed);
        self.sessions.streams_by_address.leave(self.address);
    }
}

fn letters(count: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(count).map(char::from).collect()
}
