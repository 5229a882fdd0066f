//! Streaming reader of value change dumps (IEEE 1364-2005, clause 18).
//!
//! The header is read by the `vcd` crate. Value changes are scanned here, because that crate allocates for every
//! vector, and a dump with wide data buses is mostly vectors nobody asked for.

use std::io::{BufReader, Read};

/// Bytes read at a time; also the room for one command before the buffer grows.
const CHUNK: usize = 1 << 18;
/// Longest command that is believed; longer means the file is not a dump.
const LONGEST: usize = 1 << 24;

/// One value change command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// `#time`.
    Time(u64),
    /// A scalar (one digit) or a vector (its digits, most significant first) of the variable with this code.
    Change(u64, &'a [u8]),
    /// `$dumpoff`: values that follow are meaningless until `$dumpon`.
    Off,
    /// `$dumpon`.
    On,
    /// Something that changes no bit: another keyword, a real, a string.
    Other,
}

/// Why scanning stopped.
#[derive(Debug)]
pub(super) enum DumpError {
    /// The system could not read.
    Io(std::io::Error),
    /// The bytes at this offset from the start of the value changes are no command.
    Syntax(u64),
}

/// Value changes of a dump whose header has been read.
pub(super) struct Dump<R> {
    source: BufReader<R>,
    buffer: Vec<u8>,
    position: usize,
    consumed: u64,
    ended: bool,
}

/// Reads the header and leaves the source at the first value change.
pub(super) fn open<R: Read>(source: R) -> Result<(vcd::Header, Dump<R>), std::io::Error> {
    let mut source = BufReader::with_capacity(CHUNK, source);
    let header = vcd::Parser::new(&mut source).parse_header()?;
    Ok((header, Dump { source, buffer: Vec::with_capacity(2 * CHUNK), position: 0, consumed: 0, ended: false }))
}

impl<R: Read> Dump<R> {
    /// The next command, `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Command<'_>>, DumpError> {
        loop {
            self.skip_space();
            if let Some(length) = complete(&self.buffer[self.position..]) {
                let start = self.position;
                self.position += length;
                let offset = self.consumed + start as u64;
                let command = parse(&self.buffer[start..start + length]).ok_or(DumpError::Syntax(offset))?;
                return Ok(Some(command));
            }
            if self.ended {
                let rest = self.buffer.len() - self.position;
                return if rest == 0 { Ok(None) } else { Err(DumpError::Syntax(self.consumed + self.position as u64)) };
            }
            self.fill()?;
        }
    }

    fn skip_space(&mut self) {
        let rest = &self.buffer[self.position..];
        self.position += rest.iter().position(|b| *b > b' ').unwrap_or(rest.len());
    }

    /// Moves the unread tail to the front and reads on; at the end of the file a line end completes the last command.
    fn fill(&mut self) -> Result<(), DumpError> {
        self.buffer.drain(..self.position);
        self.consumed += self.position as u64;
        self.position = 0;
        let before = self.buffer.len();
        if before > LONGEST {
            return Err(DumpError::Syntax(self.consumed));
        }
        let wanted = before.max(CHUNK) as u64;
        (&mut self.source).take(wanted).read_to_end(&mut self.buffer).map_err(DumpError::Io)?;
        if self.buffer.len() == before {
            self.ended = true;
            self.buffer.push(b'\n');
        }
        Ok(())
    }
}

/// Length of the command at the start of `text`, if all of it and the space after it are there.
fn complete(text: &[u8]) -> Option<usize> {
    let first = token_end(text, 0)?;
    match text[0] {
        b'b' | b'B' | b'r' | b'R' | b's' | b'S' => token_end(text, token_start(text, first)?),
        b'$' if &text[..first] == b"$comment" => comment_end(text, first),
        _ => Some(first),
    }
}

fn token_end(text: &[u8], start: usize) -> Option<usize> {
    text[start..].iter().position(|b| *b <= b' ').map(|length| start + length)
}

fn token_start(text: &[u8], end: usize) -> Option<usize> {
    text[end..].iter().position(|b| *b > b' ').map(|space| end + space)
}

fn comment_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let start = token_start(text, at)?;
        at = token_end(text, start)?;
        if &text[start..at] == b"$end" {
            return Some(at);
        }
    }
}

/// Reads one complete command.
fn parse(text: &[u8]) -> Option<Command<'_>> {
    match text[0] {
        b'#' => number(&text[1..]).map(Command::Time),
        b'0' | b'1' | b'x' | b'X' | b'z' | b'Z' => Some(Command::Change(code(&text[1..])?, &text[..1])),
        b'b' | b'B' => {
            let end = token_end(text, 0)?;
            Some(Command::Change(code(&text[token_start(text, end)?..])?, &text[1..end]))
        }
        b'r' | b'R' | b's' | b'S' => Some(Command::Other),
        b'$' => Some(match text {
            b"$dumpoff" => Command::Off,
            b"$dumpon" => Command::On,
            _ => Command::Other,
        }),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Number of an identifier code: its printable characters as digits to the base 94, the first the lowest.
pub(super) fn code(identifier: &[u8]) -> Option<u64> {
    if identifier.is_empty() {
        return None;
    }
    identifier.iter().rev().try_fold(0u64, |sum, c| {
        let digit = c.checked_sub(b'!').filter(|d| *d < 94)?;
        sum.checked_mul(94)?.checked_add(u64::from(digit) + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, so that every command crosses a border.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(1).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    const TEXT: &str = "$var wire 1 ! clk $end $var wire 4 \" bus [3:0] $end $enddefinitions $end\n\
        $comment 1! is no change $end $dumpvars 0! bx \" $end\n#10 1!\nb1010 \"\nr1.5 #\n#20\n0!";

    fn times_and_changes(mut dump: Dump<impl Read>) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(command) = dump.next().unwrap() {
            match command {
                Command::Time(time) => seen.push(format!("#{time}")),
                Command::Change(code, digits) => seen.push(format!("{code}={}", String::from_utf8_lossy(digits))),
                Command::Off | Command::On | Command::Other => {}
            }
        }
        seen
    }

    #[test]
    fn commands_may_cross_any_border() {
        let expected = ["1=0", "2=x", "#10", "1=1", "2=1010", "#20", "1=0"];
        assert_eq!(times_and_changes(open(TEXT.as_bytes()).unwrap().1), expected);
        assert_eq!(times_and_changes(open(Trickle(TEXT.as_bytes())).unwrap().1), expected);
    }

    #[test]
    fn a_truncated_vector_is_an_error_at_its_offset() {
        let mut dump = open("$enddefinitions $end\n#1\nb101".as_bytes()).unwrap().1;
        assert_eq!(dump.next().unwrap(), Some(Command::Time(1)));
        assert!(matches!(dump.next(), Err(DumpError::Syntax(3))));
    }
}
