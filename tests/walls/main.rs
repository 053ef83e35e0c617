//! The walls of the design, held by reading the tree: who may know whom, who may start tasks, what may be
//! unbounded (nothing), how long a file may grow and what it may name.
//!
//! Each wall is a pure function from one file to its breaches, tried below on text that must breach it. Test code
//! is what stands in `tests/`, in a module declared behind `#[cfg(test)]`, or behind `#[cfg(test)] mod … {`, which
//! ends a file here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

mod tree;

use tree::{Source, code, is_of_walls, is_rust, lines, test_modules, tree};

/// A line (from 1) and what is wrong with it.
type Breach = (usize, String);

type Wall = fn(&Source) -> Vec<Breach>;

const WALLS: [(&str, Wall); 9] = [
    ("drivers depend on the contract alone", drivers_know_the_contract_alone),
    ("the service names drivers in its registry alone", drivers_are_named_in_the_registry),
    ("HTTP knows no driver", http_knows_no_driver),
    ("long-lived tasks start in one place", tasks_start_in_one_place),
    ("nothing is unbounded", nothing_is_unbounded),
    ("files stay short", files_stay_short),
    ("nothing names the machine it was made on", nothing_names_its_machine),
    ("nothing is left undone", nothing_is_left_undone),
    ("the page is its own files alone", the_page_is_its_own),
];

/// A file has fewer lines than this.
const LINES: usize = 400;

#[test]
fn the_walls_stand() {
    let sources = tree();
    assert!(sources.iter().any(|source| source.path == "src/lib.rs"), "the tree was not found");
    let mut breaches = Vec::new();
    for (name, wall) in WALLS {
        for source in &sources {
            for (line, why) in wall(source) {
                breaches.push(format!("{}:{line}: {name}: {why}", source.path));
            }
        }
    }
    assert!(breaches.is_empty(), "{} breaches\n{}", breaches.len(), breaches.join("\n"));
}

// ---- who may know whom -------------------------------------------------------------------------------------

const DRIVERS: [&str; 3] = ["modbus", "mqtt", "serial"];

fn drivers_know_the_contract_alone(source: &Source) -> Vec<Breach> {
    let Some(member) =
        source.path.strip_prefix("drivers/").and_then(|p| p.strip_suffix("/Cargo.toml"))
    else {
        return Vec::new();
    };
    let may = |section: &str, name: &str| match name {
        "pointcast-api" => true,
        // A driver may be tried against the simulated devices.
        "pointcast-sim" => section == "[dev-dependencies]" && DRIVERS.contains(&member),
        // Its fuzz targets know the driver itself.
        _ => {
            member.strip_suffix("/fuzz").is_some_and(|driver| name == format!("pointcast-{driver}"))
        }
    };
    let mut section = "";
    lines(source)
        .filter(|(_, line)| {
            if line.starts_with('[') {
                section = line;
            }
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            section.ends_with("dependencies]")
                && name.starts_with("pointcast")
                && !may(section, name)
        })
        .map(|(at, line)| (at, format!("`{line}`: only pointcast-api belongs here")))
        .collect()
}

fn drivers_are_named_in_the_registry(source: &Source) -> Vec<Breach> {
    if !source.path.starts_with("src/") || source.path == "src/registry.rs" {
        return Vec::new();
    }
    let shows_devices = ["src/app.rs", "src/main.rs"].contains(&source.path.as_str())
        || source.path.starts_with("src/cli/");
    code(source)
        .filter(|(_, line)| {
            DRIVERS.iter().any(|driver| line.contains(&format!("pointcast_{driver}")))
                || (line.contains("pointcast_sim") && !shows_devices)
        })
        .map(|(at, line)| (at, format!("`{}`: go through src/registry.rs", line.trim())))
        .collect()
}

fn http_knows_no_driver(source: &Source) -> Vec<Breach> {
    if !source.path.starts_with("src/http/") {
        return Vec::new();
    }
    let words = [
        "pointcast_modbus",
        "pointcast_mqtt",
        "pointcast_serial",
        "pointcast_sim",
        "crate::registry",
        "crate::supervisor",
    ];
    code(source)
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(at, line)| (at, format!("`{}`: HTTP reads the table and the devices", line.trim())))
        .collect()
}

// ---- what runs, and how much of it -------------------------------------------------------------------------

fn tasks_start_in_one_place(source: &Source) -> Vec<Breach> {
    if ["src/app.rs", "src/http/accept/mod.rs"].contains(&source.path.as_str()) {
        return Vec::new();
    }
    code(source)
        .filter(|(_, line)| {
            let calls = line.replace("spawn_blocking(", "");
            ["spawn(", "spawn_on(", "spawn_local("].iter().any(|call| calls.contains(call))
        })
        .map(|(at, line)| {
            (at, format!("`{}`: only src/app.rs and the accept loop start tasks", line.trim()))
        })
        .collect()
}

fn nothing_is_unbounded(source: &Source) -> Vec<Breach> {
    if !is_rust(source) || is_of_walls(source) {
        return Vec::new();
    }
    let words = [
        "unbounded_channel",
        "mpsc::unbounded",
        "UnboundedSender",
        "UnboundedReceiver",
        "std::sync::mpsc",
    ];
    lines(source)
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(at, line)| (at, format!("`{}`: give the queue a bound with a name", line.trim())))
        .collect()
}

// ---- what a file may be ------------------------------------------------------------------------------------

fn files_stay_short(source: &Source) -> Vec<Breach> {
    // All messages of a language are in one file.
    if ["web/src/text/en.ts", "web/src/text/zh.ts"].contains(&&*source.path) {
        return Vec::new();
    }
    let kinds = ["rs", "js", "mjs", "ts", "tsx", "css", "html", "py", "sh", "run"];
    let kind = source.path.rsplit(['.', '/']).next().unwrap_or_default();
    let count = source.text.lines().count();
    if count < LINES || !kinds.contains(&kind) {
        return Vec::new();
    }
    vec![(LINES, format!("{count} lines, fewer than {LINES} are allowed: one idea a file"))]
}

fn nothing_names_its_machine(source: &Source) -> Vec<Breach> {
    if is_of_walls(source) {
        return Vec::new();
    }
    // This checkout, whoever made it; people's folders; where a package client was told to look.
    let words = [
        env!("CARGO_MANIFEST_DIR"),
        "/root/",
        "/home/",
        "/tmp/target",
        "://registry.",
        "index-url",
        "\"resolved\"",
    ];
    lines(source)
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(at, line)| (at, format!("`{}`: true on one machine only", line.trim())))
        .collect()
}

fn nothing_is_left_undone(source: &Source) -> Vec<Breach> {
    if is_of_walls(source) {
        return Vec::new();
    }
    let words =
        ["TODO", "FIXME", "todo!(", "unimplemented!(", "#[ignore", "test.skip(", "test.only("];
    lines(source)
        // A test that another one runs, in a process of its own, says so.
        .filter(|(_, line)| {
            words.iter().any(|word| line.contains(word)) && !line.contains("#[ignore = \"run by ")
        })
        .map(|(at, line)| (at, format!("`{}`: finish it or leave it out", line.trim())))
        .collect()
}

/// The page's policy forbids inline code and other sites; a breach would only show as a broken page.
fn the_page_is_its_own(source: &Source) -> Vec<Breach> {
    let Some(name) = source.path.strip_prefix("web/") else { return Vec::new() };
    if name.contains("tests/") || name.ends_with("package-lock.json") {
        return Vec::new();
    }
    let words = [
        "<style",
        " style=\"",
        "javascript:",
        "https://",
        "\"data:",
        "(data:",
        " onclick=",
        "eval(",
        "innerHTML",
    ];
    lines(source)
        .filter(|(_, line)| {
            words.iter().any(|word| line.contains(word))
                || (line.contains("<script") && !line.contains("src=\"/"))
        })
        .map(|(at, line)| {
            (at, format!("`{}`: nothing inline, nothing from elsewhere", line.trim()))
        })
        .collect()
}

// ---- a wall that nothing can breach is none ----------------------------------------------------------------

#[track_caller]
fn check(wall: Wall, path: &str, text: &str, expected: &[usize]) {
    let is_test = path.contains("/tests/");
    let found = wall(&Source { path: path.to_owned(), text: text.to_owned(), is_test });
    let at: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(at, expected, "{path}: {text:?}");
}

#[test]
fn test_modules_are_found_where_they_are_declared() {
    let declares = |path: &str| Source {
        path: path.to_owned(),
        text: "mod run;\n#[cfg(test)]\npub(crate) mod storm;\n".to_owned(),
        is_test: false,
    };
    assert_eq!(
        test_modules(&declares("drivers/a/src/session/mod.rs")),
        ["drivers/a/src/session/storm"]
    );
    assert_eq!(
        test_modules(&declares("drivers/a/src/session.rs")),
        ["drivers/a/src/session/storm"]
    );
    assert_eq!(test_modules(&declares("drivers/a/src/lib.rs")), ["drivers/a/src/storm"]);
}

#[test]
fn each_wall_sees_its_breach() {
    let toml = "[dependencies]\npointcast-api.workspace = true\npointcast-mqtt = { path = \"../mqtt\" }\npointcast-sim.workspace = true\n[dev-dependencies]\npointcast-sim.workspace = true\n";
    check(drivers_know_the_contract_alone, "drivers/modbus/Cargo.toml", toml, &[3, 4]);
    check(drivers_know_the_contract_alone, "drivers/api/Cargo.toml", toml, &[3, 4, 6]);
    check(drivers_know_the_contract_alone, "Cargo.toml", toml, &[]);
    check(drivers_know_the_contract_alone, "drivers/mqtt/fuzz/Cargo.toml", toml, &[4, 6]);

    check(
        drivers_are_named_in_the_registry,
        "src/app.rs",
        "use pointcast_sim::Site;\nuse pointcast_mqtt::build;\n",
        &[2],
    );
    check(
        drivers_are_named_in_the_registry,
        "src/table/mod.rs",
        "// pointcast_mqtt\nuse pointcast_sim::Site;\n",
        &[2],
    );
    check(
        drivers_are_named_in_the_registry,
        "src/registry.rs",
        "use pointcast_mqtt::build;\n",
        &[],
    );
    check(http_knows_no_driver, "src/http/points.rs", "use crate::registry::DRIVERS;\n", &[1]);

    let spawns = "fn run() {\n    tokio::spawn(work());\n    tokio::task::spawn_blocking(read);\n}\n\n#[cfg(test)]\nmod tests {\n    fn it() { tokio::spawn(work()); }\n}\n";
    check(tasks_start_in_one_place, "src/supervisor.rs", spawns, &[2]);
    check(tasks_start_in_one_place, "src/app.rs", spawns, &[]);
    check(tasks_start_in_one_place, "drivers/mqtt/tests/it.rs", spawns, &[]);
    let declared = "#[cfg(test)]\nmod tests;\nfn run() { set.spawn(work()); }\n";
    check(tasks_start_in_one_place, "src/config/mod.rs", declared, &[3]);

    check(
        nothing_is_unbounded,
        "drivers/sim/src/lib.rs",
        "let (a, b) = mpsc::unbounded_channel();\n",
        &[1],
    );
    check(files_stay_short, "tests/run", &"x\n".repeat(400), &[400]);
    check(files_stay_short, "web/src/text/en.ts", &"x\n".repeat(400), &[]);
    check(files_stay_short, "web/src/app.tsx", &"x\n".repeat(400), &[400]);
    check(files_stay_short, "web/app.js", &"x\n".repeat(399), &[]);
    check(nothing_names_its_machine, "README.md", "cd /root/x\n", &[1]);
    check(
        nothing_names_its_machine,
        "tests/peers/package-lock.json",
        "\n  \"resolved\": \"x\",\n",
        &[2],
    );
    check(nothing_is_left_undone, "src/lib.rs", "fn a() {}\n// TODO: b\n", &[2]);
    check(
        the_page_is_its_own,
        "web/index.html",
        "<script src=\"/app.js\"></script>\n<script>1</script>\n<p style=\"x\">\n",
        &[2, 3],
    );
    check(the_page_is_its_own, "web/tests/a.test.js", "'https://x'\n", &[]);
    check(the_page_is_its_own, "web/client/package-lock.json", "\"https://x\"\n", &[]);
    check(the_page_is_its_own, "web/client/src/a.ts", "'https://x'\n", &[1]);
}
