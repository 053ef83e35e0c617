//! `${…}` in a profile's texts: a parameter, or a sum of products of parameters and numbers. Pure.
//!
//! A text that is one expression becomes its number, `"${0.1 * ct_ratio}"`; within other text only whole
//! numbers may stand, `"holding:${base + 3}"`, so that no fraction is ever read as something else. All is
//! exact in decimals.

use std::collections::BTreeMap;

use pointcast_api::Exact;
use pointcast_api::settings::{Decimal, Setting};

/// What an expression begins with.
const OPENING: &str = "${";

/// What a parameter stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(Exact),
    Text(String),
}

/// Parameter names, each with what it stands for.
pub(super) type Values = BTreeMap<String, Value>;

/// Why a text is not right: the problem, and what would be.
pub(super) type Misread = (String, String);

/// Whether `text` holds an expression.
pub(super) fn is_template(text: &str) -> bool {
    text.contains(OPENING)
}

/// The names that the expressions of `text` use, in order.
pub(super) fn names(text: &str) -> Result<Vec<&str>, Misread> {
    let mut names = Vec::new();
    for part in parts(text)? {
        let Part::Expression(inner) = part else { continue };
        for (_, product) in products(inner)? {
            names.extend(product.into_iter().filter(|factor| is_name(factor)));
        }
    }
    Ok(names)
}

/// `text` with its expressions filled in.
pub(super) fn fill(text: &str, values: &Values) -> Result<Setting, Misread> {
    let parts = parts(text)?;
    if let [Part::Expression(inner)] = parts.as_slice() {
        return match evaluate(inner, values)? {
            Value::Number(number) => setting(number, inner),
            Value::Text(text) => Ok(Setting::Text(text)),
        };
    }
    let mut filled = String::with_capacity(text.len());
    for part in parts {
        match part {
            Part::Plain(plain) => filled.push_str(plain),
            Part::Expression(inner) => match evaluate(inner, values)? {
                Value::Text(text) => filled.push_str(&text),
                Value::Number(number) => match number.whole() {
                    Some(whole) => filled.push_str(&whole.to_string()),
                    None => {
                        let shown = number.plain().unwrap_or_default();
                        let problem = format!("${{{inner}}} is {shown} here");
                        return Err((
                            problem,
                            "within text only whole numbers may stand".to_owned(),
                        ));
                    }
                },
            },
        }
    }
    Ok(Setting::Text(filled))
}

/// Whether `word` can be a parameter: small letters, digits and `_`, a letter first.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

enum Part<'a> {
    Plain(&'a str),
    Expression(&'a str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, Misread> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once(OPENING) {
        let Some((inner, after)) = after.split_once('}') else {
            return Err((format!("{text:?} has a ${{ without its }}"), remedy()));
        };
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        parts.push(Part::Expression(inner.trim()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    Ok(parts)
}

fn remedy() -> String {
    "write a parameter, or a sum of products: ${base + 3}, ${0.1 * ct_ratio}".to_owned()
}

/// The products that are added (or, with `true`, taken away), each with its factors.
fn products(inner: &str) -> Result<Vec<(bool, Vec<&str>)>, Misread> {
    let wrong = || (format!("${{{inner}}} cannot be read"), remedy());
    let mut products = Vec::new();
    let (mut rest, mut negative) = (inner, false);
    if let Some(after) = rest.strip_prefix('-') {
        (rest, negative) = (after, true);
    }
    loop {
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        let (product, after) = rest.split_at_checked(end).ok_or_else(wrong)?;
        let factors: Vec<&str> = product.split('*').map(str::trim).collect();
        let is_right = |factor: &&str| is_name(factor) || is_number(factor);
        if !factors.iter().all(is_right) {
            return Err(wrong());
        }
        products.push((negative, factors));
        let Some(sign) = after.chars().next() else { return Ok(products) };
        negative = sign == '-';
        rest = after.strip_prefix(['+', '-']).unwrap_or_default();
    }
}

/// Digits with or without a fraction; an exponent's sign would read as a sum.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || c == '.')
        && Exact::parse(word).is_some()
}

fn evaluate(inner: &str, values: &Values) -> Result<Value, Misread> {
    let products = products(inner)?;
    if let [(false, factors)] = products.as_slice()
        && let [name] = factors.as_slice()
        && let Some(value) = values.get(*name)
    {
        return Ok(value.clone());
    }
    let large =
        || (format!("${{{inner}}} grows past 38 digits"), "give smaller numbers".to_owned());
    let mut sum = whole(0);
    for (negative, factors) in products {
        let mut product = whole(if negative { -1 } else { 1 });
        for factor in factors {
            let number = match values.get(factor) {
                Some(Value::Number(number)) => *number,
                Some(Value::Text(text)) => {
                    let problem =
                        format!("{factor} is {text:?}, which is no number to calculate with");
                    return Err((problem, format!("give {factor} a number")));
                }
                None => Exact::parse(factor).ok_or_else(|| {
                    (format!("there is no parameter {factor}"), "add it to parameters".to_owned())
                })?,
            };
            product = product.times(number).ok_or_else(large)?;
        }
        sum = sum.plus(product).ok_or_else(large)?;
    }
    Ok(Value::Number(sum))
}

fn whole(number: i8) -> Exact {
    Exact::whole_number(i128::from(number))
}

/// A number as it would be written.
fn setting(number: Exact, inner: &str) -> Result<Setting, Misread> {
    if let Some(whole) = number.whole().and_then(|whole| i64::try_from(whole).ok()) {
        return Ok(Setting::Integer(whole));
    }
    let text = number.plain();
    let value = text.as_deref().and_then(|text| text.parse().ok());
    match (text, value) {
        (Some(text), Some(value)) => Ok(Setting::Float(Decimal { value, text })),
        (None, _) | (_, None) => {
            let problem = format!("${{{inner}}} has more than 38 digits here");
            Err((problem, "give smaller numbers".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values {
        let number = |text| Value::Number(Exact::parse(text).unwrap());
        [
            ("base", number("100")),
            ("ct_ratio", number("40")),
            ("half", number("0.5")),
            ("id", Value::Text("plug-7".to_owned())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn filled(text: &str) -> Setting {
        fill(text, &values()).unwrap()
    }

    fn float(text: &str) -> Setting {
        Setting::Float(Decimal { value: text.parse().unwrap(), text: text.to_owned() })
    }

    #[test]
    fn a_lone_expression_is_its_number_and_one_within_text_is_part_of_it() {
        assert_eq!(filled("${base}"), Setting::Integer(100));
        assert_eq!(filled("${0.1 * ct_ratio}"), Setting::Integer(4));
        assert_eq!(filled("${ 0.1*half }"), float("0.05"));
        assert_eq!(filled("${-half}"), float("-0.5"));
        assert_eq!(filled("holding:${base + 3}"), Setting::Text("holding:103".into()));
        assert_eq!(filled("input:${2*base-1+half*2}"), Setting::Text("input:200".into()));
        assert_eq!(filled("a/${id}/b/${base}"), Setting::Text("a/plug-7/b/100".into()));
        assert_eq!(filled("${id}"), Setting::Text("plug-7".into()));
        assert_eq!(
            filled("no } {braces} $ of its own"),
            Setting::Text("no } {braces} $ of its own".into())
        );
    }

    #[test]
    fn no_fraction_gets_into_text_where_it_could_mean_a_bit() {
        let (problem, remedy) = fill("holding:${base + half}", &values()).unwrap_err();
        assert_eq!(problem, "${base + half} is 100.5 here");
        assert_eq!(remedy, "within text only whole numbers may stand");
    }

    #[test]
    fn what_cannot_be_read_or_calculated_is_refused() {
        for text in
            ["${", "a${base", "${}", "${base +}", "${base base}", "${1e-3}", "${(base)}", "${Base}"]
        {
            assert!(names(text).is_err() && fill(text, &values()).is_err(), "{text}");
        }
        for text in [
            "${id + 1}",
            "${2 * id}",
            "${other}",
            "${base * 99999999999999999999999999999999999999}",
        ] {
            assert!(names(text).is_ok() && fill(text, &values()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_filled_or_refused_alike(text in "(\\$|\\{|\\}|base|half|id|[a-z0-9.+* -]|\\PC){0,20}") {
            let filled = fill(&text, &values());
            if names(&text).is_err() {
                prop_assert!(filled.is_err());
            } else if !is_template(&text) {
                prop_assert_eq!(filled, Ok(Setting::Text(text)));
            }
        }
    }

    #[test]
    fn the_names_are_told_in_order() {
        assert_eq!(names("${base + 2 * ct_ratio}:${id}").unwrap(), ["base", "ct_ratio", "id"]);
        assert_eq!(names("plain").unwrap(), Vec::<&str>::new());
    }
}
