//! What a part of the site tells about itself, whether it is a socket or a port.

use std::io;

/// Whether a part is there.
#[derive(Debug)]
pub(crate) enum Presence<'a, P> {
    /// There it is.
    There(P),
    /// It is gone, because that was asked for.
    Gone,
    /// It cannot be there; it is tried again. Whoever would rather stop has a turn to do so, before it is
    /// logged.
    Failed(&'a io::Error),
}
