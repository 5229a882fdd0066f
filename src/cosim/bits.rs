//! Bit fields in the little-endian bytes of a port.

/// Writes `width` bits (at most 64) of `value` at bit `offset`; bits of `value` above `width` must be 0.
pub(super) fn put(bytes: &mut [u8], offset: usize, width: usize, value: u64) {
    let (mut at, mut left, mut value) = (offset, width, value);
    while left > 0 {
        let (byte, bit) = (at / 8, at % 8);
        let take = (8 - bit).min(left);
        let mask = ((1u16 << take) - 1) as u8;
        bytes[byte] = bytes[byte] & !(mask << bit) | (value as u8 & mask) << bit;
        value >>= take;
        at += take;
        left -= take;
    }
}

/// Reads up to 64 bits from the start of a port.
pub(super) fn low_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let count = bytes.len().min(8);
    word[..count].copy_from_slice(&bytes[..count]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_neighbours() {
        let mut bytes = [0xff; 8];
        put(&mut bytes, 5, 20, 0);
        assert_eq!(low_word(&bytes), !(0xf_ffff << 5));
        put(&mut bytes, 5, 20, 0xa_5a5a);
        assert_eq!(low_word(&bytes) >> 5 & 0xf_ffff, 0xa_5a5a);
        assert_eq!(low_word(&bytes[..2]), u64::from(u16::from_le_bytes([bytes[0], bytes[1]])));
    }
}
