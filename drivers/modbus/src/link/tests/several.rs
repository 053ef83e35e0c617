//! Several requests at once on one connection: whatever order, pieces or damage their replies come in.

use super::*;
use crate::testing::bus::Sent;

const MS: Duration = Duration::from_millis(1);

/// What became of each request, when it was known, and what was thrown away.
#[derive(Debug, Default)]
struct Course {
    answers: Vec<(usize, Option<Answer>)>,
    times_ms: Vec<u128>,
    strays: Vec<(StrayKind, Option<u8>)>,
    lost: Option<String>,
}

impl Course {
    /// In the order of the requests, where something is known of all.
    fn in_order(&self) -> Vec<Option<Answer>> {
        let mut answers = self.answers.clone();
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

fn pipe(stream: DuplexStream) -> AnyLink {
    AnyLink::Tcp(TcpLink::new(stream, Duration::ZERO).taking(16))
}

/// Sends `requests` together to a bus that answers when the last of them is there: `answer` is given all.
async fn together(
    requests: &[ReadRequest],
    mut answer: impl FnMut(&[Incoming]) -> Vec<Sent> + Send + 'static,
) -> Course {
    let (count, mut came) = (requests.len(), Vec::new());
    let stream = bus(Wire::Tcp, move |_, incoming| {
        came.push(incoming);
        if came.len() == count { answer(&came) } else { vec![] }
    });
    course(&mut pipe(stream), requests).await
}

async fn course(link: &mut AnyLink, requests: &[ReadRequest]) -> Course {
    let mut course = Course::default();
    let sent: Vec<_> = requests.iter().map(|request| ((*request).into(), PATIENCE)).collect();
    let begin = Instant::now();
    assert_eq!(link.send_all(&sent).await.unwrap(), requests.len());
    loop {
        match link.hear().await {
            Ok(None) => return course,
            Ok(Some((place, Exchange { answer, strays }))) => {
                course.times_ms.push(begin.elapsed().as_millis());
                course.strays.extend(strays.iter().map(|stray| (stray.kind, stray.unit)));
                course.answers.push((place, answer.ok().map(|answered| answered.answer)));
            }
            Err(lost) => {
                course.lost = Some(lost.to_string());
                return course;
            }
        }
    }
}

fn three() -> [ReadRequest; 3] {
    [registers(1, 100), registers(2, 200), registers(1, 300)]
}

fn rights(requests: &[ReadRequest]) -> Vec<Option<Answer>> {
    requests.iter().map(|request| Some(right(request))).collect()
}

#[tokio::test(start_paused = true)]
async fn answers_in_any_order_are_known_as_they_come() {
    let came = together(&three(), |all| {
        vec![(30 * MS, all[0].reply()), (10 * MS, all[1].reply()), (20 * MS, all[2].reply())]
    })
    .await;
    assert_eq!(came.in_order(), rights(&three()));
    let places: Vec<usize> = came.answers.iter().map(|(place, _)| *place).collect();
    assert_eq!((places, came.times_ms), (vec![1, 2, 0], vec![10, 20, 30]));
    assert_eq!((came.strays, came.lost), (vec![], None));
}

/// Each is waited for from the answer before it: 80 ms three times is none too late where 100 are waited.
#[tokio::test(start_paused = true)]
async fn a_server_that_answers_one_after_the_other_is_not_too_late() {
    let came = together(&three(), |all| {
        let reply = |(nth, incoming): (u32, &Incoming)| (80 * MS * nth, incoming.reply());
        (1..).zip(all).map(reply).collect()
    })
    .await;
    assert_eq!(came.in_order(), rights(&three()));
    assert_eq!(came.times_ms, [80, 160, 240]);
}

#[tokio::test(start_paused = true)]
async fn who_answers_the_first_alone_leaves_the_others_silent_and_a_late_answer_is_none() {
    let stream = bus(Wire::Tcp, |count, incoming| match count {
        0 => vec![(10 * MS, incoming.reply())],
        1 => vec![(150 * MS, incoming.reply())],
        2 => vec![],
        _ => vec![(50 * MS, incoming.reply())],
    });
    let mut link = pipe(stream);
    let came = course(&mut link, &three()).await;
    assert_eq!(came.in_order(), [Some(right(&three()[0])), None, None]);
    assert_eq!(came.times_ms, [10, 110, 110]);
    // The answer to the second of before comes first.
    let came = course(&mut link, &three()).await;
    assert_eq!(came.in_order(), rights(&three()));
    assert_eq!(came.strays, [(StrayKind::Late, Some(2))]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_is_passed_over_while_others_are_awaited() {
    use StrayKind::{Foreign, Misshapen, UnknownTransaction};
    type Instead = fn(&Incoming) -> Vec<u8>;
    let cases: [(Instead, StrayKind); 3] = [
        (|i| i.frame(9, &i.pdu()), Foreign),
        (|i| i.frame(i.request.unit, &[3, 2, 0, 9]), Misshapen),
        (|i| Incoming { transaction: i.transaction ^ 0x5500, ..*i }.reply(), UnknownTransaction),
    ];
    for (instead, kind) in cases {
        let came = together(&three(), move |all| {
            vec![(MS, instead(&all[0])), (2 * MS, all[1].reply()), (3 * MS, all[2].reply())]
        })
        .await;
        let expected = [vec![None], rights(&three()[1..])].concat();
        assert_eq!(came.in_order(), expected, "{kind:?}");
        assert_eq!(came.strays.first().map(|stray| stray.0), Some(kind));
    }
    // Behind a reply in the same piece only an awaited one is in step.
    let came = together(&three(), |all| {
        let unknown = Incoming { transaction: all[1].transaction ^ 0x5500, ..all[1] };
        at_once([all[0].reply(), unknown.reply(), all[2].reply()].concat())
    })
    .await;
    assert!(came.answers.is_empty() && came.lost.is_some(), "{came:?}");
}

#[tokio::test(start_paused = true)]
async fn replies_joined_and_cut_at_every_byte_are_right() {
    let length = 3 * 15;
    for cut in 0..=length {
        let came = together(&three(), move |all| {
            let joined = [all[2].reply(), all[0].reply(), all[1].reply()].concat();
            assert_eq!(joined.len(), length);
            vec![(MS, joined[..cut].to_vec()), (2 * MS, joined[cut..].to_vec())]
        })
        .await;
        assert_eq!(came.in_order(), rights(&three()), "{cut}");
        assert_eq!((came.strays, came.lost), (vec![], None), "{cut}");
    }
}

/// Registers that are 0 look like headers more than anything else does.
fn nought(incoming: &Incoming) -> Vec<u8> {
    incoming.frame(incoming.request.unit, &[3, 6, 0, 0, 0, 0, 0, 0])
}

/// A reply that lacks its end, filled up with the next one: never an answer, wherever the stream is cut.
#[tokio::test(start_paused = true)]
async fn a_reply_cut_short_among_others_brings_no_wrong_value() {
    let zeros = Answer::Content(Content::Registers(vec![0; 3]));
    for lacks in 1..15 {
        let length = 15 - lacks + 15 + 15;
        for cut in 1..length {
            let came = together(&three(), move |all| {
                let short = nought(&all[0])[..15 - lacks].to_vec();
                let joined = [short, nought(&all[1]), nought(&all[2])].concat();
                vec![(MS, joined[..cut].to_vec()), (2 * MS, joined[cut..].to_vec())]
            })
            .await;
            let wrong = came.answers.iter().flat_map(|(_, answer)| answer);
            assert!(wrong.clone().all(|answer| *answer == zeros), "{lacks} {cut}: {came:?}");
            assert!(came.lost.is_some() && came.answers.is_empty(), "{lacks} {cut}: {came:?}");
        }
    }
}

/// The same, and nothing more comes of the one that filled it up, or others come whole behind it.
#[tokio::test(start_paused = true)]
async fn two_replies_cut_short_that_make_one_are_none() {
    for lacks in 1..8 {
        for third in [false, true] {
            let came = together(&three(), move |all| {
                let mut bytes =
                    [&nought(&all[0])[..15 - lacks], &nought(&all[1])[..lacks]].concat();
                if third {
                    bytes.extend(nought(&all[2]));
                }
                vec![(MS, bytes)]
            })
            .await;
            let answered = came.answers.iter().filter(|(_, answer)| answer.is_some());
            let places: Vec<usize> = answered.map(|(place, _)| *place).collect();
            let right: &[usize] = if third && came.lost.is_none() { &[2] } else { &[] };
            assert_eq!(places, right, "{lacks}: {came:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_as_another_begins_counts_once_that_has_come() {
    for bytes in [1, 2] {
        let came = together(&three(), move |all| {
            let mut reply = nought(&all[0]);
            reply[15 - bytes..].copy_from_slice(&all[1].transaction.to_be_bytes()[..bytes]);
            vec![(10 * MS, reply), (20 * MS, nought(&all[2])), (30 * MS, nought(&all[1]))]
        })
        .await;
        let places: Vec<usize> = came.answers.iter().map(|(place, _)| *place).collect();
        assert_eq!((places, came.times_ms), (vec![2, 1, 0], vec![20, 30, 30]));
        assert!(came.answers.iter().all(|(_, answer)| answer.is_some()));
    }
}

/// Each has the time that it needs itself, from the answer before it: a quick one behind a slow one is none too late.
#[tokio::test(start_paused = true)]
async fn a_quick_unit_behind_a_slow_one_is_waited_for() {
    let requests = three();
    let count = requests.len();
    let mut came: Vec<Incoming> = Vec::new();
    let stream = bus(Wire::Tcp, move |_, incoming| {
        came.push(incoming);
        if came.len() < count {
            return vec![];
        }
        let times = [90, 100, 190];
        came.iter().zip(times).map(|(it, ms)| (ms * MS, it.reply())).collect()
    });
    let mut link = pipe(stream);
    let patience = [100 * MS, 20 * MS, 100 * MS];
    let sent: Vec<_> = requests.iter().map(|it| (*it).into()).zip(patience).collect();
    link.send_all(&sent).await.unwrap();
    for _ in 0..count {
        let (_, exchange) = link.hear().await.unwrap().unwrap();
        assert!(exchange.answer.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_line_nothing_is_sent_together() {
    for wire in Wire::SERIAL {
        let stream = bus(wire, |_, _| panic!("nothing is asked"));
        let mut link = link(wire, stream);
        let sent: Vec<_> = three().map(|request| (request.into(), PATIENCE)).to_vec();
        assert_eq!(link.send_all(&sent).await.unwrap(), 0);
        assert!(link.hear().await.unwrap().is_none());
    }
}
