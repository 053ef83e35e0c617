//! What is wrong in a configuration: where, what, and what would be right.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, as a person would write it.
    pub file: Arc<str>,
    /// The line, counted from 1; 0 is the file as a whole.
    pub line: u32,
    /// Where the line is taken into use, if it is one that many devices share.
    pub used_at: Option<Arc<Place>>,
}

impl Place {
    /// A line that stands for itself.
    #[must_use]
    pub fn new(file: impl Into<Arc<str>>, line: u32) -> Self {
        Self { file: file.into(), line, used_at: None }
    }

    /// The same line, as it is used at another place.
    #[must_use]
    pub fn used_at(&self, user: &Arc<Self>) -> Self {
        Self { used_at: Some(user.clone()), ..self.clone() }
    }

    /// The line itself, whoever uses it.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self { used_at: None, ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file)?,
            line => write!(f, "{}:{line}", self.file)?,
        }
        match &self.used_at {
            Some(user) => write!(f, " (used at {user})"),
            None => Ok(()),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// Where it stands.
    pub place: Place,
    /// Which field, with what it belongs to: `device "boiler": unit_id`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}\n    {}", self.place, self.field, self.problem, self.remedy)
    }
}

/// Everything that is wrong, gathered before anything is started.
#[derive(Debug, Default)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(
        &mut self,
        place: &Place,
        field: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Refusal {
            place: place.clone(),
            field: field.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by file and line, each once.
    ///
    /// What is wrong with a shared line is told for its first user, with how many more have it.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Refusal> {
        self.0.sort();
        self.0.dedup();
        let mut told: Vec<Refusal> = Vec::with_capacity(self.0.len());
        let mut more: Vec<usize> = Vec::with_capacity(self.0.len());
        let mut shared: HashMap<(Place, String, String), usize> = HashMap::new();
        for refusal in self.0 {
            if refusal.place.used_at.is_some() {
                let same =
                    (refusal.place.shared(), refusal.problem.clone(), refusal.remedy.clone());
                let first = *shared.entry(same).or_insert(told.len());
                if let Some(count) = more.get_mut(first) {
                    *count += 1;
                    continue;
                }
            }
            told.push(refusal);
            more.push(0);
        }
        for (refusal, more) in told.iter_mut().zip(more).filter(|(_, more)| *more > 0) {
            refusal.field.push_str(&format!(" (and {more} more like it)"));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_line_is_told_once_with_its_first_user_and_how_many_more() {
        let mut refusals = Refusals::new();
        let line = Place::new("profiles/meter.toml", 7);
        for user in [12, 11, 13] {
            let place = line.used_at(&Arc::new(Place::new("site.toml", user)));
            refusals.push(&place, format!("point \"m{user}/x\": scale"), "wrong", "right");
        }
        refusals.push(&line, "points", "another", "right");
        refusals.push(&Place::new("site.toml", 1), "gateway", "wrong", "right");
        let told: Vec<String> = refusals.into_sorted().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "profiles/meter.toml:7: points: another\n    right",
                "profiles/meter.toml:7 (used at site.toml:11): point \"m11/x\": scale (and 2 more like it): \
                 wrong\n    right",
                "site.toml:1: gateway: wrong\n    right",
            ]
        );
    }
}
