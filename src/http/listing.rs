//! Points as the body of an answer, written as its reader takes them: a list that nobody reads is not made.

use std::convert::Infallible;
use std::mem;
use std::sync::Arc;
use std::vec;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream;

use super::Api;
use super::answer;
use super::points::write_point;
use super::problem::Problem;
use crate::stream::Held;
use crate::table::{Catalog, Index, Table};

/// A piece of a body is written until it is this many bytes. What fits into one is given whole, with its length.
const PIECE_BYTES: usize = 32 * 1024;

/// What stands behind the points.
#[derive(Debug)]
pub(super) enum End {
    /// Where the next page begins, if there is one.
    Cursor(Option<String>),
    /// The ids that mean no point.
    Unknown(Vec<String>),
}

/// What is still to be written.
#[derive(Debug)]
struct Listing {
    table: Arc<Table>,
    catalog: Arc<Catalog>,
    points: vec::IntoIter<Index>,
    end: Option<End>,
    is_first: bool,
    /// What is kept here.
    _held: Held,
}

/// An answer that lists these points, each as it is when it is written; those removed by then are left out, or
/// unknown.
///
/// # Errors
/// A problem, if it is large and too much waits for slow readers.
pub(super) fn answer(
    api: &Api,
    catalog: Arc<Catalog>,
    points: Vec<Index>,
    end: End,
) -> Result<Response, Problem> {
    // Itself not counted.
    let may_be_large = answer::may_be_large(api);
    let pending = api.sessions.totals().pending();
    let kept = mem::size_of_val(points.as_slice()) + end.bytes();
    let mut listing = Listing {
        table: Arc::clone(&api.table),
        catalog,
        points: points.into_iter(),
        end: Some(end),
        is_first: true,
        _held: pending.hold(kept),
    };
    let first = listing.next().unwrap_or_default();
    if listing.end.is_none() {
        return Ok(answer::json(Body::from(first)));
    }
    may_be_large?;
    let pieces = std::iter::once(first).chain(listing);
    let pending = pending.clone();
    let pieces = pieces.map(move |piece| Ok::<Bytes, Infallible>(pending.count(piece.into())));
    Ok(answer::json(Body::from_stream(stream::iter(pieces))))
}

impl Iterator for Listing {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let end = self.end.as_mut()?;
        let mut piece = String::new();
        let mut separator = if mem::take(&mut self.is_first) { "{\"points\":[" } else { "," };
        while piece.len() < PIECE_BYTES {
            let Some(index) = self.points.next() else {
                if separator.len() > 1 {
                    piece.push_str(separator);
                }
                end.write(&mut piece);
                self.end = None;
                break;
            };
            match self.table.read(index) {
                Some(state) => {
                    piece.push_str(mem::replace(&mut separator, ","));
                    write_point(&mut piece, &self.catalog, index, &state);
                }
                None => end.miss(&self.catalog, index),
            }
        }
        Some(piece)
    }
}

impl End {
    fn bytes(&self) -> usize {
        match self {
            Self::Cursor(cursor) => cursor.as_ref().map_or(0, String::len),
            Self::Unknown(ids) => ids.iter().map(|id| id.len() + mem::size_of::<String>()).sum(),
        }
    }

    /// A point was removed before it was written.
    fn miss(&mut self, catalog: &Catalog, index: Index) {
        if let (Self::Unknown(ids), Some(entry)) = (self, catalog.entry(index)) {
            ids.push(entry.id().to_string());
        }
    }

    fn write(&self, body: &mut String) {
        match self {
            // An id needs no escape: its constructor lets nothing in that would.
            Self::Cursor(Some(id)) => body.extend(["],\"cursor\":\"", id, "\"}"]),
            Self::Cursor(None) => body.push_str("],\"cursor\":null}"),
            // A list of text always has a JSON form.
            Self::Unknown(ids) => {
                let ids = serde_json::to_string(ids).unwrap_or_default();
                body.extend(["],\"unknown\":", &ids, "}"]);
            }
        }
    }
}
