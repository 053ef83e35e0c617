//! Which points may be written, and how.

use super::*;
use crate::writing::{Function, Writing};

fn writing(keys: &str) -> Option<Writing> {
    let site = site(Kind::Tcp, &with_points(&format!("{{ name = \"p\", {keys} }}")));
    assert_eq!(site.points[0].writable, site.writings[0].is_some());
    site.writings[0]
}

fn function(keys: &str) -> Function {
    writing(&format!("{keys}, writable = true")).unwrap().function
}

#[test]
fn a_point_is_written_only_if_that_is_said() {
    assert_eq!(writing("address = \"coil:1\""), None);
    assert_eq!(writing("address = \"holding:1\", type = \"u16\", writable = false"), None);
    let written = writing("address = \"coil:1\", writable = true, coalesce = true");
    assert_eq!(written, Some(Writing { function: Function::Coil, coalesce: true }));
}

#[test]
fn the_function_follows_from_what_is_written() {
    assert_eq!(function("address = \"coil:1\""), Function::Coil);
    assert_eq!(function("address = \"coil:1\", write_function = 15"), Function::Coils);
    let register = "address = \"holding:1\", type = \"i16\"";
    assert_eq!(function(register), Function::Register);
    assert_eq!(function(&format!("{register}, write_function = 16")), Function::Registers);
    assert_eq!(function(&format!("{register}, write_function = 23")), Function::Exchange);
    let pair = "address = \"holding:1\", type = \"f32\"";
    assert_eq!(function(pair), Function::Registers);
    assert_eq!(function(&format!("{pair}, write_function = 23")), Function::Exchange);
    let bit = "address = \"holding:1.3\"";
    assert_eq!(function(bit), Function::Mask);
    assert_eq!(function(&format!("{bit}, read_modify_write = true")), Function::ReadThenRegister);
    assert_eq!(
        function(&format!("{bit}, read_modify_write = true, write_function = 16")),
        Function::ReadThenRegisters
    );
}

#[track_caller]
fn check(point: &str, expected: &str, remedy: &str) {
    let told = refused_point(point);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(expected) && told[0].contains(remedy), "{told:?}");
}

#[test]
fn what_cannot_be_written_is_refused_with_what_would_be_right() {
    check(
        "address = \"input:1\", type = \"u16\", writable = true",
        "writable: input registers cannot be written",
        "address of the holding register that sets it",
    );
    check(
        "address = \"discrete:1\", writable = true",
        "writable: discrete inputs cannot be written",
        "address of the coil that sets it",
    );
    check(
        "address = \"holding:1\", type = \"f32\", writable = true, write_function = 6",
        "write_function: function 6 does not write this point",
        "give 16 or 23",
    );
    check(
        "address = \"coil:1\", writable = true, write_function = 6",
        "write_function: function 6 does not write this point",
        "give 5 or 15",
    );
    check(
        "address = \"holding:1.3\", writable = true, write_function = 6",
        "write_function: function 6 does not write this point",
        "add read_modify_write = true",
    );
    check(
        "address = \"holding:1.3\", writable = true, read_modify_write = true, write_function = 23",
        "write_function: function 23 does not write a whole register",
        "give 6 or 16",
    );
    check(
        "address = \"holding:1\", type = \"u16\", writable = true, read_modify_write = true",
        "read_modify_write: the point has its registers to itself",
        "leave it away",
    );
    check(
        "address = \"holding:1\", type = \"string\", length = 124, writable = true",
        "writable: its 124 registers are more than one write carries",
        "at most 123",
    );
    for key in ["write_function = 16", "coalesce = true", "read_modify_write = true"] {
        check(
            &format!("address = \"holding:1\", type = \"u16\", {key}"),
            "the point is not written",
            "add writable = true",
        );
    }
}
