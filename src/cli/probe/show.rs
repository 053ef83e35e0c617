//! What registers hold, in columns.

use pointcast_api::Value;

use super::super::table::Table;
use super::hint::hint;
use super::target::Target;
use crate::registry::probe::{
    Cell, Heard, Image, ORDERS, Order, Span, TYPES, Type, exception_words, is_of_gateway,
};

/// The columns of 32 bits beside a list of registers: those that are met most often.
const LISTED: [(&str, &str); 4] =
    [("f32", "ABCD"), ("f32", "CDAB"), ("u32", "ABCD"), ("u32", "CDAB")];

/// Floating point numbers that are measured; others are what comes of registers that hold something else.
const LEAST: f64 = 1e-4;
const MOST: f64 = 1e10;

/// Bits in a line.
const BITS_EACH: usize = 16;

/// All that was read.
pub(super) fn report(images: &[(Span, Image)], every: bool) -> String {
    let show = |(span, image): &(Span, Image)| {
        if image.is_bits() {
            bits(image)
        } else if every {
            let registers = image.cells().filter(|(_, cell)| matches!(cell, Cell::Register(_)));
            registers.map(|(at, _)| matrix(image, at)).collect::<Vec<_>>().join("\n")
        } else if span.is_single() {
            image.cells().take(1).map(|(at, _)| matrix(image, at)).collect()
        } else {
            list(image)
        }
    };
    let mut text = images.iter().map(show).collect::<Vec<_>>().join("\n");
    let listed =
        images.iter().find(|(span, image)| !every && !span.is_single() && !image.is_bits());
    if let Some((span, _)) = listed {
        text.push_str(&format!(
            "\nFloating point numbers that nobody measures are left out. Every type and word order: --every, or one \
             register alone, as in {}\n",
            span.beginning()
        ));
    }
    text
}

/// A line for each register.
fn list(image: &Image) -> String {
    let mut heads =
        vec![("address", false), ("hex", false), ("u16", true), ("i16", true), ("text", false)];
    let names: Vec<String> = LISTED.iter().map(|(of, order)| format!("{of} {order}")).collect();
    heads.extend(names.iter().map(|name| (name.as_str(), true)));
    let mut table = Table::new(&heads);
    let mut cells = image.cells().peekable();
    while let Some((at, cell)) = cells.next() {
        let Cell::Register(register) = cell else {
            let mut last = at;
            while let Some((next, _)) = cells.next_if(|(_, next)| *next == cell) {
                last = next;
            }
            let range = if last == at {
                image.address(at)
            } else {
                format!("{}-{last}", image.address(at))
            };
            let mut row = vec![range, cell.to_string()];
            row.resize(heads.len(), String::new());
            table.row(row);
            continue;
        };
        let signed = register.cast_signed();
        let mut row = vec![
            image.address(at),
            cell.to_string(),
            register.to_string(),
            if signed < 0 { signed.to_string() } else { String::new() },
            image.text(at).unwrap_or_default(),
        ];
        row.extend(LISTED.iter().map(|(of, order)| listed(image, at, of, order)));
        table.row(row);
    }
    let refusals: String = refusals(image).iter().map(|words| format!("{words}\n")).collect();
    table.render(0) + &refusals
}

/// What was refused means, each code once.
fn refusals(image: &Image) -> Vec<String> {
    let mut codes: Vec<u8> = image
        .cells()
        .filter_map(|(_, cell)| match cell {
            Cell::Refused(code) => Some(code),
            Cell::Unanswered | Cell::Register(_) | Cell::Bit(_) => None,
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes.iter().map(|code| format!("refused ({code:02}): {}", exception_words(*code))).collect()
}

fn listed(image: &Image, at: u16, of: &str, order: &str) -> String {
    let of = Type::named(of);
    let order = ORDERS.into_iter().find(|known| known.word() == order);
    let Some((of, order)) = of.zip(order) else { return String::new() };
    match image.number(at, of, order) {
        Some(Value::F32(number)) if !is_measured(number.get().into()) => String::new(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

fn is_measured(number: f64) -> bool {
    number == 0.0 || (LEAST..MOST).contains(&number.abs())
}

/// One place in every type and word order.
fn matrix(image: &Image, at: u16) -> String {
    let longest = TYPES.iter().map(|of| of.registers()).max().unwrap_or_default();
    let behind = || image.cells().skip_while(move |(other, _)| *other < at).take(longest.into());
    let hex: Vec<String> = behind().map(|(_, cell)| cell.to_string()).collect();
    let text: String =
        behind().map(|(other, _)| image.text(other).unwrap_or("..".to_owned())).collect();
    let mut heads = vec![("type", false)];
    heads.extend(ORDERS.iter().map(|order| (order.word(), true)));
    let mut table = Table::new(&heads);
    for of in TYPES {
        let mut row = vec![of.word().to_owned()];
        row.extend(ORDERS.iter().map(|order| placed(image, at, of, *order)));
        if row.iter().skip(1).any(|cell| !cell.is_empty()) {
            table.row(row);
        }
    }
    format!(
        "{}   {}   {text:?}\n{}{}",
        image.address(at),
        hex.join(" "),
        table.render(2),
        bits_set(image, at)
    )
}

/// Which bits of a register are set, as their addresses end.
fn bits_set(image: &Image, at: u16) -> String {
    let Some((_, Cell::Register(register))) = image.cells().find(|(other, _)| *other == at) else {
        return String::new();
    };
    let set: Vec<String> =
        (0..16).filter(|bit| register >> bit & 1 == 1).map(|bit| format!(".{bit}")).collect();
    match set.as_slice() {
        [] => "  no bit is set\n".to_owned(),
        set => format!("  bits that are set: {}{}\n", image.address(at), set.join(" ")),
    }
}

fn placed(image: &Image, at: u16, of: Type, order: Order) -> String {
    // In one register there are no words to change places, only bytes.
    if of.registers() == 1 && ["CDAB", "DCBA"].contains(&order.word()) {
        return String::new();
    }
    match image.number(at, of, order) {
        Some(Value::F32(number)) if !is_measured(number.get().into()) => {
            format!("{:e}", number.get())
        }
        Some(Value::F64(number)) if !is_measured(number.get()) => format!("{:e}", number.get()),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

/// Coils or discrete inputs, some in a line.
fn bits(image: &Image) -> String {
    let cells: Vec<(u16, Cell)> = image.cells().collect();
    let mut table = Table::new(&[("address", false), ("bits, the first one first", false)]);
    for line in cells.chunks(BITS_EACH) {
        let Some((at, _)) = line.first() else { continue };
        let shown = |(_, cell): &(u16, Cell)| match cell {
            Cell::Bit(_) => cell.to_string(),
            Cell::Refused(_) => "x".to_owned(),
            Cell::Unanswered | Cell::Register(_) => "?".to_owned(),
        };
        let bits: Vec<String> = line.iter().map(shown).collect();
        table.row(vec![image.address(*at), bits.join(" ")]);
    }
    let refused: String = refusals(image).iter().map(|words| format!("x: {words}\n")).collect();
    table.render(0) + &refused
}

/// That nothing could be read, why, and what to try.
pub(super) fn nothing(target: &Target, images: &[(Span, Image)], heard: Heard) -> String {
    let unit = target.units.first();
    let cells = images.iter().flat_map(|(_, image)| image.cells());
    let refused = cells.filter_map(|(_, cell)| match cell {
        Cell::Refused(code) => Some(code),
        Cell::Unanswered | Cell::Register(_) | Cell::Bit(_) => None,
    });
    // What a unit says itself counts before what is said of it.
    let refused = refused.min_by_key(|code| is_of_gateway(*code));
    let who = format!("Who does? pointcast probe {}", target.named);
    match refused {
        Some(code) if is_of_gateway(code) => format!(
            "unit {unit} does not answer: the gateway says that it cannot reach it (exception {code:02}, {}). {who}",
            exception_words(code)
        ),
        Some(code) => format!(
            "unit {unit} is there and refuses all of it: exception {code:02}, {}. Other tables and addresses may \
             be read: {}",
            exception_words(code),
            elsewhere(&target.spans)
        ),
        None => format!("unit {unit} does not answer. {who}\n{}", hint(&target.driver, heard)),
    }
}

/// Where values may be that are not in `spans`.
fn elsewhere(spans: &[Span]) -> &'static str {
    let asks = |table: &str| spans.iter().any(|span| span.to_string().starts_with(table));
    match (asks("holding:"), asks("input:")) {
        (true, false) => {
            "data sheets often count from 1 (write ref:40001), and many devices have their values in input: \
             instead of holding:"
        }
        (false, true) => {
            "data sheets often count from 1 (write ref:30001), and many devices have their values in holding: \
             instead of input:"
        }
        _ => "data sheets often count from 1 (write ref:40001, or ref:30001 for input:)",
    }
}
