//! What every byte of the memory holds, to compare whole words with what comes back.

use super::difference::Difference;
use crate::power::Organisation;
use crate::power::cycle::{Request, Response, bits};
use std::collections::VecDeque;

/// An answer whose bytes are not what was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// Cycle of the answer.
    pub cycle: u64,
    /// Port that was answered.
    pub port: usize,
    /// Word address that was read.
    pub word: u64,
    /// Enabled bytes as they were written, in hexadecimal, byte 0 last.
    pub expected: String,
    /// The same bytes as they came back.
    pub seen: String,
}

impl DataError {
    pub(super) fn difference(&self) -> Difference {
        Difference::new(self.cycle, "rdata_o", &self.expected, &self.seen).at_port(self.port)
    }
}

/// A read under way.
#[derive(Debug, Clone)]
struct Pending {
    word: u64,
    enables: u128,
    bytes: Vec<u8>,
}

/// Contents of the memory by byte, and the reads that are not answered yet.
#[derive(Debug)]
pub(super) struct Shadow {
    word_bytes: usize,
    contents: Vec<u8>,
    pending: Vec<VecDeque<Option<Pending>>>,
}

impl Shadow {
    pub(super) fn new(organisation: &Organisation) -> Self {
        let word_bytes = organisation.word_bytes() as usize;
        Self {
            word_bytes,
            contents: vec![0; organisation.words() as usize * word_bytes],
            pending: vec![VecDeque::new(); organisation.ports as usize],
        }
    }

    /// Notes the grants of a cycle; `lane` gives the bytes of a 32-bit lane of a word written with a tag.
    pub(super) fn granted(&mut self, grants: u64, requests: &[Request], lane: impl Fn(u32, usize) -> [u8; 4]) {
        for port in bits(grants) {
            let request = &requests[port];
            let pending = match self.word(request.word) {
                None => None,
                Some(word) if request.write => {
                    write(word, request, &lane);
                    None
                }
                Some(word) => Some(Pending { word: request.word, enables: request.enables, bytes: word.to_vec() }),
            };
            self.pending[port].push_back(pending);
        }
    }

    fn word(&mut self, word: u64) -> Option<&mut [u8]> {
        let first = usize::try_from(word).ok()?.checked_mul(self.word_bytes)?;
        self.contents.get_mut(first..first + self.word_bytes)
    }

    /// Compares the enabled bytes of an answer; lost contents and errors are judged by their flags, not by their data.
    pub(super) fn answer(&mut self, cycle: u64, port: usize, response: &Response, data: &[u8]) -> Option<DataError> {
        let read = self.pending[port].pop_front().flatten()?;
        if response.error || response.poison {
            return None;
        }
        let enabled = |&i: &usize| read.enables >> i & 1 == 1;
        let hex = |bytes: &[u8]| (0..bytes.len()).rev().filter(enabled).map(|i| format!("{:02x}", bytes[i])).collect();
        let differs = (0..data.len()).filter(enabled).any(|i| data[i] != read.bytes[i]);
        differs.then(|| DataError { cycle, port, word: read.word, expected: hex(&read.bytes), seen: hex(data) })
    }
}

fn write(word: &mut [u8], request: &Request, lane: &impl Fn(u32, usize) -> [u8; 4]) {
    for (i, byte) in word.iter_mut().enumerate().filter(|(i, _)| request.enables >> i & 1 == 1) {
        *byte = lane(request.tag, i / 4)[i % 4];
    }
}
