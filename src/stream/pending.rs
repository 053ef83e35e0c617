//! Bytes that wait in memory for those who read them, counted as long as anything of them is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// How many bytes wait, of all readers together. Its clones count in the same place.
#[derive(Debug, Clone, Default)]
pub struct Pending(Arc<AtomicUsize>);

/// Bytes that are counted until this is dropped.
#[derive(Debug)]
pub struct Held {
    all: Pending,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    bytes: Bytes,
    _held: Held,
}

impl Pending {
    /// How many there are now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts so many bytes more.
    #[must_use]
    pub fn hold(&self, bytes: usize) -> Held {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Held { all: self.clone(), bytes }
    }

    /// The same bytes, counted until the last piece of them is dropped.
    #[must_use]
    pub fn count(&self, bytes: Bytes) -> Bytes {
        let held = self.hold(bytes.len());
        Bytes::from_owner(Waiting { bytes, _held: held })
    }

    /// Where they are counted, for those who count by themselves.
    #[must_use]
    pub fn shared(&self) -> &Arc<AtomicUsize> {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Waiting {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_the_last_piece_of_them_is_gone() {
        let pending = Pending::default();
        let mut bytes = pending.count(Bytes::from_static(b"0123456789"));
        let held = pending.hold(5);
        assert_eq!((pending.bytes(), &bytes[..]), (15, &b"0123456789"[..]));
        let piece = bytes.split_to(3);
        drop(bytes);
        assert_eq!((pending.bytes(), &piece[..]), (15, &b"012"[..]));
        drop(piece);
        assert_eq!(pending.bytes(), 5);
        drop(held);
        assert_eq!(pending.bytes(), 0);
    }
}
