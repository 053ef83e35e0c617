//! What was last sent of a point, as far as a deadband can hold a change against it. Pure.

use pointcast_api::{Reason, Value};

use crate::table::State;

/// A number that was sent, and why it was in doubt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Last {
    number: Number,
    reason: Option<Reason>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Signed(i64),
    Unsigned(u64),
    Real(f64),
}

impl Last {
    /// `None` for what is no number: no change from or to it is within a deadband.
    pub(super) fn of(state: &State) -> Option<Self> {
        let number = Number::of(state.value.as_ref()?)?;
        Some(Self { number, reason: state.doubt.map(|(reason, _)| reason) })
    }

    /// Whether the numbers lie no further than `width` from each other, and as much in doubt.
    pub(super) fn is_near(self, other: Self, width: f64) -> bool {
        self.reason == other.reason && self.number.distance(other.number) <= width
    }
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::I64(number) => Some(Self::Signed(*number)),
            Value::U64(number) => Some(Self::Unsigned(*number)),
            Value::F32(number) => Some(Self::Real(number.get().into())),
            Value::F64(number) => Some(Self::Real(number.get())),
            Value::Bool(_) | Value::Text(_) => None,
        }
    }

    fn distance(self, other: Self) -> f64 {
        match (self.whole(), other.whole()) {
            // The distance is exact; only then is it made a real number.
            (Some(a), Some(b)) => real(a - b).abs(),
            _ => (self.real() - other.real()).abs(),
        }
    }

    fn whole(self) -> Option<i128> {
        match self {
            Self::Signed(number) => Some(number.into()),
            Self::Unsigned(number) => Some(number.into()),
            Self::Real(_) => None,
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Signed(number) => real(number.into()),
            Self::Unsigned(number) => real(number.into()),
            Self::Real(number) => number,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a deadband is a real number itself")]
fn real(number: i128) -> f64 {
    number as f64
}
