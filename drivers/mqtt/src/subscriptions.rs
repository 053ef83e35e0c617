//! Which topics are asked for, granted and refused (§3.8, §3.9), without a connection.
//!
//! Topics are asked for a few at a time, with a bounded number of requests open, so that neither a broker's
//! limits nor the request queue are ever met. Packet numbers are the library's: it tells the number of each
//! request in the order in which they were handed over.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::feeds::TopicIndex;

/// Most topics in one SUBSCRIBE; some brokers in the cloud take no more than eight.
pub(crate) const TOPICS_PER_REQUEST: usize = 8;
/// Most SUBSCRIBEs without an answer.
pub(crate) const OPEN_REQUESTS: usize = 16;

/// Topics asked for in one request.
pub(crate) type Chunk = Vec<TopicIndex>;

/// The subscriptions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    waiting: VecDeque<Chunk>,
    unnumbered: VecDeque<Chunk>,
    open: HashMap<u16, Chunk>,
    refused: BTreeSet<TopicIndex>,
}

impl Subscriptions {
    /// Puts `topics` on the list of what is to be asked for.
    pub(crate) fn ask(&mut self, topics: impl IntoIterator<Item = TopicIndex>) {
        let topics: Vec<_> = topics.into_iter().collect();
        self.waiting.extend(topics.chunks(TOPICS_PER_REQUEST).map(<[TopicIndex]>::to_vec));
    }

    /// Puts everything refused so far on the list once more.
    pub(crate) fn ask_refused_again(&mut self) {
        let refused: Vec<_> = self.refused.iter().copied().collect();
        self.ask(refused);
    }

    /// The next request to hand over, while fewer than [`OPEN_REQUESTS`] are open.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        if self.unnumbered.len() + self.open.len() >= OPEN_REQUESTS {
            return None;
        }
        let chunk = self.waiting.pop_front()?;
        self.unnumbered.push_back(chunk.clone());
        Some(chunk)
    }

    /// Takes the packet number of the oldest request without one.
    pub(crate) fn numbered(&mut self, packet: u16) {
        if let Some(chunk) = self.unnumbered.pop_front() {
            self.open.insert(packet, chunk);
        }
    }

    /// Takes an answer: each of its topics, whether it is granted, and whether that is news.
    ///
    /// An answer shorter than its request leaves the rest refused: nothing was granted there.
    pub(crate) fn answered(&mut self, packet: u16, granted: &[bool]) -> Vec<Answer> {
        let chunk = self.open.remove(&packet).unwrap_or_default();
        let granted = granted.iter().copied().chain(std::iter::repeat(false));
        let mut answers = Vec::with_capacity(chunk.len());
        for (topic, granted) in chunk.into_iter().zip(granted) {
            let is_news =
                if granted { self.refused.remove(&topic) } else { self.refused.insert(topic) };
            answers.push(Answer { topic, granted, is_news });
        }
        answers
    }

    /// Whether everything asked for was answered.
    pub(crate) fn are_answered(&self) -> bool {
        self.waiting.is_empty() && self.unnumbered.is_empty() && self.open.is_empty()
    }

    /// Whether a topic is refused at present.
    pub(crate) fn any_refused(&self) -> bool {
        !self.refused.is_empty()
    }
}

/// What a broker said about one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) topic: TopicIndex,
    pub(crate) granted: bool,
    /// A first refusal, or the grant of what was refused.
    pub(crate) is_news: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(topics: usize) -> Subscriptions {
        let mut subscriptions = Subscriptions::default();
        subscriptions.ask((0..topics).map(TopicIndex));
        subscriptions
    }

    #[test]
    fn requests_are_small_and_few_at_a_time() {
        let mut subscriptions = asked(1000);
        let first: Vec<_> = std::iter::from_fn(|| subscriptions.next()).collect();
        assert_eq!(first.len(), OPEN_REQUESTS);
        assert!(first.iter().all(|chunk| chunk.len() == TOPICS_PER_REQUEST));
        let mut asked = first.concat();
        let mut packet = 0;
        while !subscriptions.are_answered() {
            packet += 1;
            subscriptions.numbered(packet);
            let answers = subscriptions.answered(packet, &[true; TOPICS_PER_REQUEST]);
            assert_eq!(
                answers.first().map(|answer| answer.topic.0),
                Some(usize::from(packet - 1) * 8)
            );
            asked.extend(std::iter::from_fn(|| subscriptions.next()).flatten());
        }
        assert_eq!(asked, (0..1000).map(TopicIndex).collect::<Vec<_>>());
        assert!(!subscriptions.any_refused());
    }

    #[test]
    fn a_refusal_is_told_once_and_asked_again() {
        let mut subscriptions = asked(3);
        let answer =
            |topic, granted, is_news| Answer { topic: TopicIndex(topic), granted, is_news };
        subscriptions.next();
        subscriptions.numbered(7);
        assert_eq!(
            subscriptions.answered(7, &[true, false, true]),
            [answer(0, true, false), answer(1, false, true), answer(2, true, false)]
        );
        assert!(subscriptions.are_answered() && subscriptions.any_refused());
        for (packet, granted, is_news) in [(8, false, false), (9, true, true)] {
            subscriptions.ask_refused_again();
            assert_eq!(subscriptions.next(), Some(vec![TopicIndex(1)]));
            subscriptions.numbered(packet);
            assert_eq!(subscriptions.answered(packet, &[granted]), [answer(1, granted, is_news)]);
        }
        assert!(!subscriptions.any_refused());
    }

    #[test]
    fn an_answer_nobody_asked_for_says_nothing() {
        let mut subscriptions = asked(1);
        assert_eq!(subscriptions.answered(3, &[true]), []);
        subscriptions.next();
        subscriptions.numbered(1);
        assert!(!subscriptions.answered(1, &[]).first().unwrap().granted);
    }
}
