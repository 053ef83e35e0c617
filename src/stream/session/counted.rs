//! What a subscription's entries mean: counted when somebody asks, and not again before it may be something else. So it is
//! paid for by the edits that it follows.

use std::sync::Arc;

use super::edit::{Edited, told};
use super::{Session, State};
use crate::stream::entry::Entry;
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
        let known = self.counted.as_deref();
        known.filter(|c| (c.revision, c.generation) == (revision, generation)).map(|c| &c.verdicts)
    }
}

impl Session {
    /// The patterns of its entries.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern> {
        let state = self.state();
        let catalog = self.shared.table.catalog();
        state.arrangement.entries.iter(&catalog).map(|entry| entry.pattern).collect()
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
        let (catalog, generation, entries, revision, known) = {
            let state = self.state();
            let catalog = self.shared.table.catalog();
            let generation = catalog.generation();
            let known = state.counted(generation).map(Arc::clone);
            let entries: Vec<Entry> = state.arrangement.entries.iter(&catalog).collect();
            (catalog, generation, entries, state.arrangement.revision, known)
        };
        let verdicts = known.unwrap_or_else(|| {
            let most = self.shared.limits.points_per_client;
            let (_, verdicts) = selection::resolve(&catalog, &entries, most);
            let verdicts: Arc<[Verdict]> = verdicts.into();
            let known = Counted { revision, generation, verdicts: Arc::clone(&verdicts) };
            self.state().counted = Some(Box::new(known));
            verdicts
        });
        Edited { revision, entries: told(&entries, verdicts.to_vec()) }
    }
}

#[cfg(test)]
mod tests {
    use pointcast_api::{PointDeclaration, PointId, ValueType};

    use super::*;
    use crate::limits::Limits;
    use crate::stream::testing::table;
    use crate::stream::{Edit, Opening, Pace, Sessions};
    use crate::table::Form;

    #[tokio::test(start_paused = true)]
    async fn what_entries_mean_is_counted_once_after_each_edit_and_each_change_of_the_points() {
        let sessions = Sessions::new(table(3), Arc::new(Limits::default()));
        let feed = sessions.open(Opening {
            last_event_id: None,
            points: None,
            pace: Pace { interval_ms: 0, heartbeat_ms: 15_000 },
            form: Form::Plain,
            address: "127.0.0.1".parse().unwrap(),
        });
        let feed = feed.unwrap();
        let session = &feed.attached().session;
        let put = |texts: &[&str]| {
            let entries = texts.iter().map(|text| Pattern::new(text).unwrap().into());
            session.edit(Edit::Put(entries.collect()), None).unwrap();
        };
        let count = || {
            assert!(!session.is_counted());
            let counted = session.subscription();
            assert!(session.is_counted());
            assert_eq!(session.subscription(), counted, "it is the same when it is known");
            counted.entries.iter().map(|entry| entry.verdict).collect::<Vec<_>>()
        };
        put(&["*", "new"]);
        assert_eq!(count(), [Verdict::Selected(3), Verdict::Unknown]);
        put(&["p1"]);
        assert_eq!(count(), [Verdict::Selected(1)]);
        put(&["*", "new"]);
        assert_eq!(count(), [Verdict::Selected(3), Verdict::Unknown]);
        let new = PointDeclaration::bare(PointId::new("new").unwrap(), ValueType::I64);
        sessions.add_points(vec![(new, String::new())]).unwrap();
        assert_eq!(count(), [Verdict::Selected(4), Verdict::Selected(1)]);
        sessions.remove_points(&[0, 1]);
        assert_eq!(count(), [Verdict::Selected(2), Verdict::Selected(1)]);
    }
}
