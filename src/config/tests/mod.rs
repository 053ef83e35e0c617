//! Whole configurations, right and wrong.

mod cases;
pub(crate) mod driver;
mod keys;
mod site;
mod whole;
