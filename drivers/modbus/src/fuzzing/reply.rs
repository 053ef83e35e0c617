//! Replies: what counts as an answer answers this very request, and a right answer counts.

use tokio_modbus::ExceptionCode;

use super::Supply;
use crate::address::Table;
use crate::decode::Content;
use crate::frame::{Answer, Judged, ReadRequest, Request, WireSize, Write, WriteRequest};

/// A request, and a reply to it: made up, or the right one with a byte changed, cut or one more.
pub(super) fn judge(data: &[u8]) {
    let mut supply = Supply(data);
    let request = request(&mut supply);
    let unit = request.unit();
    let mut asked = Vec::new();
    request.put_pdu(&mut asked);
    assert_eq!(asked.len(), request.request_pdu_bytes());
    assert!(asked.len() <= 253, "{request}");
    let right = right_reply(&asked, &mut supply);
    assert_eq!(right.len(), request.reply_pdu_bytes(), "{request}");
    assert!(matches!(request.judge(unit, &right), Judged::Answer(_)), "{request}: {right:02X?}");
    check(&asked, &right, &request.judge(unit, &right));

    let how = supply.byte();
    let reply = match how % 4 {
        0 => supply.rest().to_vec(),
        1 => {
            let mut changed = right;
            let at = usize::from(supply.byte()) % changed.len().max(1);
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= supply.byte();
            }
            changed
        }
        2 => right.get(..right.len() - 1).unwrap_or_default().to_vec(),
        _ => [&right[..], &[supply.byte()]].concat(),
    };
    let judged = request.judge(unit, &reply);
    check(&asked, &reply, &judged);
    assert_eq!(request.judge(unit.wrapping_add(1), &reply), Judged::Foreign);
    let function = asked.first().copied().unwrap_or_default();
    let refusal = request.judge(unit, &[function | 0x80, how]);
    assert_eq!(refusal, Judged::Answer(Answer::Exception(ExceptionCode::new(how))));
}

/// What `judged` says of a reply must be what the reply says, by the standard's own words.
fn check(asked: &[u8], reply: &[u8], judged: &Judged) {
    let function = asked.first().copied().unwrap_or_default();
    match judged {
        Judged::Foreign => assert!(reply.is_empty(), "the unit that was asked is not foreign"),
        Judged::Misshapen => {}
        Judged::Answer(Answer::Exception(_)) => {
            assert!(reply.len() == 2 && reply.first() == Some(&(function | 0x80)));
        }
        Judged::Answer(Answer::Written) => {
            let kept = if matches!(function, 15 | 16) { 5 } else { asked.len() };
            assert_eq!(Some(reply), asked.get(..kept), "an echo repeats its request");
        }
        Judged::Answer(Answer::Content(content)) => {
            let quantity = usize::from(word(asked, 3));
            let [of, count, bytes @ ..] = reply else { panic!("{reply:?}") };
            assert!(*of == function && usize::from(*count) == bytes.len(), "{reply:02X?}");
            match content {
                Content::Registers(registers) => {
                    assert!(matches!(function, 3 | 4 | 23) && registers.len() == quantity);
                    let sent: Vec<u8> =
                        registers.iter().flat_map(|register| register.to_be_bytes()).collect();
                    assert_eq!(sent, bytes);
                }
                Content::Bits(bits) => {
                    assert!(matches!(function, 1 | 2) && bits.len() == quantity);
                    assert_eq!(bytes.len(), quantity.div_ceil(8));
                    for (at, bit) in bits.iter().enumerate() {
                        let byte = bytes.get(at / 8).copied().unwrap_or_default();
                        assert_eq!(*bit, byte >> (at % 8) & 1 == 1, "bit {at} of {reply:02X?}");
                    }
                }
            }
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    let byte = |at| bytes.get(at).copied().unwrap_or_default();
    u16::from_be_bytes([byte(at), byte(at + 1)])
}

/// Any request that this driver makes.
fn request(supply: &mut Supply<'_>) -> Request {
    let (kind, unit, first) = (supply.byte(), supply.byte(), supply.word());
    let mut quantity = |most: u16| supply.word() % most + 1;
    let read = |table, quantity| Request::from(ReadRequest { unit, table, first, quantity });
    let write = |write| Request::from(WriteRequest { unit, first, write });
    match kind % 10 {
        0 => read(Table::Coils, quantity(2_000)),
        1 => read(Table::DiscreteInputs, quantity(2_000)),
        2 => read(Table::HoldingRegisters, quantity(125)),
        3 => read(Table::InputRegisters, quantity(125)),
        4 => write(Write::Coil(supply.byte() & 1 == 1)),
        5 => write(Write::Register(supply.word())),
        6 => {
            let count = usize::from(quantity(1_968));
            write(Write::Coils((0..count).map(|at| at % 3 == 1).collect()))
        }
        7 => {
            let count = usize::from(quantity(123));
            write(Write::Registers(supply.words(count)))
        }
        8 => write(Write::Mask { and: supply.word(), or: supply.word() }),
        _ => {
            let count = usize::from(quantity(121));
            write(Write::Exchange(supply.words(count)))
        }
    }
}

/// The reply that the standard wants (§6.1 to §6.6, §6.11, §6.12, §6.16, §6.17).
fn right_reply(asked: &[u8], supply: &mut Supply<'_>) -> Vec<u8> {
    let function = asked.first().copied().unwrap_or_default();
    let quantity = usize::from(word(asked, 3));
    let count = match function {
        1 | 2 => quantity.div_ceil(8),
        3 | 4 | 23 => quantity * 2,
        15 | 16 => return asked.get(..5).unwrap_or_default().to_vec(),
        _ => return asked.to_vec(),
    };
    let content = (0..count).map(|_| supply.byte());
    [function, u8::try_from(count).unwrap_or(u8::MAX)].into_iter().chain(content).collect()
}
