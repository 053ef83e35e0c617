//! `[writes]`: whether clients may write at all.

use pointcast_api::settings::{Refusals, Settings};

/// What clients may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteSettings {
    /// Whether points that say `writable` may be written.
    pub enabled: bool,
}

/// Takes `[writes]` out of the main file. Without it nothing can be written.
pub(super) fn take(main: &mut Settings, refusals: &mut Refusals) -> WriteSettings {
    let Some(mut section) = main.section("writes", "writes", refusals) else {
        return WriteSettings::default();
    };
    let enabled = section.flag("enabled", refusals).is_some_and(|enabled| enabled.value);
    section.finish(refusals);
    WriteSettings { enabled }
}
