//! Builds the dashboard into the program.
//!
//! What is in `web` is copied to where Cargo lets build scripts write, made there by Vite, and named in `assets.rs`, which
//! `src/http/page.rs` includes: nothing is installed or built in the source tree. Where it cannot be made, for want of
//! Node or of the npm registry, a page stands in its place that says so; sources that are wrong fail the build. Without
//! the feature `dashboard` nothing is tried.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What the dashboard is made of, below `web`.
const SOURCES: [&str; 7] = [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "index.html",
    "src",
    "client/src",
];

/// What Vite runs on. On another Node its build fails, and the gateway's with it.
const NODE: &str = "Node 20.19, 22.12 or newer, with npm";

fn is_new_enough(version: (u32, u32)) -> bool {
    ((20, 19)..(21, 0)).contains(&version) || version >= (22, 12)
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Why there is no dashboard, as the end of “When this gateway was built, …”.
struct Missing(String);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let web = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("web");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for source in SOURCES.iter().chain(&["plain.html"]) {
        println!("cargo::rerun-if-changed={}", web.join(source).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    let made = if std::env::var_os("CARGO_FEATURE_DASHBOARD").is_some() {
        dashboard(&web, &out)?
    } else {
        Err(Missing("its feature dashboard was switched off".to_owned()))
    };
    let dist = match made {
        Ok(dist) => dist,
        Err(Missing(why)) => plain(&web, &out, &why)?,
    };
    fs::write(out.join("assets.rs"), assets(&dist)?)?;
    Ok(())
}

/// Makes the dashboard; `Err(Missing)` where what makes it is not there.
fn dashboard(web: &Path, out: &Path) -> Outcome<Result<PathBuf, Missing>> {
    if let Err(why) = node() {
        return Ok(Err(Missing(why)));
    }
    let work = out.join("web");
    let dist = out.join("dist");
    for source in SOURCES {
        copy(&web.join(source), &work.join(source))?;
    }
    if let Err(why) = install(&work)? {
        return Ok(Err(Missing(why)));
    }
    let vite = work.join("node_modules/vite/bin/vite.js");
    let output = Command::new("node")
        .arg(vite)
        .arg("build")
        .current_dir(&work)
        .env("POINTCAST_DASHBOARD_OUT", &dist)
        .env("NO_COLOR", "1")
        .output()?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat();
        return Err(
            format!("the dashboard in {} could not be built:\n{said}", web.display()).into()
        );
    }
    Ok(Ok(dist))
}

/// Whether there is a Node that is new enough; why not, else.
fn node() -> Result<(), String> {
    let Ok(output) = Command::new("node").arg("--version").output() else {
        return Err(format!("there was no Node, which makes it ({NODE})"));
    };
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut parts = said.trim_start_matches('v').split('.').map(str::parse);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if is_new_enough((major, minor)) => Ok(()),
        _ => Err(format!("Node was {said}; {NODE} makes it")),
    }
}

/// Puts the packages beside the copy, once for each lock file.
fn install(work: &Path) -> Outcome<Result<(), String>> {
    let lock = fs::read(work.join("package-lock.json"))?;
    let stamp = work.join("node_modules/.made-from-lock.json");
    if fs::read(&stamp).is_ok_and(|made_from| made_from == lock) {
        return Ok(Ok(()));
    }
    let output = Command::new("npm")
        .args([
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
            // A registry that is silent does not hold up the build for long: there is a page without it.
            "--fetch-timeout=60000",
            "--fetch-retries=1",
        ])
        .current_dir(work)
        .output();
    let said = match output {
        Ok(output) if output.status.success() => {
            fs::write(stamp, lock)?;
            return Ok(Ok(()));
        }
        Ok(output) => {
            String::from_utf8_lossy(&output.stderr).lines().take(3).collect::<Vec<_>>().join("; ")
        }
        Err(error) => error.to_string(),
    };
    Ok(Err(format!("npm could not fetch the packages that make it ({said})")))
}

/// The page that says what is missing, in a folder like that of the dashboard. Building again tries again.
fn plain(web: &Path, out: &Path, why: &str) -> Outcome<PathBuf> {
    if std::env::var_os("CARGO_FEATURE_DASHBOARD").is_some() {
        println!("cargo::warning=a plain page instead of the dashboard: {why}");
        println!("cargo::rerun-if-changed={}", out.join("never-there").display());
    }
    let folder = out.join("plain");
    let escaped = why.replace('&', "&amp;").replace('<', "&lt;");
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("index.html"),
        fs::read_to_string(web.join("plain.html"))?.replace("{why}", &escaped),
    )?;
    Ok(folder)
}

/// Copies a file or a folder, so that nothing else is in the copy.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        return fs::copy(from, to).map(drop);
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The table of files in Rust: path, bytes, and packed bytes where those are fewer.
fn assets(dist: &Path) -> Outcome<String> {
    let mut files = Vec::new();
    list(dist, &mut files)?;
    files.sort();
    let mut text = String::from("[\n");
    for file in files {
        let path = file.strip_prefix(dist)?.to_str().ok_or("a file's name is no UTF-8")?;
        let packed = PathBuf::from(format!("{}.gz", file.display()));
        let packed = if packed.exists() {
            format!("Some(include_bytes!({packed:?}))")
        } else {
            "None".to_owned()
        };
        writeln!(
            text,
            "    Asset {{ path: {path:?}, plain: include_bytes!({file:?}), packed: {packed} }},"
        )?;
    }
    text.push_str("]\n");
    Ok(text)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_none_or(|kind| kind != "gz") {
            files.push(path);
        }
    }
    Ok(())
}
