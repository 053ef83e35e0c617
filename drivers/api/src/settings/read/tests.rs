use super::*;

fn section(entries: &[(&str, Setting)]) -> Settings {
    let place = |line| Place::new("a.toml", line);
    let entries = (2..)
        .zip(entries)
        .map(|(line, (key, value))| Entry {
            key: (*key).to_owned(),
            place: place(line),
            value: value.clone(),
        })
        .collect();
    Settings::new("device \"b\"", place(1), entries)
}

fn told(refusals: Refusals) -> Vec<String> {
    refusals.into_sorted().iter().map(ToString::to_string).collect()
}

#[test]
fn everything_wrong_is_told_together_with_place_and_remedy() {
    let mut refusals = Refusals::new();
    let mut settings = section(&[
        ("unit_id", Setting::Integer(300)),
        ("host", Setting::Integer(7)),
        ("tiemout_ms", Setting::Integer(500)),
    ]);
    assert!(settings.integer("unit_id", 0..=247, &mut refusals).is_none());
    let host = settings.text("host", &mut refusals);
    assert!(settings.required(host, "host", "host = \"…\"", &mut refusals).is_none());
    assert!(settings.millis("timeout_ms", 1..=60_000, &mut refusals).is_none());
    let port = settings.text("port", &mut refusals);
    assert!(settings.required(port, "port", "port = \"…\"", &mut refusals).is_none());
    settings.finish(&mut refusals);
    assert_eq!(
        told(refusals),
        [
            "a.toml:1: device \"b\": port: missing\n    add port = \"…\"",
            "a.toml:2: device \"b\": unit_id: 300 is not right here\n    give a whole number from 0 to 247",
            "a.toml:3: device \"b\": host: 7 is not right here\n    give text in quotes, not empty",
            "a.toml:4: device \"b\": tiemout_ms: unknown key\n    is timeout_ms meant?",
        ]
    );
}

#[test]
fn a_number_keeps_its_text() {
    let mut refusals = Refusals::new();
    let tenth = Setting::Float(Decimal { value: 0.1, text: "0.1".to_owned() });
    let mut settings = section(&[("scale", tenth), ("offset", Setting::Integer(-40))]);
    assert_eq!(settings.number("scale", &mut refusals).unwrap().value.text, "0.1");
    assert_eq!(settings.number("offset", &mut refusals).unwrap().value.value, -40.0);
    assert!(refusals.is_empty());
}

#[test]
fn a_number_may_be_taken_as_it_is_written() {
    let mut refusals = Refusals::new();
    let tenths = Setting::Float(Decimal { value: 100.3, text: "100.3".to_owned() });
    let mut settings =
        section(&[("a", Setting::Integer(100)), ("b", tenths), ("c", Setting::Bool(true))]);
    assert_eq!(settings.text_or_number("a", &mut refusals).unwrap().value, "100");
    assert_eq!(settings.text_or_number("b", &mut refusals).unwrap().value, "100.3");
    assert!(settings.text_or_number("c", &mut refusals).is_none());
    assert_eq!(refusals.len(), 1);
}

#[test]
fn what_would_be_right_without_its_quotes_is_said_to_be() {
    let text = |text: &str| Setting::Text(text.to_owned());
    let mut refusals = Refusals::new();
    let mut settings = section(&[
        ("scale", text("0.1")),
        ("enabled", text("false")),
        ("length", text("300")),
        ("unit_id", text("seven")),
        ("count", text("7")),
    ]);
    settings.number("scale", &mut refusals);
    settings.flag("enabled", &mut refusals);
    settings.integer("length", 0..=247, &mut refusals);
    settings.integer("unit_id", 0..=247, &mut refusals);
    settings.integer("count", 0..=247, &mut refusals);
    let told = told(refusals);
    let remedies: Vec<&str> =
        told.iter().map(|told| told.rsplit_once("\n    ").unwrap().1).collect();
    let bounds = "give a whole number from 0 to 247";
    let expected = [
        "give a finite number, without quotes",
        "give true or false, without quotes",
        bounds,
        bounds,
        &format!("{bounds}, without quotes"),
    ];
    assert_eq!(remedies, expected);
}

#[test]
fn one_may_stand_alone_where_several_may_stand() {
    let place = Place::new("test.toml", 1);
    let list = |items: &[Setting]| {
        Setting::List(items.iter().map(|item| (place.clone(), item.clone())).collect())
    };
    let mut refusals = Refusals::new();
    let mut settings = section(&[
        ("alone", Setting::Integer(1)),
        ("several", list(&[Setting::Integer(1), Setting::Integer(2)])),
        ("none", list(&[])),
        ("mixed", list(&[Setting::Integer(1), Setting::Bool(true)])),
    ]);
    let mut take = |key, refusals: &mut Refusals| {
        let whole = |setting: &Setting| match setting {
            Setting::Integer(number) => Some(*number),
            _ => None,
        };
        settings.one_or_more(key, "a number or a list of them", refusals, whole)
    };
    assert_eq!(take("alone", &mut refusals).unwrap().value, [1]);
    assert_eq!(take("several", &mut refusals).unwrap().value, [1, 2]);
    assert!(take("none", &mut refusals).is_none());
    assert!(take("mixed", &mut refusals).is_none());
    assert!(take("absent", &mut refusals).is_none());
    let told = told(refusals);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.contains("give a number or a list of them")), "{told:?}");
}

#[test]
fn defaults_give_way_to_what_is_there_and_to_what_was_taken() {
    let mut refusals = Refusals::new();
    let mut settings = section(&[("a", Setting::Integer(1)), ("b", Setting::Integer(2))]);
    let number = |settings: &mut Settings, key, refusals: &mut Refusals| {
        settings.integer(key, 0..=99, refusals).map(|found| found.value)
    };
    assert_eq!(number(&mut settings, "a", &mut refusals), Some(1));
    let default = |key: &str| Entry {
        key: key.to_owned(),
        place: Place::new("profile.toml", 9),
        value: Setting::Integer(50),
    };
    settings.add_missing(["a", "b", "c"].map(default));
    assert_eq!(number(&mut settings, "a", &mut refusals), None);
    assert_eq!(number(&mut settings, "b", &mut refusals), Some(2));
    assert_eq!(number(&mut settings, "c", &mut refusals), Some(50));
    settings.finish(&mut refusals);
    assert!(told(refusals).is_empty());
}

#[test]
fn a_misplaced_key_is_told_once_and_not_offered() {
    let mut refusals = Refusals::new();
    let mut settings = section(&[("port", Setting::Integer(502)), ("prot", Setting::Bool(true))]);
    assert!(settings.text("address", &mut refusals).is_none());
    let port = settings.misplaced("port").unwrap();
    assert_eq!((port.value.as_str(), port.field.as_str()), ("502", "device \"b\": port"));
    assert_eq!(settings.misplaced("prot").unwrap().value, "true or false");
    assert!(settings.misplaced("port").is_none());
    port.refuse(&mut refusals, "not here", "there");
    settings.finish(&mut refusals);
    assert_eq!(told(refusals), ["a.toml:2: device \"b\": port: not here\n    there"]);
}
