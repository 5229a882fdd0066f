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

/// Contents of the memory by byte, and the accesses that are not answered yet.
///
/// An access takes effect here when it is answered: all are answered equally late, in the order of their grants, and only then is it
/// known that it was served.
#[derive(Debug)]
pub(super) struct Shadow {
    word_bytes: usize,
    contents: Vec<u8>,
    pending: Vec<VecDeque<Request>>,
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

    /// Notes the grants of a cycle.
    pub(super) fn granted(&mut self, grants: u64, requests: &[Request]) {
        bits(grants).for_each(|port| self.pending[port].push_back(requests[port]));
    }

    /// Byte enables of the access at a port that is answered next, if it is a read.
    pub(super) fn next_read(&self, port: usize) -> Option<u128> {
        self.pending[port].front().filter(|request| !request.write).map(|request| request.enables)
    }

    /// Nothing is under way any more.
    pub(super) fn reset(&mut self) {
        self.pending.iter_mut().for_each(VecDeque::clear);
    }

    fn word(&mut self, word: u64) -> Option<&mut [u8]> {
        let first = usize::try_from(word).ok()?.checked_mul(self.word_bytes)?;
        self.contents.get_mut(first..first + self.word_bytes)
    }

    /// Carries out the write that is answered, or compares the enabled bytes of the read; lost contents and errors are judged by
    /// their flags, not by their data. `lane` gives the bytes of a 32-bit lane of a word written with a tag.
    pub(super) fn answer(
        &mut self,
        (cycle, port): (u64, usize),
        response: &Response,
        data: &[u8],
        lane: impl Fn(u32, usize) -> [u8; 4],
    ) -> Option<DataError> {
        let request = self.pending[port].pop_front()?;
        if response.error || response.poison {
            return None;
        }
        let bytes = self.word(request.word)?;
        if request.write {
            write(bytes, &request, &lane);
            return None;
        }
        let enabled = |&i: &usize| request.enables >> i & 1 == 1;
        let hex = |bytes: &[u8]| (0..bytes.len()).rev().filter(enabled).map(|i| format!("{:02x}", bytes[i])).collect();
        let differs = (0..data.len()).filter(enabled).any(|i| data[i] != bytes[i]);
        differs.then(|| DataError { cycle, port, word: request.word, expected: hex(bytes), seen: hex(data) })
    }
}

fn write(word: &mut [u8], request: &Request, lane: &impl Fn(u32, usize) -> [u8; 4]) {
    for (i, byte) in word.iter_mut().enumerate().filter(|(i, _)| request.enables >> i & 1 == 1) {
        *byte = lane(request.tag, i / 4)[i % 4];
    }
}
