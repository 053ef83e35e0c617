//! `pointcast check`.

use crate::program::{Folder, run};

#[tokio::test]
async fn the_default_site_and_every_example_are_right() {
    let examples = std::fs::read_dir("config/examples").unwrap();
    let examples = examples.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned());
    let mut count = 0;
    for path in examples.chain(["config/pointcast.toml".to_owned()]) {
        let checked = run(&["check", "--config", &path]).await;
        assert_eq!(checked.stderr, "", "{path}");
        assert_eq!(checked.code, Some(0), "{path}");
        assert!(checked.stdout.starts_with(&format!("{path}: right. ")), "{}", checked.stdout);
        assert!(checked.stdout.contains("reading plan: "), "{}", checked.stdout);
        count += 1;
    }
    assert!(count >= 5, "only {count} files found");
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
        "2 files; nothing was started",
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
    assert!(checked.stderr.starts_with("no/such.toml: file: not there"), "{}", checked.stderr);
    assert!(checked.stderr.contains("name another with --config FILE"), "{}", checked.stderr);
    assert!(checked.stderr.ends_with("1 problem in 1 file; nothing was started\n"));
}
