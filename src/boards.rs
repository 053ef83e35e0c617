//! Boards: pages of tiles that people arrange by hand. Each is a JSON file, which may be edited by hand too.
//!
//! - Some are given with the configuration. What somebody keeps under the same name stands in front of the given one;
//!   removing it brings that back.
//! - Nobody overwrites what he did not see: a change names the version it was made from.
//! - A board is replaced as a whole or not at all, and one request at a time touches the files.
//!
//! What tiles mean is the page's matter.

mod name;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::files;

pub use name::{BoardName, MAX_NAME_BYTES, Version};

/// Most boards of each of the two kinds.
pub const MAX_BOARDS: usize = 100;

/// Largest board, in bytes, as its file.
pub const MAX_BOARD_BYTES: usize = 64 * 1024;

/// Most tiles on a board.
pub const MAX_TILES: usize = 200;

/// Longest title, in characters.
const MAX_TITLE_CHARS: usize = 120;

/// How long a request waits for its turn at the files, and then for them: a network folder that hangs takes for ever.
const TURN_WITHIN: Duration = Duration::from_secs(2);
const FILES_WITHIN: Duration = Duration::from_secs(2);

/// Which state of a board a change was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// There was none.
    None,
    /// There was one, whichever.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

impl Seen {
    fn is(&self, now: Option<Version>) -> bool {
        match (self, now) {
            (Self::None, now) => now.is_none(),
            (Self::Any | Self::OneOf(_), None) => false,
            (Self::Any, Some(_)) => true,
            (Self::OneOf(versions), Some(now)) => versions.contains(&now),
        }
    }
}

/// A board as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its JSON.
    pub text: String,
    /// Of that text.
    pub version: Version,
    /// Whether it came with the configuration.
    pub given: bool,
}

/// A line of the list of boards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub name: BoardName,
    /// Its title and version; or what is wrong with its file.
    pub board: Result<(String, Version), String>,
    /// Whether it came with the configuration.
    pub given: bool,
}

/// Why something could not be done with a board. Nothing was changed, but for [`BoardError::Late`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// There is none of that name.
    #[error("there is no such board")]
    Unknown,
    /// It came with the configuration and nobody has changed it.
    #[error("it comes with the configuration: remove it there")]
    Given,
    /// Somebody else changed it meanwhile: it is at this version now, or gone.
    #[error("it has changed meanwhile")]
    Conflict(Option<Version>),
    /// There is one already, at this version, that whoever wants to make it did not know of.
    #[error("there is a board of that name already")]
    Exists(Version),
    /// [`MAX_BOARD_BYTES`].
    #[error("at most {MAX_BOARD_BYTES} bytes as indented lines")]
    TooLarge,
    /// [`MAX_BOARDS`].
    #[error("there are {MAX_BOARDS} boards already, the most that are kept")]
    TooMany,
    /// The field, and what would be right.
    #[error("{0}: {1}")]
    Unfit(String, String),
    /// The configuration says that nothing is to be kept.
    #[error("the configuration keeps nothing: [gateway] data is \"none\"")]
    NotKept,
    /// Files could not be read or written, in words. Trying again later may help.
    #[error("{0}")]
    Files(String),
    /// The files took too long: nobody knows yet whether what was asked for is done. Look before trying again.
    #[error("the files did not answer within {} ms: read it to know whether it was done", FILES_WITHIN.as_millis())]
    Late,
    /// Too many ask at once. Trying again is right.
    #[error("too many requests for boards at once")]
    Busy,
}

/// All boards.
#[derive(Debug)]
pub struct Boards {
    folders: Arc<Folders>,
    turns: Arc<Semaphore>,
}

/// `None`: there are none of this kind.
#[derive(Debug, Default)]
struct Folders {
    given: Option<PathBuf>,
    kept: Option<PathBuf>,
}

impl Default for Boards {
    /// None, and none can be kept.
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Boards {
    /// Those that came with the configuration lie in the folder `given`; what is changed is kept in `kept`. Neither need be
    /// there.
    #[must_use]
    pub fn new(given: Option<PathBuf>, kept: Option<PathBuf>) -> Self {
        let folders = Arc::new(Folders { given, kept });
        Self { folders, turns: Arc::new(Semaphore::new(1)) }
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// [`BoardError::Files`], [`BoardError::Busy`].
    ///
    /// # Cancellation
    /// Safe, as with all of these: what was begun with files is finished.
    pub async fn list(&self) -> Result<Vec<Line>, BoardError> {
        self.at_the_files(Folders::list).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`BoardError::Unknown`], [`BoardError::Files`], [`BoardError::Busy`].
    pub async fn get(&self, name: BoardName) -> Result<Board, BoardError> {
        self.at_the_files(move |folders| folders.get(&name)?.ok_or(BoardError::Unknown)).await
    }

    /// Keeps `board` in the place of what was `seen`; its new version.
    ///
    /// # Errors
    /// [`BoardError`], each but `Unknown` and `Given`.
    pub async fn put(
        &self,
        name: BoardName,
        seen: Seen,
        board: Json,
    ) -> Result<Version, BoardError> {
        check(&board)?;
        let text = text_of(&board)?;
        self.at_the_files(move |folders| folders.put(&name, &seen, &text)).await
    }

    /// Removes what is kept under a name; what came with the configuration is there again.
    ///
    /// # Errors
    /// [`BoardError`], each but `Unfit`, `Exists`, `TooLarge` and `TooMany`.
    pub async fn remove(&self, name: BoardName, seen: Seen) -> Result<(), BoardError> {
        self.at_the_files(move |folders| folders.remove(&name, &seen)).await
    }

    /// Does what may block, when it is its turn.
    async fn at_the_files<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folders) -> Result<T, BoardError> + Send + 'static,
    ) -> Result<T, BoardError> {
        let turn = timeout(TURN_WITHIN, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(BoardError::Busy) };
        let folders = Arc::clone(&self.folders);
        let working = tokio::task::spawn_blocking(move || {
            let _until_it_is_over = turn;
            work(&folders)
        });
        match timeout(FILES_WITHIN, working).await {
            Ok(done) => done.unwrap_or_else(|panic| Err(BoardError::Files(panic.to_string()))),
            Err(_) => Err(BoardError::Late),
        }
    }
}

impl Folders {
    fn list(&self) -> Result<Vec<Line>, BoardError> {
        let mut lines = BTreeMap::new();
        for (folder, given) in [(&self.given, true), (&self.kept, false)] {
            let Some(folder) = folder else { continue };
            for name in names(folder)? {
                let board = match read(folder, &name) {
                    Ok(Some(text)) => title(&text).map(|title| (title, Version::of(&text))),
                    Ok(None) => continue,
                    Err(error) => Err(error),
                };
                lines.insert(name.clone(), Line { name, board, given });
            }
        }
        Ok(lines.into_values().collect())
    }

    fn get(&self, name: &BoardName) -> Result<Option<Board>, BoardError> {
        for (folder, given) in [(&self.kept, false), (&self.given, true)] {
            let Some(folder) = folder else { continue };
            let Some(text) = read(folder, name).map_err(BoardError::Files)? else { continue };
            // A file that was edited by hand may be anything.
            title(&text).map_err(|error| {
                BoardError::Files(format!("{}: {error}", name.in_folder(folder).display()))
            })?;
            return Ok(Some(Board { version: Version::of(&text), text, given }));
        }
        Ok(None)
    }

    fn put(&self, name: &BoardName, seen: &Seen, text: &str) -> Result<Version, BoardError> {
        let folder = self.kept.as_ref().ok_or(BoardError::NotKept)?;
        let now = self.version(name)?;
        if !seen.is(now) {
            return Err(match (seen, now) {
                (Seen::None, Some(now)) => BoardError::Exists(now),
                (_, now) => BoardError::Conflict(now),
            });
        }
        let is_new = read(folder, name).map_err(BoardError::Files)?.is_none();
        if is_new && names(folder)?.len() >= MAX_BOARDS {
            return Err(BoardError::TooMany);
        }
        let path = name.in_folder(folder);
        files::replace(&path, text).map_err(|error| failed("write", &path, &error))?;
        Ok(Version::of(text))
    }

    fn remove(&self, name: &BoardName, seen: &Seen) -> Result<(), BoardError> {
        let folder = self.kept.as_ref().ok_or(BoardError::NotKept)?;
        let now = self.version(name)?.ok_or(BoardError::Unknown)?;
        if !seen.is(Some(now)) {
            return Err(BoardError::Conflict(Some(now)));
        }
        if read(folder, name).map_err(BoardError::Files)?.is_none() {
            return Err(BoardError::Given);
        }
        let path = name.in_folder(folder);
        files::remove(&path).map_err(|error| failed("remove", &path, &error))
    }

    /// The version of what stands under a name, whether it can be shown or not.
    fn version(&self, name: &BoardName) -> Result<Option<Version>, BoardError> {
        for folder in self.kept.iter().chain(&self.given) {
            let text = read(folder, name).map_err(BoardError::Files)?;
            if let Some(text) = text {
                return Ok(Some(Version::of(&text)));
            }
        }
        Ok(None)
    }
}

/// The names of the first [`MAX_BOARDS`] boards in a folder, in their order; none if it is not there.
fn names(folder: &Path) -> Result<Vec<BoardName>, BoardError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("read", folder, &error)),
    };
    let file_names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<BoardName> =
        file_names.filter_map(|file| BoardName::new(file.strip_suffix(".json")?)).collect();
    names.sort();
    names.truncate(MAX_BOARDS);
    Ok(names)
}

/// The text of a board's file; the error in words.
fn read(folder: &Path, name: &BoardName) -> Result<Option<String>, String> {
    let path = name.in_folder(folder);
    let text = files::read(&path, MAX_BOARD_BYTES);
    text.map_err(|error| format!("failed to read {}: {error}", path.display()))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> BoardError {
    BoardError::Files(format!("failed to {what} {}: {error}", path.display()))
}

/// A board as its file: in lines, for whoever edits it by hand. No more than a file may hold is ever made.
fn text_of(board: &Json) -> Result<String, BoardError> {
    let mut bytes = Bounded(Vec::new());
    if serde_json::to_writer_pretty(&mut bytes, board).is_err() {
        return Err(BoardError::TooLarge);
    }
    // JSON is UTF-8.
    Ok(String::from_utf8(bytes.0).unwrap_or_default() + "\n")
}

/// Takes what a board's file may hold, and its last line's end; fails past that.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() >= MAX_BOARD_BYTES {
            return Err(io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The title of a board's text, or what is wrong with it.
fn title(text: &str) -> Result<String, String> {
    let board: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    check(&board).map_err(|error| error.to_string())?;
    Ok(board.get("title").and_then(Json::as_str).unwrap_or_default().to_owned())
}

/// Whether it has what every board has.
fn check(board: &Json) -> Result<(), BoardError> {
    let unfit = |field: &str, detail: String| Err(BoardError::Unfit(field.to_owned(), detail));
    let Some(board) = board.as_object() else {
        return unfit("body", "give a JSON object".to_owned());
    };
    let title = board.get("title").and_then(Json::as_str).unwrap_or_default();
    let chars = title.chars().count();
    if !(1..=MAX_TITLE_CHARS).contains(&chars) || title.contains(char::is_control) {
        let detail =
            format!("give a text of 1 to {MAX_TITLE_CHARS} characters, none a control character");
        return unfit("title", detail);
    }
    let tiles = board.get("tiles").and_then(Json::as_array);
    match tiles.filter(|tiles| tiles.len() <= MAX_TILES) {
        None => unfit("tiles", format!("give a list of at most {MAX_TILES}")),
        Some(tiles) => match tiles.iter().position(|tile| !tile.is_object()) {
            Some(at) => unfit(&format!("tiles[{at}]"), "give a JSON object".to_owned()),
            None => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests;
