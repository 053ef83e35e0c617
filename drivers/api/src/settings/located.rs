//! What was taken, with its place, for who finds later that it does not go with something else.

use super::{Place, Refusals};

/// A value that remembers where it stood, so that it can still be refused later.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
    /// Its field, with what it belongs to.
    pub field: String,
}

impl<T> Located<T> {
    /// Refuses the value for a reason that only its user can know.
    pub fn refuse(
        &self,
        refusals: &mut Refusals,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        refusals.push(&self.place, self.field.clone(), problem, remedy);
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: change(self.value), place: self.place, field: self.field }
    }
}
