//! Help, version, and command lines that are wrong.

use crate::program::run;

#[tokio::test]
async fn help_shows_examples_and_exit_codes() {
    let help = run(&["--help"]).await;
    assert_eq!(help.code, Some(0));
    for part in ["Examples:", "pointcast check --config", "Exit codes:", "config/pointcast.toml"] {
        assert!(help.stdout.contains(part), "{part} is not in\n{}", help.stdout);
    }
    for command in ["run", "check", "sim", "watch"] {
        let help = run(&[command, "--help"]).await;
        assert_eq!(help.code, Some(0));
        assert!(help.stdout.contains("Examples:"), "{command}");
    }
}

#[tokio::test]
async fn the_version_is_that_of_the_package() {
    let version = run(&["--version"]).await;
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout, concat!("pointcast ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[tokio::test]
async fn a_wrong_command_line_is_refused_with_two() {
    for arguments in [["--nonsense", "x"], ["fly", "x"], ["check", "--confg=x"], ["watch", "--url"]]
    {
        let ended = run(&arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert!(ended.stderr.contains("error:"), "{arguments:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_log_level_that_is_none_is_refused() {
    let ended = run(&["check", "--log", "pointcast=loud"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.starts_with("--log \"pointcast=loud\" is no log level"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("give error, warn, info, debug or trace"));
}
