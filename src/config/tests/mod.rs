//! Whole configurations, right and wrong.

mod cases;
pub(crate) mod driver;
mod site;
mod whole;
