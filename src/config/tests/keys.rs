//! `config/KEYS.md` names every key that the program takes: each section is given one that it does not know, and
//! what it then says it knows must stand in the document.

use std::collections::BTreeSet;
use std::fs;

use super::Folder;
use crate::config::load;
use crate::registry::DRIVERS;

const SITE: &str = r#"
unheard = 1
[gateway]
unheard = 1
[limits]
unheard = 1
[writes]
unheard = 1
[simulation]
unheard = 1
[[channels]]
name = "c"
driver = "DRIVER"
unheard = 1
[[devices]]
name = "d"
channel = "c"
unheard = 1
points = [{ name = "p", unheard = 1 }]
[[devices]]
name = "e"
channel = "c"
profile = "p"
"#;

const PROFILE: &str = r#"
unheard = 1
device = { unit_id = 2 }
parameters = { a = { unheard = 1 } }
points = [{ name = "p" }]
"#;

fn known_keys(driver: &str) -> BTreeSet<String> {
    let folder = Folder::new(&format!("keys-{driver}"));
    let path = folder.write("main.toml", SITE.replace("DRIVER", driver));
    folder.write("profiles/p.toml", PROFILE);
    let refusals = load(&path).expect_err("nothing is called unheard");
    let remedies = refusals.iter().filter(|refusal| refusal.problem == "unknown key");
    let lists: Vec<&str> =
        remedies.map(|refusal| refusal.remedy.strip_prefix("known here: ").unwrap()).collect();
    assert_eq!(lists.len(), 10, "{refusals:#?}");
    lists.iter().flat_map(|list| list.split(", ")).map(str::to_owned).collect()
}

#[test]
fn every_key_stands_in_the_document() {
    let document = fs::read_to_string("config/KEYS.md").unwrap();
    // `password` is known only to be refused with its remedy.
    let told = |key: &String| key == "password" || document.contains(&format!("`{key}`"));
    for driver in DRIVERS.iter().map(|kind| kind.name) {
        assert!(document.contains(&format!("`\"{driver}\"`")), "{driver}");
        let keys = known_keys(driver);
        let sections = ["gateway", "limits", "writes", "simulation", "channels", "devices"];
        let untold: Vec<_> =
            keys.iter().filter(|key| !sections.contains(&key.as_str()) && !told(key)).collect();
        assert_eq!(untold, Vec::<&String>::new(), "{driver}: add them to config/KEYS.md");
    }
}
