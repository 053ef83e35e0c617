//! Where profiles lie: one file each, `profiles/<name>.toml`, read when a device first uses it and only once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointcast_api::settings::{Located, Refusals};

use super::Profile;
use crate::config::files;
use crate::config::points::shown;
use crate::config::words::near;

/// Most characters of a profile's name.
const MAX_NAME_CHARS: usize = 64;

/// Most files of a folder that are looked at to tell which profiles there are.
const MAX_LOOKED_AT: usize = 1024;

/// The folders, and what was read from them.
#[derive(Debug)]
pub(in crate::config) struct Shelf<'a> {
    /// In the order they are looked through.
    folders: Vec<PathBuf>,
    drivers: Vec<&'a str>,
    /// `None` for a profile that was refused.
    read: HashMap<String, Option<Arc<Profile>>>,
}

impl<'a> Shelf<'a> {
    /// The folders are relative to `main`'s; those named by the person are to be there.
    pub(in crate::config) fn new(
        main: &Path,
        named: Option<&Located<Vec<String>>>,
        drivers: Vec<&'a str>,
        refusals: &mut Refusals,
    ) -> Self {
        let beside = main.parent().unwrap_or(Path::new(""));
        let usual = [super::super::gateway::DEFAULT_PROFILES.to_owned()];
        let names = named.map_or(usual.as_slice(), |named| named.value.as_slice());
        let folders: Vec<PathBuf> = names.iter().map(|name| beside.join(name)).collect();
        for folder in folders.iter().filter(|folder| !folder.is_dir()) {
            if let Some(named) = named {
                let problem = format!("there is no folder {}", folder.display());
                let remedy = format!("make it; paths are relative to {}", named.place.file);
                named.refuse(refusals, problem, remedy);
            }
        }
        Self { folders, drivers, read: HashMap::new() }
    }

    /// The profile that `name` means; `None` together with a refusal, of the name or once of the file.
    pub(super) fn profile(
        &mut self,
        name: &Located<String>,
        refusals: &mut Refusals,
    ) -> Option<Arc<Profile>> {
        if let Some(known) = self.read.get(&name.value) {
            return known.clone();
        }
        if !is_name(&name.value) {
            let problem = format!("{} is no name of a profile", shown(&name.value));
            let remedy = "give the file's name without folder and .toml: profile = \"sdm630\"";
            name.refuse(refusals, problem, remedy);
            return None;
        }
        let file = format!("{}.toml", name.value);
        let mut paths = self.folders.iter().map(|folder| folder.join(&file));
        let Some(path) = paths.find(|path| path.exists()) else {
            let problem = format!("there is no profile {:?}", name.value);
            name.refuse(refusals, problem, self.remedy(&name.value));
            return None;
        };
        let settings = files::read(&path, refusals);
        let profile = settings.and_then(|file| Profile::take(file, &self.drivers, refusals));
        let profile = profile.map(Arc::new);
        self.read.insert(name.value.clone(), profile.clone());
        profile
    }

    fn remedy(&self, name: &str) -> String {
        let mut names: Vec<String> =
            self.folders.iter().flat_map(|folder| listed(folder)).collect();
        names.sort_unstable();
        names.dedup();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.is_empty() {
            let folders: Vec<String> =
                self.folders.iter().map(|folder| folder.display().to_string()).collect();
            return format!("{name}.toml was looked for in {}", folders.join(" and "));
        }
        near(name, &names)
    }
}

fn is_name(text: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || ['-', '_', '.', ' '].contains(&c);
    text.chars().count() <= MAX_NAME_CHARS
        && !text.starts_with('.')
        && !text.ends_with(".toml")
        && text.chars().all(in_name)
}

/// The names of the profiles in a folder.
fn listed(folder: &Path) -> Vec<String> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let name = |path: PathBuf| {
        let stem = path.file_stem()?.to_str()?;
        (path.extension()? == "toml" && is_name(stem)).then(|| stem.to_owned())
    };
    entries.take(MAX_LOOKED_AT).flatten().filter_map(|entry| name(entry.path())).collect()
}
