//! How lists grow of which every client, or every point, has one. Pure.

/// Makes room for one more: by a quarter, not by the double, because over all clients and points what is kept free is
/// memory.
pub(crate) fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 4 + 1);
    }
}
