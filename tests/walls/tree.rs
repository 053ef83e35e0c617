//! The project's files, and which of their lines run in the product.

use std::fs;
use std::path::{Path, PathBuf};

/// One file, by its path from the root with `/`.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether none of it is built into the product.
    pub(crate) is_test: bool,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the project, in no order.
pub(crate) fn tree() -> Vec<Source> {
    let apart = ["target", ".git", "node_modules", "__pycache__"];
    let mut sources = Vec::new();
    let mut rooms: Vec<PathBuf> = vec![root().to_owned()];
    while let Some(room) = rooms.pop() {
        for entry in fs::read_dir(room).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_symlink() || apart.contains(&&*name) {
                continue;
            }
            if path.is_dir() {
                rooms.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                sources.push(Source { path, text, is_test: false });
            }
        }
    }
    let tests: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for Source { path, is_test, .. } in &mut sources {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        let inside = |module: &String| stem == module || stem.starts_with(&format!("{module}/"));
        *is_test = path.split('/').any(|part| ["tests", "benches"].contains(&part))
            || tests.iter().any(inside);
    }
    sources
}

/// Paths, without `.rs`, of the modules that a file declares for tests alone.
pub(crate) fn test_modules(source: &Source) -> Vec<String> {
    let (room, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let room = match file {
        "mod.rs" | "lib.rs" | "main.rs" => room.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    declared
        .filter_map(|pair| pair[1].strip_suffix(';')?.rsplit_once("mod "))
        .map(|(_, name)| format!("{room}/{name}"))
        .collect()
}

pub(crate) fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source.text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

pub(crate) fn is_rust(source: &Source) -> bool {
    source.path.ends_with(".rs")
}

/// These files write down what the others must not hold.
pub(crate) fn is_of_walls(source: &Source) -> bool {
    source.path.starts_with("tests/walls/")
}

/// Lines of Rust that run in the product: no test code, no comments.
pub(crate) fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let counts = source.path.ends_with(".rs") && !source.is_test;
    let mut seen_test_mark = false;
    lines(source)
        .take_while(move |(_, line)| {
            let tests_begin =
                seen_test_mark && line.contains("mod ") && line.trim_end().ends_with('{');
            seen_test_mark = line.trim() == "#[cfg(test)]";
            !tests_begin
        })
        .filter(move |(_, line)| counts && !line.trim_start().starts_with("//"))
}
