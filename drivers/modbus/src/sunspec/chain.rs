//! The walk along a device's chain of models: what to read next, and what follows from what was read.
//!
//! It ends after at most one request for each place of the marker and one for each of [`MAX_MODELS`] models,
//! whatever the device answers: every model lies behind the one before.

use std::fmt;

use super::{END, HEADER, Models};

/// "SunS", which the chain begins behind.
const MARKER: [u16; 2] = [0x5375, 0x6E53];

/// Where the marker may be, the most frequent place first.
pub(crate) const BASES: [u16; 3] = [40_000, 0, 50_000];

/// The last place where a marker can be that has a model behind it.
pub(crate) const LAST_BASE: u16 = u16::MAX - 3;

/// Most models of a chain; what has more is taken for none. Inverters with several meters and batteries behind
/// them have about thirty.
const MAX_MODELS: usize = 128;

/// Most model numbers told of one chain.
const MAX_TOLD: usize = 32;

/// A model as it lies in a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) id: u16,
    /// Where its header is.
    pub(crate) at: u16,
    /// How many registers follow the header, as the header says.
    pub(crate) length: u16,
}

/// A device's models, in the order of its chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain(Vec<Model>);

impl Chain {
    pub(super) fn find(&self, models: Models) -> Option<&Model> {
        let of = self.0.iter().filter(|model| models.contains(model.id));
        of.into_iter().nth(usize::from(models.nth.saturating_sub(1)))
    }
}

impl fmt::Display for Chain {
    /// The models' numbers, with a bound.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, model) in self.0.iter().take(MAX_TOLD).enumerate() {
            write!(f, "{}{}", if at > 0 { ", " } else { "" }, model.id)?;
        }
        if self.0.len() > MAX_TOLD { f.write_str(", …") } else { Ok(()) }
    }
}

/// Why a device has no chain that could be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoChain {
    #[error("no SunSpec marker at {}", places(.0))]
    NoMarker(Vec<u16>),
    #[error("nothing can be read behind the SunSpec marker at {0}")]
    NoModel(u16),
    #[error("the SunSpec chain is broken at {at}: no model has the number 0")]
    NoNumber { at: u16 },
    #[error(
        "the SunSpec chain is broken at {at}: model {id}, {length} registers long, reaches past 65535"
    )]
    TooLong { at: u16, id: u16, length: u16 },
    #[error("the SunSpec chain has more than {MAX_MODELS} models")]
    TooMany,
}

fn places(bases: &[u16]) -> String {
    let places: Vec<String> = bases.iter().map(u16::to_string).collect();
    places.join(", ")
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Read so many holding registers from here.
    Read { first: u16, quantity: u16 },
    /// It is over.
    Over(Result<Chain, NoChain>),
}

/// A walk under way.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    bases: Vec<u16>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The marker is looked for at the place of this index.
    Marker(usize),
    /// A header is read.
    Header {
        at: u16,
        base: u16,
        found: Vec<Model>,
    },
    Over,
}

impl Walk {
    /// A walk that looks for the marker at each of `bases` in turn; at least one, each at most [`LAST_BASE`].
    pub(crate) fn new(bases: &[u16]) -> Self {
        Self { bases: bases.to_vec(), state: State::Marker(0) }
    }

    /// Whether nothing was found yet.
    pub(crate) fn is_at_start(&self) -> bool {
        matches!(self.state, State::Marker(_))
    }

    /// What to read first, or again.
    pub(crate) fn step(&self) -> Step {
        match &self.state {
            State::Marker(index) => match self.bases.get(*index) {
                Some(base) => Step::Read { first: *base, quantity: HEADER },
                None => Step::Over(Err(NoChain::NoMarker(self.bases.clone()))),
            },
            State::Header { at, .. } => Step::Read { first: *at, quantity: HEADER },
            State::Over => Step::Over(Err(NoChain::NoMarker(Vec::new()))),
        }
    }

    /// Nobody answered: the marker is looked for at the next place, and after the last at the first again, as some
    /// devices are silent where they have nothing. What to read; in a chain the same as before.
    pub(crate) fn unanswered(&mut self) -> Step {
        if let State::Marker(index) = &mut self.state {
            *index = if *index + 1 < self.bases.len() { *index + 1 } else { 0 };
        }
        self.step()
    }

    /// Takes what was read; `None`: the device has no such registers.
    pub(crate) fn take(&mut self, read: Option<&[u16]>) -> Step {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Marker(index) => {
                let here = self.bases.get(index).filter(|_| read == Some(&MARKER));
                self.state = match here.and_then(|base| Some((*base, base.checked_add(HEADER)?))) {
                    Some((base, at)) => State::Header { at, base, found: Vec::new() },
                    None => State::Marker(index + 1),
                };
                self.step()
            }
            State::Header { at, base, found } => match header(read, at, base, found) {
                Ok((at, found)) => {
                    self.state = State::Header { at, base, found };
                    self.step()
                }
                Err(over) => Step::Over(over),
            },
            State::Over => self.step(),
        }
    }
}

/// Where the next header is and what was found so far, or what the whole walk came to.
fn header(
    read: Option<&[u16]>,
    at: u16,
    base: u16,
    mut found: Vec<Model>,
) -> Result<(u16, Vec<Model>), Result<Chain, NoChain>> {
    let (id, length) = match read {
        Some([END, ..]) => return Err(Ok(Chain(found))),
        Some([id, length]) => (*id, *length),
        // Some devices leave the end mark away, or have only the first half of it. What was found is right.
        Some(_) | None if !found.is_empty() => return Err(Ok(Chain(found))),
        Some(_) | None => return Err(Err(NoChain::NoModel(base))),
    };
    if id == 0 {
        return Err(Err(NoChain::NoNumber { at }));
    }
    if found.len() == MAX_MODELS {
        return Err(Err(NoChain::TooMany));
    }
    // Its last register may be the last there is; then no header follows.
    let end = u32::from(at) + u32::from(HEADER) + u32::from(length);
    if end > u32::from(u16::MAX) + 1 {
        return Err(Err(NoChain::TooLong { at, id, length }));
    }
    found.push(Model { id, at, length });
    match u16::try_from(end).ok().filter(|next| *next <= u16::MAX - (HEADER - 1)) {
        Some(next) => Ok((next, found)),
        None => Err(Ok(Chain(found))),
    }
}
