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

#[derive(Debug)]
pub(super) struct Version {
    pub(super) state: State,
    /// Counts the point's changes, so that a reader knows how many it missed.
    pub(super) count: u32,
    /// The table's uptime when it was put in.
    pub(super) put_at: Duration,
    /// Whether this is the point's tombstone.
    pub(super) removed: bool,
    texts: Option<Box<Texts>>,
}

/// A version's text in each form, empty until it is asked for.
#[derive(Debug, Default)]
struct Texts {
    plain: String,
    compact: String,
}

impl Version {
    pub(super) fn without_value(reason: Reason, since: UnixMs, seq: u64) -> Self {
        let doubt = Some((reason, since));
        let state = State { value: None, doubt, time: None, checked: None, seq };
        Self { state, count: 0, put_at: Duration::ZERO, removed: false, texts: None }
    }

    /// Becomes the next version, whose state was put in already.
    pub(super) fn number(&mut self, seq: u64, put_at: Duration) {
        self.state.seq = seq;
        self.put_at = put_at;
        self.count = self.count.wrapping_add(1);
        self.texts = None;
    }

    /// Becomes the tombstone, which has yet to be numbered.
    pub(super) fn remove(&mut self, now: UnixMs) {
        let seq = self.state.seq;
        *self = Self {
            count: self.count,
            removed: true,
            ..Self::without_value(Reason::Configuration, now, seq)
        };
    }

    /// The version as it is, texts and all, before the next state is put in.
    pub(super) fn hand_down(&mut self) -> Self {
        let texts = self.texts.take();
        Self { state: self.state.clone(), texts, ..*self }
    }

    /// Its text, and whether it had to be made.
    pub(super) fn text(&mut self, form: Form, named: &Named<'_>) -> (&str, bool) {
        let texts = self.texts.get_or_insert_default();
        let text = match form {
            Form::Plain => &mut texts.plain,
            Form::Compact => &mut texts.compact,
        };
        let made = text.is_empty();
        if made {
            *text = named.change(form, &self.state);
        }
        (text, made)
    }
}
