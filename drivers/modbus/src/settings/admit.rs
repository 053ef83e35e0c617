//! Whether the channel can carry the site, before anything is opened; and what is revised where it cannot.

use pointcast_api::Utilisation;

use super::Site;
use crate::admission::{Load, MAX_BLOCKING, MAX_UTILISATION, Stretch, fair_factors, utilisation};
use crate::learner::Paces;
use crate::plan::{Block, Learned, Shape};

/// How often a stretched plan is looked at again: longer intervals may share blocks, which only saves time.
const MAX_ROUNDS: usize = 8;

impl Site {
    /// What a block takes of a device of this shape.
    fn load(&self, block: &Block, shapes: &[Shape]) -> Option<Load> {
        let shape = shapes.get(block.device.at())?;
        let cost = shape.cost.time(&self.request(block)?);
        Some(Load { cost, interval: block.interval })
    }

    /// What the blocks of the plan take.
    fn loads(&self) -> Vec<Load> {
        let plan = self.plan(&Learned::default(), &Paces::default());
        // Who is slower than that is revised once it is measured.
        let hoped = self.channel.hoped_pace() / u32::from(self.channel.max_in_flight.max(1));
        let cost = self.channel.cost(hoped);
        let shapes: Vec<Shape> = self.shapes.iter().map(|shape| Shape { cost, ..*shape }).collect();
        plan.iter().filter_map(|block| self.load(block, &shapes)).collect()
    }

    /// By how much the intervals of each device are to be stretched, as fast as it answers.
    pub(crate) fn fair_factors(&self, blocks: &[Block], paces: &Paces) -> Vec<f64> {
        let (mut shares, shapes) = (vec![0.0; self.units.len()], self.shapes_at(paces));
        for block in blocks {
            let share = self.load(block, &shapes).map_or(0.0, |load| load.share());
            if let Some(of_device) = shares.get_mut(block.device.at()) {
                *of_device += share;
            }
        }
        fair_factors(&shares)
    }

    /// Bounds how long a block may hold the bus, and revises intervals until the channel can carry them.
    pub(super) fn admit(&mut self) {
        self.bound_blocks();
        let configured = utilisation(&self.loads());
        for _ in 0..MAX_ROUNDS {
            let Some(stretch) = Stretch::needed(&self.loads()) else { break };
            for want in &mut self.wants {
                want.interval = stretch.revise(want.interval);
            }
        }
        let revised = utilisation(&self.loads());
        self.utilisation = Utilisation { configured, revised, most: MAX_UTILISATION };
    }

    /// Cuts the blocks of devices that have slower points than the channel's fastest, so that the fastest are
    /// not held up; unless the channel has no time for the requests that this adds.
    fn bound_blocks(&mut self) {
        let Some(shortest) = self.wants.iter().map(|want| want.interval).min() else { return };
        let whole = self.shapes.clone();
        for (at, shape) in self.shapes.iter_mut().enumerate() {
            let of_device = self.wants.iter().filter(|want| want.device.at() == at);
            if of_device.clone().any(|want| want.interval > shortest) {
                // A value is never split, so there is no use in less than the longest.
                let most = shape.cost.registers_within(shortest.mul_f64(MAX_BLOCKING));
                let longest =
                    of_device.filter(|want| !want.table.is_bits()).map(|want| want.length);
                shape.max_block = shape.max_block.min(most.max(longest.max().unwrap_or(1)));
            }
        }
        if utilisation(&self.loads()) > MAX_UTILISATION {
            self.shapes = whole;
        }
    }
}
