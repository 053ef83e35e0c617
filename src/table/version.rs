//! What a point was from one change to the next, with the texts of it that were asked for. Pure.

use std::time::Duration;

use pointcast_api::{Quality, Reason, UnixMs, Value};

use super::text::{Form, Named};

/// A point's sample, as readers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The value; `None` is `null`.
    pub value: Option<Value>,
    /// Why the quality is not good, and since when; `None` is good.
    pub doubt: Option<(Reason, UnixMs)>,
    /// Source time of the value.
    pub time: Option<UnixMs>,
    /// Last successful read, changed or not.
    pub checked: Option<UnixMs>,
    /// Number of the last change.
    pub seq: u64,
}

impl State {
    /// The quality that the doubt amounts to.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.doubt.map_or(Quality::Good, |(reason, _)| reason.quality())
    }
}

/// The same as it is kept, in as few bytes as that takes: there may be a million.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) value: Option<Value>,
    pub(super) reason: Option<Reason>,
    /// Means nothing without a reason.
    since: UnixMs,
    time: MaybeMs,
    checked: MaybeMs,
    pub(super) seq: u64,
    /// The table's uptime when it was put in.
    put_at_ns: u64,
    /// Counts the point's changes, so that a reader knows how many it missed.
    pub(super) count: u32,
    /// Whether its state is another already and waits for its number.
    pub(super) unnumbered: bool,
    /// Whether this is the point's tombstone.
    pub(super) removed: bool,
    texts: Option<Box<Texts>>,
}

/// A time, or none: so late a time that there is none is the latest there can be.
#[derive(Clone, Copy, Debug)]
struct MaybeMs(u64);

impl MaybeMs {
    const NONE: Self = Self(u64::MAX);

    fn get(self) -> Option<UnixMs> {
        (self.0 != Self::NONE.0).then_some(UnixMs(self.0))
    }
}

/// A version's text in each form, empty until it is asked for.
#[derive(Debug, Default)]
struct Texts {
    plain: String,
    compact: String,
}

impl Texts {
    fn of(&mut self, form: Form) -> &mut String {
        match form {
            Form::Plain => &mut self.plain,
            Form::Compact => &mut self.compact,
        }
    }
}

impl Version {
    pub(super) fn without_value(reason: Reason, since: UnixMs, seq: u64) -> Self {
        Self {
            value: None,
            reason: Some(reason),
            since,
            time: MaybeMs::NONE,
            checked: MaybeMs::NONE,
            seq,
            put_at_ns: 0,
            count: 0,
            unnumbered: false,
            removed: false,
            texts: None,
        }
    }

    pub(super) fn state(&self) -> State {
        State {
            value: self.value.clone(),
            doubt: self.reason.map(|reason| (reason, self.since)),
            time: self.time(),
            checked: self.checked.get(),
            seq: self.seq,
        }
    }

    /// Source time of the value.
    pub(super) fn time(&self) -> Option<UnixMs> {
        self.time.get()
    }

    /// The table's uptime when it was put in.
    pub(super) fn put_at(&self) -> Duration {
        Duration::from_nanos(self.put_at_ns)
    }

    /// It was read, changed or not.
    pub(super) fn check(&mut self, time: UnixMs) {
        self.checked = MaybeMs(time.0);
    }

    pub(super) fn hold(&mut self, value: Option<&Value>, time: UnixMs) {
        self.value = value.cloned();
        self.time = MaybeMs(time.0);
    }

    /// `None`: its quality is good.
    pub(super) fn doubt(&mut self, reason: Option<Reason>, since: UnixMs) {
        self.reason = reason;
        self.since = since;
    }

    /// Becomes the next version, whose state was put in already.
    pub(super) fn number(&mut self, seq: u64, put_at_ns: u64) {
        self.seq = seq;
        self.put_at_ns = put_at_ns;
        self.count = self.count.wrapping_add(1);
        self.unnumbered = false;
        self.texts = None;
    }

    /// Becomes the tombstone, which has yet to be numbered.
    pub(super) fn remove(&mut self, now: UnixMs) {
        *self = Self {
            count: self.count,
            unnumbered: true,
            removed: true,
            ..Self::without_value(Reason::Configuration, now, self.seq)
        };
    }

    /// The version as it is, texts and all, before the next state is put in.
    pub(super) fn hand_down(&mut self) -> Self {
        let texts = self.texts.take();
        Self { value: self.value.clone(), texts, ..*self }
    }

    /// Its text, and whether it had to be made.
    pub(super) fn text(&mut self, form: Form, named: &Named<'_>) -> (&str, bool) {
        let mut texts = self.texts.take().unwrap_or_default();
        let text = texts.of(form);
        let made = text.is_empty();
        if made {
            *text = named.change(form, &self.state());
        }
        (self.texts.insert(texts).of(form), made)
    }
}
