//! What a device answers to a request, and what fault stands in the way of it, whatever wire it came on.

use super::answer::{exception, is_write};
use crate::devices::slave_reply;
use crate::fault::{Device, Fault, FaultBoard};
use crate::orders::Orders;
use crate::signal::SiteTime;

/// A reply's PDU, and the fault to send it with: one of time or of the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the slave says.
    pub pdu: Vec<u8>,
    /// What happens to it on its way.
    pub fault: Fault,
}

/// The answer of a device as it is now; `None` where none is owed, or none comes.
pub(super) fn answer_of(
    device: Device,
    pdu: &[u8],
    faults: &FaultBoard,
    orders: &Orders,
) -> Option<Answer> {
    let function = *pdu.first()?;
    let fault = faults.of(device);
    let reply = || slave_reply(device, pdu, SiteTime::now(), orders);
    let refused = |code| Answer { pdu: exception(function, code), fault: Fault::Ok };
    match fault {
        Fault::Silent => None,
        Fault::Exception(code) => Some(refused(code)),
        Fault::RefusedWrites(code) if is_write(pdu) => Some(refused(code)),
        Fault::UnansweredWrites if is_write(pdu) => {
            reply()?;
            None
        }
        Fault::Ok
        | Fault::Late(_)
        | Fault::RefusedWrites(_)
        | Fault::UnansweredWrites
        | Fault::WrongCrc
        | Fault::WrongTransaction
        | Fault::WrongUnit
        | Fault::Flipped(_)
        | Fault::Truncated
        | Fault::Joined
        | Fault::Disconnect
        | Fault::Garbage
        | Fault::Garbled
        | Fault::Cut => Some(Answer { pdu: reply()?, fault }),
    }
}

impl Fault {
    /// How much later than it would an answer comes.
    pub(super) fn delay(self) -> std::time::Duration {
        if let Self::Late(by) = self { by } else { std::time::Duration::ZERO }
    }
}
