//! Values outside their range: the nearest bound in their place, marked as substituted.

use pointcast_api::{Reading, Value};

/// The bounds of a range, as the type of the point's values has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Clamp {
    /// For whole numbers; both lie within the point's type.
    Whole { low: i128, high: i128 },
    /// For single precision.
    Single { low: f32, high: f32 },
    /// For double precision.
    Double { low: f64, high: f64 },
}

impl Clamp {
    /// `value` if it lies within the range, ends included, else the nearest bound as substituted.
    pub(super) fn reading(&self, value: Value) -> Reading {
        match self.nearest(&value) {
            Some(bound) => Reading::Substituted(bound),
            None => Reading::Good(value),
        }
    }

    /// The bound that `value` lies beyond.
    pub(crate) fn nearest(&self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Whole { low, high }, Value::I64(number)) => {
                let bound = beyond(&i128::from(*number), low, high)?;
                i64::try_from(*bound).ok().map(Value::I64)
            }
            (Self::Whole { low, high }, Value::U64(number)) => {
                let bound = beyond(&i128::from(*number), low, high)?;
                u64::try_from(*bound).ok().map(Value::U64)
            }
            (Self::Single { low, high }, Value::F32(number)) => {
                Value::f32(*beyond(&number.get(), low, high)?)
            }
            (Self::Double { low, high }, Value::F64(number)) => {
                Value::f64(*beyond(&number.get(), low, high)?)
            }
            (
                Self::Whole { .. } | Self::Single { .. } | Self::Double { .. },
                Value::Bool(_)
                | Value::I64(_)
                | Value::U64(_)
                | Value::F32(_)
                | Value::F64(_)
                | Value::Text(_),
            ) => None,
        }
    }

    /// The bounds as values of the point.
    pub(crate) fn bounds(&self) -> Option<(Value, Value)> {
        let whole = |bound: i128| {
            let unsigned = u64::try_from(bound).ok().map(Value::U64);
            unsigned.or_else(|| i64::try_from(bound).ok().map(Value::I64))
        };
        match *self {
            Self::Whole { low, high } => Some((whole(low)?, whole(high)?)),
            Self::Single { low, high } => Some((Value::f32(low)?, Value::f32(high)?)),
            Self::Double { low, high } => Some((Value::f64(low)?, Value::f64(high)?)),
        }
    }
}

fn beyond<'a, T: PartialOrd>(number: &T, low: &'a T, high: &'a T) -> Option<&'a T> {
    if number < low {
        Some(low)
    } else if number > high {
        Some(high)
    } else {
        None
    }
}
