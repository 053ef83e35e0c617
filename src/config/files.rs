//! Which files make up the configuration, and reading them under bounds.
//!
//! Only regular files are opened (a named pipe would block), each at most [`MAX_FILE_BYTES`], each once.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use pointcast_api::settings::{Located, Place, Refusals, Settings};

use super::document;

/// Most bytes one file may have.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Most files one configuration may include.
pub const MAX_INCLUDED_FILES: usize = 1024;

/// A file in no line in particular.
fn whole(path: &Path) -> Place {
    Place::new(path.display().to_string(), 0)
}

/// The main file's settings, or `None` together with at least one refusal.
pub(super) fn read_main(path: &Path, refusals: &mut Refusals) -> Option<Settings> {
    if !path.exists() {
        let here = std::env::current_dir().unwrap_or_default();
        let problem = format!("there is no file {}", here.join(path).display());
        let remedy = "name another with --config FILE, or write one: config/examples/ shows how";
        refusals.push(&whole(path), "configuration", problem, remedy);
        return None;
    }
    read(path, refusals)
}

/// One file's settings, or `None` together with at least one refusal.
pub(super) fn read(path: &Path, refusals: &mut Refusals) -> Option<Settings> {
    let (place, text) = read_text(path, refusals)?;
    Text { place, text }.settings(refusals)
}

/// A file that was read, and is no settings yet.
pub(super) struct Text {
    place: Place,
    text: String,
}

impl Text {
    /// Its settings, or `None` together with at least one refusal.
    pub(super) fn settings(&self, refusals: &mut Refusals) -> Option<Settings> {
        let entries = document::parse(&self.place.file, &self.text, refusals)?;
        Some(Settings::new("", self.place.clone(), entries))
    }
}

/// A file's text, or `None` together with a refusal.
pub(super) fn read_text(path: &Path, refusals: &mut Refusals) -> Option<(Place, String)> {
    let place = whole(path);
    let bytes = match read_bytes(path) {
        Ok(bytes) => bytes,
        Err((problem, remedy)) => {
            refusals.push(&place, "file", problem, remedy);
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some((place, text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let lines = error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count();
            let line = u32::try_from(lines + 1).unwrap_or(u32::MAX);
            let remedy = "save it as UTF-8 in your editor";
            refusals.push(&Place { line, ..place }, "file", "not UTF-8", remedy);
            None
        }
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, (String, String)> {
    let told = |error: std::io::Error| {
        let remedy = if error.kind() == ErrorKind::PermissionDenied {
            "let the user that runs pointcast read it"
        } else {
            "see that it is there and can be read"
        };
        (format!("cannot be read: {error}"), remedy.to_owned())
    };
    let about = path.metadata().map_err(told)?;
    if !about.is_file() {
        let kind = if about.is_dir() { "a folder" } else { "no regular file" };
        return Err((kind.to_owned(), "name a file".to_owned()));
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(told)?.take(MAX_FILE_BYTES + 1);
    file.read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let problem = format!("larger than {MAX_FILE_BYTES} bytes");
        return Err((problem, "split it, and take the parts in with include".to_owned()));
    }
    Ok(bytes)
}

/// The files that `include` names, by pattern and then by name, but not `replaced`. Their texts, or
/// `None` for any that cannot be had. Patterns that match nothing are added to `unmatched`.
pub(super) fn read_included(
    main: &Path,
    include: &Located<Vec<String>>,
    replaced: Option<&Path>,
    unmatched: &mut Vec<String>,
    refusals: &mut Refusals,
) -> Vec<Option<Text>> {
    let mut seen = HashMap::from([(identity(main), None)]);
    let mut files = Vec::new();
    for pattern in &include.value {
        let paths = matches(main, pattern, include, refusals);
        if paths.is_empty() {
            unmatched.push(pattern.clone());
        }
        for path in paths {
            match seen.insert(identity(&path), Some(pattern)) {
                None => files.push(path),
                Some(None) => include.refuse(
                    refusals,
                    format!("{pattern:?} takes in the file it stands in"),
                    "keep the included files in a folder of their own: include = [\"site.d/*.toml\"]",
                ),
                Some(Some(earlier)) => include.refuse(
                    refusals,
                    format!("{} is taken in twice, by {earlier:?} and {pattern:?}", path.display()),
                    "let each file be matched once",
                ),
            }
        }
    }
    if files.len() > MAX_INCLUDED_FILES {
        let problem = format!("takes in {} files", files.len());
        include.refuse(refusals, problem, format!("have at most {MAX_INCLUDED_FILES}"));
        files.clear();
    }
    let replaced = replaced.map(identity);
    let stays = |path: &&PathBuf| replaced.as_ref() != Some(&identity(path));
    let mut text =
        |path: &PathBuf| read_text(path, refusals).map(|(place, text)| Text { place, text });
    files.iter().filter(stays).map(&mut text).collect()
}

/// The same for two ways to the same file.
pub(super) fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn matches(
    main: &Path,
    pattern: &str,
    include: &Located<Vec<String>>,
    refusals: &mut Refusals,
) -> Vec<PathBuf> {
    if pattern.contains("**") {
        let remedy = "name the folders: [\"site.d/*.toml\", \"site.d/*/*.toml\"]";
        include.refuse(refusals, format!("{pattern:?} would walk whole trees"), remedy);
        return Vec::new();
    }
    let folder = main.parent().unwrap_or(Path::new(""));
    let Some(folder) = folder.to_str() else {
        include.refuse(refusals, "the folder's name is not UTF-8", "rename the folder");
        return Vec::new();
    };
    let full = Path::new(&Pattern::escape(folder)).join(pattern);
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let find = |_| glob::glob_with(&full.to_string_lossy(), options);
    let found = match Pattern::new(pattern).and_then(find) {
        Ok(found) => found,
        Err(error) => {
            let (at, why) = (error.pos + 1, error.msg);
            let problem = format!("{pattern:?} is no pattern: {why}, at character {at}");
            include.refuse(refusals, problem, "write it like \"site.d/*.toml\"");
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in found.take(MAX_INCLUDED_FILES + 1) {
        match path {
            Ok(path) => paths.push(path),
            Err(error) => {
                let problem = format!("{pattern:?} leads to a folder that cannot be read: {error}");
                include.refuse(refusals, problem, "let the user that runs pointcast read it");
            }
        }
    }
    if paths.is_empty() && !pattern.contains(['*', '?', '[']) {
        let problem = format!("there is no file {}", Path::new(folder).join(pattern).display());
        let remedy = format!(
            "make it, or take {pattern:?} out; paths are relative to {}",
            include.place.file
        );
        include.refuse(refusals, problem, remedy);
    }
    paths.sort();
    paths
}
