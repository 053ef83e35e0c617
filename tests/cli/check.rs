//! `pointcast check`.

use std::path::Path;

use crate::program::{Folder, run};

#[tokio::test]
async fn the_default_site_and_every_example_are_right() {
    let folder = Folder::new();
    copy("config/profiles", &folder.path().join("profiles"));
    let examples = std::fs::read_dir("config/examples").unwrap();
    let examples = examples.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        folder.write(name, &std::fs::read_to_string(&path).unwrap())
    });
    let mut count = 0;
    for path in examples.chain(["config/pointcast.toml".to_owned()]) {
        let checked = run(&["check", "--config", &path]).await;
        assert_eq!(checked.stderr, "", "{path}");
        assert_eq!(checked.code, Some(0), "{path}");
        assert!(checked.stdout.starts_with(&format!("{path}: right. ")), "{}", checked.stdout);
        assert!(checked.stdout.contains("reading plan: "), "{}", checked.stdout);
        count += 1;
    }
    assert!(count >= 6, "only {count} files found");
}

#[tokio::test]
async fn a_plan_can_be_had_by_programs() {
    let arguments = ["check", "--plan", "--json", "--config"];
    let checked = run(&[&arguments[..], &["tests/check_cases/revised.toml"]].concat()).await;
    assert_eq!((checked.stderr.as_str(), checked.code), ("", Some(0)));
    let told: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    let line = &told["channels"][0];
    assert_eq!(line["channel"], "line");
    assert_eq!(line["basis"], "9600 baud 8E1 and a turnaround of 5 ms (turnaround_ms)");
    let near = |value: &serde_json::Value, expected: f64| {
        let found = value.as_f64().unwrap();
        assert!((found - expected).abs() < 0.01, "{found}");
    };
    near(&line["utilisation"], 0.9);
    near(&line["configured_utilisation"], 1.241);
    let request = &line["requests"][0];
    let parts = serde_json::json!({
        "unit": 1, "function": 3, "table": "holding registers", "start": 0, "count": 125,
    });
    assert_eq!(request["parts"], parts);
    assert_eq!(request["points"], serde_json::json!(["meter/a"]));
    assert_eq!((&request["scan_ms"], &request["configured_scan_ms"]), (&690.into(), &500.into()));
    near(&request["wire_ms"], 306.354);
    near(&request["busy_ms"], 310.365);
    let alone = run(&["check", "--json"]).await;
    assert_eq!(alone.code, Some(2));
    assert!(alone.stderr.contains("--plan"), "{}", alone.stderr);
}

/// Copies the files of one folder into a new one.
fn copy(from: &str, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn every_example_fits_beside_the_default_site() {
    let folder = Folder::new();
    let site = folder.path().join("site.d");
    std::fs::create_dir(&site).unwrap();
    copy("config/profiles", &folder.path().join("profiles"));
    let files = |from: &str| {
        let files = std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| (path.file_name().unwrap().to_owned(), path)).collect::<Vec<_>>()
    };
    for (name, path) in files("config/site.d") {
        std::fs::copy(path, site.join(name)).unwrap();
    }
    let main =
        folder.write("main.toml", &std::fs::read_to_string("config/pointcast.toml").unwrap());
    let examples = files("config/examples");
    assert!(examples.len() >= 4, "{examples:?}");
    for (name, path) in &examples {
        let copy = site.join(format!("example-{}", name.to_str().unwrap()));
        std::fs::copy(path, &copy).unwrap();
        let checked = run(&["check", "--config", &main]).await;
        assert_eq!((checked.stderr.as_str(), checked.code), ("", Some(0)), "{name:?}");
        std::fs::remove_file(copy).unwrap();
    }
    for (name, path) in &examples {
        std::fs::copy(path, site.join(format!("example-{}", name.to_str().unwrap()))).unwrap();
    }
    let checked = run(&["check", "--config", &main]).await;
    assert_eq!((checked.stderr.as_str(), checked.code), ("", Some(0)), "all together");
}

#[tokio::test]
async fn a_site_without_devices_is_right_and_said_to_be_empty() {
    let folder = Folder::new();
    let path = folder.write("main.toml", "gateway.include = [\"site.d/*.toml\"]\n");
    let checked = run(&["check", "--config", &path]).await;
    assert_eq!((checked.stderr.as_str(), checked.code), ("", Some(0)));
    let told = "\nwarning: there is no device to read yet, and no file matches include \"site.d/*.toml\": ";
    assert!(checked.stdout.contains(told), "{}", checked.stdout);
}

#[tokio::test]
async fn points_that_nobody_may_write_are_said() {
    let folder = Folder::new();
    let site = "[[channels]]\nname = \"net\"\ndriver = \"modbus-tcp\"\naddress = \"10.0.0.5\"\n\
                [[devices]]\nname = \"d\"\nchannel = \"net\"\npoints = [\n\
                { name = \"a\", address = \"holding:0\", type = \"u16\", writable = true },\n\
                { name = \"b\", address = \"coil:0\", writable = true },\n]\n";
    let check = async |writes: &str| {
        let path = folder.write("main.toml", &format!("{writes}{site}"));
        let checked = run(&["check", "--config", &path]).await;
        assert_eq!((checked.stderr.as_str(), checked.code), ("", Some(0)));
        checked.stdout
    };
    let told = "\nwarning: d/a and 1 more point are writable, but this gateway takes no writes: add [writes]";
    for writes in ["", "[writes]\n"] {
        let checked = check(writes).await;
        assert!(checked.contains(told), "{checked}");
    }
    for writes in ["writes.enabled = true\n", "writes.enabled = false\n"] {
        let checked = check(writes).await;
        assert!(!checked.contains("warning"), "{checked}");
    }
}

#[tokio::test]
async fn a_file_without_its_option_is_refused_with_the_option() {
    for (arguments, meant) in [
        (vec!["check", "nope.toml"], "pointcast check --config nope.toml"),
        (vec!["run", "a/b"], "pointcast run --config a/b"),
        (vec!["nope.toml"], "pointcast --config nope.toml"),
    ] {
        let ended = run(&arguments).await;
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(meant), "{}", ended.stderr);
    }
    for arguments in [vec!["sim", "nope.toml"], vec!["chekc"], vec!["check", "--nope.toml"]] {
        let ended = run(&arguments).await;
        assert_eq!(ended.code, Some(2));
        assert!(!ended.stderr.contains("--config"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn everything_wrong_is_told_at_once_and_counted() {
    let folder = Folder::new();
    folder.write("more.toml", "[[channels]]\nname = \"broker\"\ndriver = \"mqtt\"\n");
    let path = folder.write(
        "main.toml",
        "[gateway]\nlisten = \"everywhere\"\ninclude = [\"more.toml\"]\n\n\
         [[channels]]\nname = \"broker\"\ndriver = \"mqqt\"\n",
    );
    let checked = run(&["check", "--config", &path]).await;
    assert_eq!(checked.code, Some(2));
    assert_eq!(checked.stdout, "");
    let told = checked.stderr.replace(&format!("{}/", folder.path().display()), "");
    let expected_lines = [
        "main.toml:2: gateway: listen: \"everywhere\" is no IP address with a port",
        "main.toml:7: channel \"broker\": driver: there is no driver \"mqqt\"",
        "more.toml:2: channel: name: a second channel \"broker\", the first is at main.toml:5",
        " problems in 2 files\n",
    ];
    for expected in expected_lines {
        assert!(told.contains(expected), "{expected:?} is not in\n{told}");
    }
    let problems = told.lines().filter(|line| line.contains(".toml:")).count();
    assert!(told.contains(&format!("\n{problems} problems in 2 files")), "{told}");
}

#[tokio::test]
async fn a_missing_file_says_what_to_do() {
    let checked = run(&["check", "--config", "no/such.toml"]).await;
    assert_eq!(checked.code, Some(2));
    let told = "no/such.toml: configuration: there is no file /";
    assert!(checked.stderr.starts_with(told), "{}", checked.stderr);
    assert!(checked.stderr.contains("name another with --config FILE"), "{}", checked.stderr);
    assert!(checked.stderr.ends_with("1 problem in 1 file\n"));
}
