//! All sessions: opening, resuming, limits, and their end.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use dashmap::DashMap;
use pointcast_api::UnixMs;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::time::Instant;

use super::client::ClientName;
use super::coming::Departed;
use super::entry::Entry;
use super::event_id::EventId;
use super::feed::{Feed, Pace, Welcome};
use super::gone::MAX_GONE;
use super::notices::{Addressee, Notices, Severity};
use super::selection::Verdict;
use super::session::{Edit, EditError, Session, TooOften};
use super::shared::Shared;
use super::standing::Standing;
use super::statistics::Totals;
use crate::addresses::{Address, PerAddress};
use crate::limits::Limits;
use crate::table::{Form, Pattern, Table};

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
    /// How points are written.
    pub form: Form,
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
    #[error("the selection passes the limit on selected points: {0} for a client, {1} in all")]
    Points(usize, usize),
    /// [`Limits::snapshots_per_second`].
    #[error("resumed or edited more than {0} times within a second")]
    TooOften(usize),
}

/// All sessions of one run of the gateway.
#[derive(Debug)]
pub struct Sessions {
    shared: Arc<Shared>,
    sessions: DashMap<ClientName, Arc<Session>>,
}

/// A connection's hold on its session: dropping it starts the session's remaining life.
#[derive(Debug)]
pub struct Attached {
    pub(super) session: Arc<Session>,
    pub(super) connection: u64,
    address: Address,
}

/// A stream's place among all and among those of its address; dropping it gives it back.
#[derive(Debug)]
struct Place<'a> {
    shared: &'a Shared,
    address: Address,
}

impl Sessions {
    /// None yet, in a new epoch.
    #[must_use]
    pub fn new(table: Arc<Table>, limits: Arc<Limits>) -> Self {
        Self::keeping(MAX_GONE, table, limits)
    }

    /// The same, with another bound in the place of [`MAX_GONE`].
    pub(super) fn keeping(max_gone: usize, table: Arc<Table>, limits: Arc<Limits>) -> Self {
        let shared = Shared {
            table,
            limits,
            epoch: rand::rng()
                .sample_iter(Alphanumeric)
                .take(EPOCH_CHARS)
                .map(char::from)
                .collect(),
            notices: Notices::default(),
            standing: Standing::default(),
            changing: RwLock::new(Departed::default()),
            max_gone,
            selected: AtomicUsize::new(0),
            totals: Arc::default(),
            streams: AtomicUsize::new(0),
            streams_by_address: PerAddress::default(),
            sessions_by_address: PerAddress::default(),
        };
        Self { shared: Arc::new(shared), sessions: DashMap::new() }
    }

    /// This run of the gateway.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.shared.epoch
    }

    /// The session of a client.
    #[must_use]
    pub fn find(&self, client: &str) -> Option<Arc<Session>> {
        self.sessions.get(&ClientName::parse(client)?).map(|session| Arc::clone(&session))
    }

    /// How many streams are open.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.shared.streams.load(Ordering::Relaxed)
    }

    /// How many sessions are held, connected or within their life.
    #[must_use]
    pub fn held(&self) -> usize {
        self.sessions.len()
    }

    /// How many points all of them together have selected.
    #[must_use]
    pub fn selected_points(&self) -> usize {
        self.shared.selected.load(Ordering::Relaxed)
    }

    /// What all streams have sent.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.shared.totals
    }

    /// Opens a stream: resumes the session that the last event id names, or starts a new one and says why.
    ///
    /// # Errors
    /// [`Refused`] for a new session past a limit. A session within its life always keeps its place.
    pub fn open(&self, opening: Opening<'_>) -> Result<Feed, Refused> {
        let Opening { last_event_id, points, pace, form, address } = opening;
        let address = Address::from(address);
        let id = last_event_id.map(EventId::parse);
        if let Some(Some(id)) = id
            && id.epoch == self.shared.epoch
            && let Some(session) = self.find(id.client)
            && let Some(begun) = session.resume(id.seq, id.revision, form)?
        {
            let place = Place::keep(&self.shared, address);
            let attached = place.hold(&session, begun.connection);
            let welcome = Welcome { resumed: true, reset: None, selection: "kept" };
            return Ok(Feed::start(attached, begun, pace, welcome));
        }
        let reset = id.map(|id| match id {
            Some(id) if id.epoch != self.shared.epoch => "restart",
            _ => "expired",
        });
        let place = Place::take(&self.shared, address)?;
        let session = self.admit(address)?;
        // It is here before it selects: whoever removes points looks for sessions that want them again.
        self.sessions.insert(*session.client(), Arc::clone(&session));
        let selection = match self.sessions.len() {
            held if held > self.shared.limits.sessions => Err(Refused::Sessions(held - 1)),
            _ => first_selection(&session, points),
        };
        let selection = selection.inspect_err(|_| self.end(session.client()))?;
        let begun = session.begin(form);
        let attached = place.hold(&session, begun.connection);
        let welcome = Welcome { resumed: false, reset, selection };
        Ok(Feed::start(attached, begun, pace, welcome))
    }

    /// A new session, counted for its address.
    fn admit(&self, address: Address) -> Result<Arc<Session>, Refused> {
        let Shared { limits, sessions_by_address, .. } = &*self.shared;
        let most = limits.sessions_per_address;
        if !sessions_by_address.enter_within(address, most) {
            return Err(Refused::SessionsPerAddress(most));
        }
        Ok(Arc::new(Session::new(address, Arc::clone(&self.shared))))
    }

    /// Ends the sessions whose life is over. To be called every [`SWEEP_EVERY`](Self::SWEEP_EVERY).
    pub fn sweep(&self, now: Instant) {
        let over: Vec<_> = self
            .sessions
            .iter()
            .filter(|session| session.end_if_due(now))
            .map(|session| *session.key())
            .collect();
        over.iter().for_each(|client| self.end(client));
    }

    fn end(&self, client: &ClientName) {
        if let Some((_, session)) = self.sessions.remove(client) {
            session.close();
            self.shared.sessions_by_address.leave(session.home());
        }
    }

    /// How often [`sweep`](Self::sweep) is due.
    pub const SWEEP_EVERY: Duration = Duration::from_secs(1);

    /// Sends a message to everybody, or to one client; the id it was given. `None`: there is no such client.
    pub fn notify(
        &self,
        to: Addressee,
        severity: Severity,
        text: String,
        from: String,
    ) -> Option<u64> {
        let only = match &to {
            Addressee::Everybody => None,
            Addressee::Client(client) => Some(self.find(client)?),
        };
        let id = self.shared.notices.add(to, severity, text, from, UnixMs::now());
        match only {
            Some(session) => session.wake(),
            None => self.wake_all(),
        }
        Some(id)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn all(&self) -> impl Iterator<Item = impl Deref<Target = Arc<Session>>> {
        self.sessions.iter()
    }

    pub(super) fn wake_all(&self) {
        self.all().for_each(|session| session.wake());
    }
}

fn first_selection(
    session: &Arc<Session>,
    points: Option<Vec<Pattern>>,
) -> Result<&'static str, Refused> {
    let Some(points) = points else { return Ok("empty") };
    let edited = session.edit(Edit::Put(points.into_iter().map(Entry::from).collect()), None);
    match edited {
        Ok(edited) if edited.entries.iter().any(|e| e.verdict == Verdict::Limit) => {
            let limits = &session.shared().limits;
            Err(Refused::Points(limits.points_per_client, limits.selected_points))
        }
        Ok(_) => Ok("query"),
        Err(EditError::TooManyEntries(count, most)) => Err(Refused::Entries(count, most)),
        Err(EditError::Conflict(_) | EditError::TooOften(_) | EditError::Over) => Ok("empty"),
    }
}

impl<'a> Place<'a> {
    /// A place within the limits.
    fn take(shared: &'a Shared, address: Address) -> Result<Self, Refused> {
        let Shared { limits, streams, streams_by_address, .. } = shared;
        let most = limits.streams;
        let one_more = |all| (all < most).then_some(all + 1);
        if streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return Err(Refused::Streams(most));
        }
        let most = limits.streams_per_address;
        if !streams_by_address.enter_within(address, most) {
            streams.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused::StreamsPerAddress(most));
        }
        Ok(Self { shared, address })
    }

    /// The place of a session within its life, whatever the limits say.
    fn keep(shared: &'a Shared, address: Address) -> Self {
        shared.streams.fetch_add(1, Ordering::Relaxed);
        shared.streams_by_address.enter_within(address, usize::MAX);
        Self { shared, address }
    }

    /// The connection that has the place from now on.
    fn hold(self, session: &Arc<Session>, connection: u64) -> Attached {
        let attached = Attached { session: Arc::clone(session), connection, address: self.address };
        // It is given back by the connection.
        std::mem::forget(self);
        attached
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.shared.leave_place(self.address);
    }
}

impl Attached {
    pub(super) fn shared(&self) -> &Shared {
        self.session.shared()
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.session.leave(self.connection);
        self.session.shared().leave_place(self.address);
    }
}

impl From<TooOften> for Refused {
    fn from(TooOften(most): TooOften) -> Self {
        Self::TooOften(most)
    }
}
