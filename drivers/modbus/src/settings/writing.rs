//! A point's keys about being written.

use pointcast_api::settings::{Located, Refusals, Settings};

use crate::address::{Address, Table};
use crate::decode::Decoder;
use crate::frame::{MAX_EXCHANGED_REGISTERS, MAX_WRITTEN_REGISTERS};
use crate::writing::{Function, Writing};

/// The keys as written, before they are held against the point's address and type.
pub(super) struct Written {
    writable: Option<Located<bool>>,
    function: Option<Located<i64>>,
    read_modify_write: Option<Located<bool>>,
    coalesce: Option<Located<bool>>,
}

/// What a value needs of whatever writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Coil,
    /// Some bits of a register.
    Part,
    Register,
    Registers(usize),
}

impl Need {
    fn of(address: &Address, decoder: &Decoder) -> Self {
        let (_, length) = decoder.own();
        match length {
            _ if address.table.is_bits() => Self::Coil,
            _ if decoder.is_part() => Self::Part,
            1 => Self::Register,
            length => Self::Registers(length.into()),
        }
    }

    /// The default, what may be given instead, and all of that in words.
    fn functions(self) -> (Function, &'static [(i64, Function)], &'static str) {
        match self {
            Self::Coil => {
                (Function::Coil, &[(5, Function::Coil), (15, Function::Coils)], "give 5 or 15")
            }
            Self::Part => (Function::Mask, &[(22, Function::Mask)], "give 22"),
            Self::Register => (
                Function::Register,
                &[(6, Function::Register), (16, Function::Registers), (23, Function::Exchange)],
                "give 6, 16 or 23",
            ),
            Self::Registers(_) => (
                Function::Registers,
                &[(16, Function::Registers), (23, Function::Exchange)],
                "give 16 or 23: 6 would show the device half a value",
            ),
        }
    }
}

impl Written {
    /// Takes the keys.
    pub(super) fn take(keys: &mut Settings, refusals: &mut Refusals) -> Self {
        Self {
            writable: keys.flag("writable", refusals),
            function: keys.integer("write_function", 5..=23, refusals),
            read_modify_write: keys.flag("read_modify_write", refusals),
            coalesce: keys.flag("coalesce", refusals),
        }
    }

    /// Refuses to write a point whose address only the device knows: a register that turned out to be another one
    /// would hold what was written.
    pub(super) fn refuse_of_model(&self, refusals: &mut Refusals) {
        match self.writable.as_ref().filter(|writable| writable.value) {
            Some(writable) => writable.refuse(
                refusals,
                "what is found by its SunSpec model is read only",
                "leave it away, or give the address that it has in this device: \"holding:40250\"",
            ),
            None => self.refuse_idle(refusals),
        }
    }

    /// How the point at `address` is written; `None` if it is not, or if something was refused.
    pub(super) fn check(
        &self,
        address: &Address,
        decoder: &Decoder,
        refusals: &mut Refusals,
    ) -> Option<Writing> {
        let Some(writable) = self.writable.as_ref().filter(|writable| writable.value) else {
            self.refuse_idle(refusals);
            return None;
        };
        if matches!(address.table, Table::DiscreteInputs | Table::InputRegisters) {
            let instead = if address.table.is_bits() { "coil" } else { "holding register" };
            writable.refuse(
                refusals,
                format!("{} cannot be written", address.table.name()),
                format!("leave it away, or give the address of the {instead} that sets it"),
            );
            return None;
        }
        let need = Need::of(address, decoder);
        let function = self.function(need, refusals)?;
        let coalesce = self.coalesce.as_ref().is_some_and(|coalesce| coalesce.value);
        Some(Writing { function, coalesce })
    }

    fn function(&self, need: Need, refusals: &mut Refusals) -> Option<Function> {
        let (default, allowed, words) = need.functions();
        if let Some(reads) = self.read_modify_write.as_ref().filter(|reads| reads.value) {
            return self.reading_first(need, reads, refusals);
        }
        let function = match &self.function {
            None => default,
            Some(given) => match allowed.iter().find(|(code, _)| *code == given.value) {
                Some((_, function)) => *function,
                None => {
                    let problem = format!("function {} does not write this point", given.value);
                    let more = match need {
                        Need::Part => ", or add read_modify_write = true for 6 or 16",
                        Need::Coil | Need::Register | Need::Registers(_) => "",
                    };
                    given.refuse(refusals, problem, format!("{words}{more}"));
                    return None;
                }
            },
        };
        self.fits(need, function, refusals).then_some(function)
    }

    fn reading_first(
        &self,
        need: Need,
        reads: &Located<bool>,
        refusals: &mut Refusals,
    ) -> Option<Function> {
        if need != Need::Part {
            reads.refuse(
                refusals,
                "the point has its registers to itself",
                "leave it away: they are written without being read before",
            );
            return None;
        }
        match &self.function {
            None => Some(Function::ReadThenRegister),
            Some(given) => match given.value {
                6 => Some(Function::ReadThenRegister),
                16 => Some(Function::ReadThenRegisters),
                other => {
                    let problem = format!("function {other} does not write a whole register");
                    given.refuse(refusals, problem, "give 6 or 16");
                    None
                }
            },
        }
    }

    fn fits(&self, need: Need, function: Function, refusals: &mut Refusals) -> bool {
        let Need::Registers(length) = need else { return true };
        let most = match function == Function::Exchange {
            true => MAX_EXCHANGED_REGISTERS,
            false => MAX_WRITTEN_REGISTERS,
        };
        if length > most
            && let Some(writable) = &self.writable
        {
            let problem = format!("its {length} registers are more than one write carries");
            writable.refuse(refusals, problem, format!("at most {most} can be written"));
        }
        length <= most
    }

    /// Keys that say how to write what is not written.
    fn refuse_idle(&self, refusals: &mut Refusals) {
        let remedy = "add writable = true, or leave it away";
        let problem = "the point is not written";
        if let Some(given) = &self.function {
            given.refuse(refusals, problem, remedy);
        }
        for given in [&self.read_modify_write, &self.coalesce].into_iter().flatten() {
            given.refuse(refusals, problem, remedy);
        }
    }
}
