//! How other gateways group values into requests, as their sources and manuals say; in our own words.
//!
//! All of them go through the values by address, and none of them lets values of different rates share a request.

use std::collections::BTreeMap;
use std::time::Duration;

use pointcast_modbus::measure::{Request, Value};

/// A rule, by who follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// telegraf's input `modbus` with `optimization = "none"`, and Neuron: only what follows without a gap.
    Contiguous,
    /// telegraf with `optimization = "max_insert"`: over at most so many registers.
    MaxInsert(u16),
    /// plc4x: whatever lies within the longest block from the first value on, no matter how far apart.
    Window,
}

impl Rule {
    pub(crate) const ALL: [(&'static str, Self); 3] = [
        ("contiguous (telegraf none, Neuron)", Self::Contiguous),
        ("telegraf max_insert 50", Self::MaxInsert(50)),
        ("window (plc4x)", Self::Window),
    ];

    fn max_gap(self) -> u16 {
        match self {
            Self::Contiguous => 0,
            Self::MaxInsert(gap) => gap,
            Self::Window => u16::MAX,
        }
    }

    /// The requests for `values` of a device that gives at most `max_block` registers at once.
    pub(crate) fn plan(self, values: &[Value], max_block: u16) -> Vec<Request> {
        let mut rates: BTreeMap<Duration, Vec<Value>> = BTreeMap::new();
        for value in values {
            rates.entry(value.interval).or_default().push(*value);
        }
        rates.into_values().flat_map(|values| self.one_rate(values, max_block)).collect()
    }

    fn one_rate(self, mut values: Vec<Value>, max_block: u16) -> Vec<Request> {
        values.sort_by_key(|value| (value.first, value.length));
        let mut requests: Vec<Request> = Vec::new();
        for Value { first, length, interval } in values {
            let last = requests.last_mut().filter(|last| {
                let gap = first.saturating_sub(last.first + last.quantity);
                gap <= self.max_gap() && first + length - last.first <= max_block
            });
            match last {
                Some(last) => last.quantity = last.quantity.max(first + length - last.first),
                None => requests.push(Request { first, quantity: length, interval }),
            }
        }
        requests
    }
}
