//! Where points lie: those with addresses of their own there, those of models where the device's chain says.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::PointIndex;

use super::chain::{BASES, Chain, Model};
use super::{HEADER, Models};
use crate::address::Table;
use crate::decode::{Decoder, OfModel};
use crate::plan::Want;

/// Most different models that the points of one device are of.
pub(crate) const MAX_GROUPS: usize = 64;

/// Registers from one assumed model to the next: more than one request reads.
const ASSUMED_STEP: u16 = 128;

/// One way in which a point may lie in a device: in one of several models that have it at the same place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    pub(crate) models: Models,
    /// Registers from the model's header to what the decoder reads.
    pub(crate) at: u16,
    pub(crate) decoder: Decoder,
}

impl Form {
    /// How many registers are read for it, from the header on.
    pub(crate) fn length(&self) -> u16 {
        self.at.saturating_add(self.decoder.length()).max(HEADER)
    }

    /// Whether it lies within `model` as the device has it, all of it.
    fn fits(&self, model: &Model) -> bool {
        u32::from(self.length()) <= u32::from(HEADER) + u32::from(model.length)
    }
}

/// A point that is to be found.
#[derive(Clone, Debug)]
struct Wanted {
    point: PointIndex,
    /// Of these the first that the device has counts.
    forms: Vec<Form>,
    /// Whether nothing is wrong with a device that has none of them.
    optional: bool,
}

/// What of a device is to be found by its models.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sought {
    /// Where the marker is looked for.
    bases: Vec<u16>,
    points: Vec<Wanted>,
    /// Models of first forms. Until the chain is known, the plan assumes them one behind the other at the end of
    /// the table, where no others are: what they cost there they cost anywhere.
    groups: Vec<Models>,
}

impl Sought {
    /// Nothing yet; the marker is at `base`, or at one of the usual places.
    pub(crate) fn new(base: Option<u16>) -> Self {
        let bases = base.map_or(BASES.to_vec(), |base| vec![base]);
        Self { bases, ..Self::default() }
    }

    /// Adds the point of this number; where its model is assumed.
    pub(crate) fn add(&mut self, point: usize, forms: Vec<Form>, optional: bool) -> u16 {
        let models = forms.first().map(|form| form.models);
        let point = u32::try_from(point).ok().map(PointIndex);
        self.points.extend(point.map(|point| Wanted { point, forms, optional }));
        let known = self.groups.iter().position(|group| Some(*group) == models);
        let at = known.unwrap_or_else(|| {
            self.groups.extend(models);
            self.groups.len() - 1
        });
        u16::try_from(at).map_or(0, assumed)
    }

    /// How many different models its points are of, not counting alternatives.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    pub(crate) fn bases(&self) -> &[u16] {
        &self.bases
    }

    pub(crate) fn points(&self) -> impl Iterator<Item = PointIndex> + '_ {
        self.points.iter().map(|wanted| wanted.point)
    }

    /// Which models are assumed at `first`.
    pub(crate) fn assumed_at(&self, first: u16) -> Option<Models> {
        let at = (0..).zip(&self.groups).find(|(at, _)| assumed(*at) == first);
        at.map(|(_, models)| *models)
    }

    /// Where each point is in a device with this chain.
    pub(crate) fn placement(&self, chain: &Chain) -> Placement {
        let mut placement = Placement::default();
        let mut missing: Vec<String> = Vec::new();
        for Wanted { point, forms, optional } in &self.points {
            let found = forms.iter().find_map(|form| {
                let model = chain.find(form.models).filter(|model| form.fits(model))?;
                Some((form, model))
            });
            let Some((form, model)) = found else {
                placement.missing.push(*point);
                let words = words(forms, chain);
                if !optional && !missing.contains(&words) {
                    missing.push(words);
                }
                continue;
            };
            placement.placed.push(Placed {
                point: *point,
                first: model.at,
                length: form.length(),
                decoder: Arc::new(Decoder::OfModel(Box::new(OfModel {
                    header: [model.id, model.length],
                    at: form.at,
                    decoder: form.decoder.clone(),
                }))),
            });
        }
        if !missing.is_empty() {
            placement.why = Some(format!("SunSpec: {}; found {chain}", missing.join(", ")));
        }
        placement
    }
}

/// Where the group of this number is assumed: from the end of the table downwards.
fn assumed(at: u16) -> u16 {
    0_u16.wrapping_sub(ASSUMED_STEP.saturating_mul(at.saturating_add(1)))
}

/// Why a point of these forms is not there.
fn words(forms: &[Form], chain: &Chain) -> String {
    let short = forms.iter().find_map(|form| chain.find(form.models));
    if let Some(Model { id, length, .. }) = short {
        return format!("model {id} has only {length} registers");
    }
    let mut models: Vec<String> = forms.iter().map(|form| form.models.to_string()).collect();
    models.dedup();
    format!("no model {}", models.join(" or "))
}

/// Where a point is in a device.
#[derive(Clone, Debug, PartialEq)]
struct Placed {
    point: PointIndex,
    /// Where its model's header is.
    first: u16,
    /// How many registers are read from there on.
    length: u16,
    decoder: Arc<Decoder>,
}

/// Where the points of a device are, and which are nowhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Placement {
    placed: Vec<Placed>,
    pub(crate) missing: Vec<PointIndex>,
    /// Why some are nowhere that should not be, in words.
    pub(crate) why: Option<String>,
}

/// Where every point of a channel is, as far as that is known; lists by point.
#[derive(Clone, Debug)]
pub(crate) struct Layout<'a> {
    wants: Cow<'a, [Want]>,
    decoders: Cow<'a, [Arc<Decoder>]>,
}

impl<'a> Layout<'a> {
    /// As configured: points of models are where they are assumed.
    pub(crate) fn assumed(wants: &'a [Want], decoders: &'a [Arc<Decoder>]) -> Self {
        Self { wants: Cow::Borrowed(wants), decoders: Cow::Borrowed(decoders) }
    }

    /// Before any chain was walked: points of models are nowhere. `sought` is by device.
    pub(crate) fn unknown(
        wants: &'a [Want],
        decoders: &'a [Arc<Decoder>],
        sought: &'a [Sought],
    ) -> Self {
        let mut layout = Self::assumed(wants, decoders);
        sought.iter().for_each(|sought| layout.clear(sought));
        layout
    }

    pub(crate) fn wants(&self) -> &[Want] {
        &self.wants
    }

    pub(crate) fn decoder(&self, point: PointIndex) -> Option<&Decoder> {
        self.decoders.get(point.at()).map(Arc::as_ref)
    }

    /// Points of models are nowhere in this device.
    pub(crate) fn clear(&mut self, sought: &Sought) {
        for point in sought.points() {
            if let Some(want) = self.wants.to_mut().get_mut(point.at()) {
                (want.first, want.length) = (0, 0);
            }
        }
    }

    /// Points of models are where the device has them, or nowhere.
    pub(crate) fn place(&mut self, sought: &Sought, placement: &Placement) {
        self.clear(sought);
        for Placed { point, first, length, decoder } in &placement.placed {
            let want = self.wants.to_mut().get_mut(point.at());
            let of_point = self.decoders.to_mut().get_mut(point.at());
            if let (Some(want), Some(of_point)) = (want, of_point) {
                (want.table, want.first) = (Table::HoldingRegisters, *first);
                want.length = *length;
                of_point.clone_from(decoder);
            }
        }
    }

    /// The points of a device that are nowhere.
    pub(crate) fn nowhere(&self, sought: &Sought) -> Vec<PointIndex> {
        let is_nowhere =
            |point: &PointIndex| self.wants.get(point.at()).is_none_or(Want::is_nowhere);
        sought.points().filter(is_nowhere).collect()
    }

    /// The shortest interval of a device's points of models.
    pub(crate) fn interval(&self, sought: &Sought) -> Option<Duration> {
        let wants = sought.points().filter_map(|point| self.wants.get(point.at()));
        wants.map(|want| want.interval).min()
    }
}
