//! What a subscription's entries mean: counted when somebody asks, and not again before it may be something else. So it is
//! paid for by the edits that it follows.

use std::sync::Arc;

use super::edit::{Edited, told};
use super::{Session, State};
use crate::stream::selection::{self, Verdict};
use crate::table::Pattern;

/// What the entries of a revision meant in a catalogue.
#[derive(Debug)]
pub(super) struct Counted {
    revision: u32,
    generation: u64,
    verdicts: Arc<[Verdict]>,
}

impl State {
    fn counted(&self, generation: u64) -> Option<&Arc<[Verdict]>> {
        let revision = self.arrangement.revision;
        let known = self.counted.as_ref();
        known.filter(|c| (c.revision, c.generation) == (revision, generation)).map(|c| &c.verdicts)
    }
}

impl Session {
    /// The patterns of its entries.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern> {
        self.state().arrangement.entries.iter().map(|entry| entry.pattern.clone()).collect()
    }

    /// Whether it is known what its entries mean.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        let generation = self.shared.table.catalog().generation();
        self.state().counted(generation).is_some()
    }

    /// The revision and the entries, each with what it means now. It may take as long as an edit, once after each.
    #[must_use]
    pub fn subscription(&self) -> Edited {
        let catalog = self.shared.table.catalog();
        let generation = catalog.generation();
        let (entries, revision, known) = {
            let state = self.state();
            let known = state.counted(generation).map(Arc::clone);
            (state.arrangement.entries.clone(), state.arrangement.revision, known)
        };
        let verdicts = known.unwrap_or_else(|| {
            let most = self.shared.limits.points_per_client;
            let (_, verdicts) = selection::resolve(&catalog, &entries, most);
            let verdicts: Arc<[Verdict]> = verdicts.into();
            let known = Counted { revision, generation, verdicts: Arc::clone(&verdicts) };
            self.state().counted = Some(known);
            verdicts
        });
        Edited { revision, entries: told(&entries, verdicts.to_vec()) }
    }
}
