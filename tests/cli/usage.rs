//! Help, version, and command lines that are wrong.

use crate::program::run;

#[tokio::test]
async fn help_shows_examples_and_exit_codes() {
    let help = run(&["--help"]).await;
    assert_eq!(help.code, Some(0));
    for part in ["Examples:", "pointcast check --config", "Exit codes:", "config/pointcast.toml"] {
        assert!(help.stdout.contains(part), "{part} is not in\n{}", help.stdout);
    }
    for command in ["run", "check", "import", "export", "probe", "sim", "watch"] {
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
    for (level, why) in
        [("pointcast=loud", "error parsing level filter"), ("lous", "what is \"lous\"?")]
    {
        let ended = run(&["check", "--log", level]).await;
        assert_eq!(ended.code, Some(2));
        let expected = format!("--log {level:?} is no log level: {why}");
        assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
        assert!(ended.stderr.contains("give error, warn, info, debug or trace"));
    }
}

#[tokio::test]
async fn the_log_level_may_stand_before_the_command_and_the_file_may_not() {
    let wrong = run(&["--config", "a.toml", "check"]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("--config stands behind its command"), "{}", wrong.stderr);
    for level in ["debug", "info,pointcast=trace", "off"] {
        assert_eq!(run(&["--log", level, "check"]).await.code, Some(0), "{level}");
    }
}
