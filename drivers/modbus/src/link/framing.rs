//! How frames stand in the bytes of a line: what RTU and ASCII have in common.
//!
//! A framing knows no clock. Whoever reads the line tells it of silence.

use std::fmt::Debug;

/// A whole frame with the right check sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) unit: u8,
    pub(crate) pdu: Vec<u8>,
}

/// Cuts what a line carries into frames, whatever pieces it comes in.
///
/// Holds less than one frame and one piece.
pub(crate) trait Framing: Debug + Default + Send {
    /// The bytes of a frame to `unit`, with the PDU that `put_pdu` puts behind what it is given.
    fn encode(unit: u8, put_pdu: impl FnOnce(&mut Vec<u8>)) -> Vec<u8>;

    /// `request` goes out now: some two-wire adapters hand it back to their sender before the reply.
    ///
    /// An echo is told from a reply before anything else is, for by accident a request can have a reply's
    /// shape and check sum.
    fn sent(&mut self, request: &[u8]);

    /// Whether the newest request that it was told of came back.
    fn has_echoed(&self) -> bool;

    /// Takes in the next bytes.
    fn push(&mut self, bytes: &[u8]);

    /// The next whole frame, or `None` until more bytes or a silence come.
    fn next(&mut self) -> Option<Frame>;

    /// Whether nothing unfinished is held.
    fn is_clear(&self) -> bool;

    /// The line was silent: what is unfinished never becomes a frame. Whether anything was.
    fn silence(&mut self) -> bool;

    /// Whether bytes that are no frame were thrown away since this was asked last, other than by
    /// [`silence`](Self::silence).
    fn garbled(&mut self) -> bool;
}
