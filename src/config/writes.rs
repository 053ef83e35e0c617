//! `[writes]`: whether clients may write at all.

use pointcast_api::settings::{Refusals, Settings};

/// What clients may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteSettings {
    /// Whether points that say `writable` may be written.
    pub enabled: bool,
    /// Whether somebody has decided that, or just never said anything.
    pub is_said: bool,
}

/// Takes `[writes]` out of the main file. Without it nothing can be written.
pub(super) fn take(main: &mut Settings, refusals: &mut Refusals) -> WriteSettings {
    let Some(mut section) = main.section("writes", "writes", refusals) else {
        return WriteSettings::default();
    };
    let enabled = section.flag("enabled", refusals);
    section.finish(refusals);
    WriteSettings {
        enabled: enabled.as_ref().is_some_and(|enabled| enabled.value),
        is_said: enabled.is_some(),
    }
}
