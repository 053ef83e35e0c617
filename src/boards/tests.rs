use serde_json::json;

use super::*;

/// Two folders of its own, gone when dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("pointcast-boards-{id}-{name}"));
        fs::create_dir_all(path.join("given")).unwrap();
        Self(path)
    }

    fn boards(&self) -> Boards {
        Boards::new(Some(self.0.join("given")), Some(self.0.join("data/boards")))
    }

    fn give(&self, name: &str, text: &str) {
        fs::write(self.0.join("given").join(format!("{name}.json")), text).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn name(text: &str) -> BoardName {
    BoardName::new(text).unwrap()
}

fn seen(version: Version) -> Seen {
    Seen::OneOf(vec![version])
}

fn board(title: &str) -> Json {
    json!({"title": title, "tiles": [{"kind": "number", "point": "a"}], "columns": 12})
}

async fn titles(boards: &Boards) -> Vec<(String, String, bool)> {
    let line = |line: Line| (line.name.0, line.board.unwrap().0, line.given);
    boards.list().await.unwrap().into_iter().map(line).collect()
}

#[tokio::test]
async fn nobody_overwrites_what_he_did_not_see() {
    let place = Place::new("versions");
    let boards = place.boards();
    let put = |seen, title: &'static str| boards.put(name("one"), seen, board(title));
    let first = put(Seen::None, "First").await.unwrap();
    assert_eq!(put(Seen::None, "Again").await, Err(BoardError::Exists(first)));
    let second = put(seen(first), "Second").await.unwrap();
    assert_eq!(put(seen(first), "Late").await, Err(BoardError::Conflict(Some(second))));
    assert_eq!(put(Seen::OneOf(vec![]), "None").await, Err(BoardError::Conflict(Some(second))));
    let either = Seen::OneOf(vec![first, second]);
    assert_eq!(put(either, "Second").await, Ok(second), "one of them is enough");
    assert_eq!(put(Seen::Any, "Second").await, Ok(second));
    let kept = boards.get(name("one")).await.unwrap();
    assert_eq!(serde_json::from_str::<Json>(&kept.text).unwrap(), board("Second"));
    assert_eq!((kept.version, kept.given), (second, false));
    let again = place.boards();
    assert_eq!(again.get(name("one")).await, Ok(kept), "after a restart");
    assert_eq!(
        boards.remove(name("one"), seen(first)).await,
        Err(BoardError::Conflict(Some(second)))
    );
    assert_eq!(boards.remove(name("one"), seen(second)).await, Ok(()));
    assert_eq!(boards.remove(name("one"), seen(second)).await, Err(BoardError::Unknown));
    assert_eq!(boards.get(name("one")).await, Err(BoardError::Unknown));
    assert_eq!(put(seen(second), "Gone").await, Err(BoardError::Conflict(None)));
    assert_eq!(put(Seen::Any, "Gone").await, Err(BoardError::Conflict(None)));
}

#[tokio::test]
async fn what_was_given_is_changed_and_comes_back() {
    let place = Place::new("given");
    place.give("boiler", r#"{"title":"Boiler","tiles":[]}"#);
    let boards = place.boards();
    let given = boards.get(name("boiler")).await.unwrap();
    assert!(given.given);
    assert_eq!(boards.remove(name("boiler"), seen(given.version)).await, Err(BoardError::Given));
    let mine = boards.put(name("boiler"), seen(given.version), board("Mine")).await.unwrap();
    boards.put(name("a"), Seen::None, board("Another")).await.unwrap();
    let owned = |name: &str, title: &str, given| (name.to_owned(), title.to_owned(), given);
    assert_eq!(
        titles(&boards).await,
        [owned("a", "Another", false), owned("boiler", "Mine", false)]
    );
    boards.remove(name("boiler"), seen(mine)).await.unwrap();
    assert_eq!(boards.get(name("boiler")).await, Ok(given));
}

#[tokio::test]
async fn a_file_that_is_no_board_is_told_and_can_be_replaced() {
    let place = Place::new("damaged");
    place.give("bad", "{\"title\":\"Bad\"");
    place.give("good", r#"{"title":"Good","tiles":[]}"#);
    place.give("Not a name", "{}");
    let boards = place.boards();
    let lines = boards.list().await.unwrap();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].board.as_ref().unwrap_err().contains("EOF"), "{lines:?}");
    let Err(BoardError::Files(error)) = boards.get(name("bad")).await else { panic!() };
    assert!(error.contains("bad.json") && error.contains("EOF"), "{error}");
    let Err(BoardError::Exists(now)) = boards.put(name("bad"), Seen::None, board("New")).await
    else {
        panic!("it is there")
    };
    boards.put(name("bad"), seen(now), board("New")).await.unwrap();
    assert_eq!(boards.list().await.unwrap()[0].board.as_ref().unwrap().0, "New");
}

#[tokio::test]
async fn bounds_hold_and_say_what_would_be_right() {
    let place = Place::new("bounds");
    let boards = place.boards();
    let refused = async |board: Json| {
        let error = boards.put(name("x"), Seen::None, board).await.unwrap_err();
        error.to_string()
    };
    let title = "title: give a text of 1 to 120 characters, none a control character";
    for wrong in [json!({"tiles": []}), json!({"title": 1, "tiles": []}), board(&"x".repeat(121))] {
        assert_eq!(refused(wrong).await, title);
    }
    assert_eq!(refused(json!([])).await, "body: give a JSON object");
    let tiles = json!({"title": "x", "tiles": vec![json!({}); MAX_TILES + 1]});
    assert_eq!(refused(tiles).await, "tiles: give a list of at most 200");
    let tiles = json!({"title": "x", "tiles": [{}, 1]});
    assert_eq!(refused(tiles).await, "tiles[1]: give a JSON object");
    let large = json!({"title": "x", "tiles": [{"text": "x".repeat(MAX_BOARD_BYTES)}]});
    assert_eq!(refused(large).await, "at most 65536 bytes as indented lines");
    let deep = (0..100).fold(json!(vec![1; 30_000]), |inside, _| json!([inside]));
    let deep = json!({"title": "x", "tiles": [{"deep": deep}]});
    assert_eq!(refused(deep).await, "at most 65536 bytes as indented lines");
    assert!(!place.0.join("data").exists(), "nothing was kept");
    for at in 0..MAX_BOARDS {
        boards.put(name(&format!("b{at}")), Seen::None, board("x")).await.unwrap();
    }
    assert_eq!(boards.put(name("x"), Seen::None, board("x")).await, Err(BoardError::TooMany));
    let nothing = Boards::new(Some(place.0.join("given")), None);
    assert_eq!(nothing.put(name("x"), Seen::None, board("x")).await, Err(BoardError::NotKept));
    assert_eq!(nothing.list().await, Ok(Vec::new()));
}

#[test]
fn a_name_is_no_path() {
    for good in ["a", "hall-2", "0", &"x".repeat(64)] {
        assert!(BoardName::new(good).is_some(), "{good}");
    }
    for bad in ["", "A", "-a", "a-", "a/b", "..", "a.b", "a b", "ä", &"x".repeat(65)] {
        assert!(BoardName::new(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_version_reads_back_and_nothing_else_does() {
    let version = Version::of("text");
    assert_eq!(Version::parse(&version.to_string()), Some(version));
    for text in ["", "1", "ABCDEF0123456789", "0123456789abcdef0", "+123456789abcdef"] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}
