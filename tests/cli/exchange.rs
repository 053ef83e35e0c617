//! `pointcast import` and `pointcast export`.

use std::fs;

use crate::program::{Folder, run};

const SITE: &str = "gateway.include = [\"site.d/*.toml\"]\n\
                    [[channels]]\nname = \"line1\"\ndriver = \"modbus-tcp\"\naddress = \"10.0.0.9\"\n";

const SHEET: &str = "name;address;type;scale;unit\n\
                     temperature;holding:0;i16;0,1;°C\n\
                     pieces;ref:40101;u32;;\n";

fn folder() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("site.d")).unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    folder
}

#[tokio::test]
async fn a_sheet_becomes_a_device_and_comes_back_the_same() {
    let folder = folder();
    let (main, sheet) = (folder.write("main.toml", SITE), folder.write("points.csv", SHEET));
    let out = folder.path().join("site.d/press.toml").to_str().unwrap().to_owned();
    let command = [
        "import",
        &sheet,
        "--device",
        "press",
        "--channel",
        "line1",
        "--set",
        "unit_id=3",
        "--config",
        &main,
        "--out",
        &out,
    ];
    let imported = run(&command).await;
    let told = format!("{out}: written\n2 points of device press\n");
    assert_eq!((imported.stderr.as_str(), imported.code), (told.as_str(), Some(0)));
    assert_eq!(imported.stdout, "");
    let written = fs::read_to_string(&out).unwrap();
    assert_eq!(
        written,
        "[[devices]]\nname = \"press\"\nchannel = \"line1\"\nunit_id = 3\npoints = [\n  \
         { name = \"temperature\", address = \"holding:0\", type = \"i16\", scale = 0.1, unit = \"°C\" },\n  \
         { name = \"pieces\", address = \"ref:40101\", type = \"u32\" },\n]\n"
    );
    let checked = run(&["check", "--config", &main]).await;
    assert_eq!((checked.stderr.as_str(), checked.code), ("", Some(0)));
    assert!(
        checked.stdout.contains("device press at 10.0.0.9:502 unit 3, 2 points"),
        "{}",
        checked.stdout
    );

    let exported = run(&["export", "--device", "press", "--config", &main]).await;
    assert_eq!(
        exported.stdout,
        "\u{feff}name,address,type,scale,unit\ntemperature,holding:0,i16,0.1,°C\npieces,ref:40101,u32,,\n"
    );
    folder.write("points.csv", &exported.stdout);
    let again = run(&command).await;
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("add --replace"), "{}", again.stderr);
    let again = run(&[&command[..], &["--replace"]].concat()).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&out).unwrap(), written);
    let left: Vec<_> = fs::read_dir(folder.path().join("site.d")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing lies beside it: {left:?}");
}

#[tokio::test]
async fn nothing_is_written_unless_all_is_right() {
    let folder = folder();
    let main = folder.write("main.toml", SITE);
    let sheet = folder.write(
        "points.csv",
        "name,address,type,scale\na,holding:0,i16,\"1,000\"\nb,holding:1,i16,0.1\n",
    );
    let (out, profile) =
        (folder.path().join("site.d/p.toml"), folder.path().join("profiles/p.toml"));
    let (out_text, profile_text) = (out.to_str().unwrap(), profile.to_str().unwrap());
    let command = [
        "import",
        &sheet,
        "--device",
        "press",
        "--channel",
        "line1",
        "--config",
        &main,
        "--out",
        out_text,
        "--profile-out",
        profile_text,
    ];
    let wrong = run(&command).await;
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.contains("points.csv:2: column \"scale\": 1,000 may be"),
        "{}",
        wrong.stderr
    );
    assert!(
        wrong.stderr.ends_with("1 problem in 1 file; nothing was written\n"),
        "{}",
        wrong.stderr
    );
    folder
        .write("points.csv", "name,address,type\na,holding:0,i61\nb,30001,f32\nc,holding:2,u16\n");
    let wrong = run(&command).await;
    assert_eq!(wrong.code, Some(2));
    for told in [
        "points.csv:2: point \"press/a\": type: \"i61\"",
        "points.csv:3: point \"press/b\": address: ",
    ] {
        assert!(wrong.stderr.contains(told), "{}", wrong.stderr);
    }
    assert!(!out.exists() && !profile.exists());

    folder.write("points.csv", "name,address,type\na,holding:0,i16\nb,ref:30001,f32\n");
    let right = run(&command).await;
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    let checked = run(&["check", "--config", &main]).await;
    let told = "device press at 10.0.0.9:502 unit 1, profile p, 2 points";
    assert!(checked.stdout.contains(told), "{}{}", checked.stdout, checked.stderr);
    let again = run(&command).await;
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.starts_with("--profile-out: there is a file "), "{}", again.stderr);
}

#[tokio::test]
async fn without_a_file_it_goes_to_standard_output_and_a_lost_file_is_told() {
    let folder = folder();
    let (main, sheet) = (folder.write("main.toml", SITE), folder.write("points.csv", SHEET));
    let command = ["import", &sheet, "--device", "press", "--channel", "line1", "--config", &main];
    let shown = run(&command).await;
    assert!(shown.stdout.starts_with("[[devices]]\nname = \"press\"\n"), "{}", shown.stdout);
    assert!(shown.stderr.contains("put it into a file that "), "{}", shown.stderr);
    let aside = folder.path().join("aside.toml").to_str().unwrap().to_owned();
    let lost = run(&[&command[..], &["--out", &aside]].concat()).await;
    assert_eq!(lost.code, Some(0));
    assert!(
        lost.stderr.contains("main.toml does not take it in yet: see include"),
        "{}",
        lost.stderr
    );
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let folder = folder();
    let main = folder.write("main.toml", SITE);
    let lost = ["import", "no.csv", "--device", "press", "--channel", "line1", "--config", &main];
    let lost = run(&lost).await;
    assert_eq!(lost.code, Some(2));
    assert!(lost.stderr.starts_with("no.csv: file: cannot be read: "), "{}", lost.stderr);
    let bare =
        run(&["import", "no.csv", "--device", "press", "--channel", "line1", "--set", "unit_id"])
            .await;
    assert_eq!(bare.code, Some(2));
    assert!(bare.stderr.contains("write it like unit_id=3"), "{}", bare.stderr);
    let unknown = run(&["export", "--device", "metr"]).await;
    assert_eq!(unknown.code, Some(2));
    let told = "the command line: --device: there is no device \"metr\"\n    is \"meter\" meant?";
    assert!(unknown.stderr.starts_with(told), "{}", unknown.stderr);
}
