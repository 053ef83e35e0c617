//! The `pointcast` command.

fn main() {}
