//! Who wants points that are not there yet: every pattern with a wildcard, and every id that is unknown.
//!
//! A new point is held against patterns, each of which stands here once however many clients gave it, and never
//! against clients. Pure but for its lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pointcast_api::PointId;

use super::session::Session;
use crate::table::Pattern;

/// Patterns that wait, each with the sessions that gave it.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    ids: HashMap<Pattern, Waiting>,
    wildcards: HashMap<Pattern, Waiting>,
}

/// Sessions by their address in memory, which is theirs alone as long as they are here; each with the pattern's place
/// among its entries.
type Waiting = HashMap<usize, (Weak<Session>, u32)>;

/// A session that wants new points, each of which is named by its place among them; with the place of the entry that
/// speaks for it among the session's entries.
pub(super) type Wanting = (Arc<Session>, Vec<(usize, usize)>);

impl Standing {
    // Entries are added and removed in whole steps, so a panic elsewhere leaves a usable map.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds patterns, each with its place among the session's entries.
    pub(super) fn add<'p>(
        &self,
        session: &Arc<Session>,
        patterns: impl IntoIterator<Item = (u32, &'p Pattern)>,
    ) {
        let mut known = self.known();
        for (entry, pattern) in patterns {
            let waiting = known.of(pattern).entry(pattern.clone()).or_default();
            waiting.insert(Arc::as_ptr(session).addr(), (Arc::downgrade(session), entry));
        }
    }

    /// Removes what was added; what was not is passed over.
    pub(super) fn remove<'p>(
        &self,
        session: &Session,
        patterns: impl IntoIterator<Item = &'p Pattern>,
    ) {
        let mut known = self.known();
        for pattern in patterns {
            let known = known.of(pattern);
            let Some(waiting) = known.get_mut(pattern) else { continue };
            waiting.remove(&std::ptr::from_ref(session).addr());
            if waiting.is_empty() {
                known.remove(pattern);
            }
        }
    }

    /// The sessions that want any of `ids`, and which entries speak for those: a literal id before a pattern, then the
    /// later one.
    pub(super) fn wanting(&self, ids: &[&PointId]) -> Vec<Wanting> {
        let known = self.known();
        let mut wanting: HashMap<usize, Wanting> = HashMap::new();
        for (at, id) in ids.iter().enumerate() {
            let literal = known.ids.get(&Pattern::literal(id));
            let wildcards = known.wildcards.iter().filter(|(pattern, _)| pattern.matches(id));
            let waiting = literal.into_iter().chain(wildcards.map(|(_, waiting)| waiting));
            for (address, (session, entry)) in waiting.flatten() {
                let Some(session) = session.upgrade() else { continue };
                let (_, wanted) = wanting.entry(*address).or_insert((session, Vec::new()));
                let entry = *entry as usize;
                match wanted.last_mut().filter(|(last, _)| *last == at) {
                    None => wanted.push((at, entry)),
                    Some(_) if literal.is_some_and(|waiting| waiting.contains_key(address)) => {}
                    Some((_, speaker)) => *speaker = entry.max(*speaker),
                }
            }
        }
        wanting.into_values().collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let known = self.known();
        known.ids.len() + known.wildcards.len()
    }
}

impl Known {
    fn of(&mut self, pattern: &Pattern) -> &mut HashMap<Pattern, Waiting> {
        if pattern.is_literal() { &mut self.ids } else { &mut self.wildcards }
    }
}
