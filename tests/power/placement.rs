//! Placement: first-fit against a search word by word, and a check that trusts nobody.

use proptest::collection::vec;
use proptest::prelude::*;
use trapti::ids::{LifetimeId, MemoryId, TensorId};
use trapti::power::{Placement, place};
use trapti::trace::Lifetime;
use trapti::units::{Bytes, Cycles};
use trapti::workload::Class;

const WORD: u64 = 8;

fn lifetime((memory, reserved, length, extent): (u32, u64, u64, u64)) -> Lifetime {
    Lifetime {
        storage: TensorId(0),
        class: Class::Weight,
        memory: MemoryId(memory),
        layer: None,
        extent: Bytes(extent),
        reserved: Cycles(reserved),
        released: Cycles(reserved + length),
        transfers: 1,
    }
}

fn lifetimes() -> impl Strategy<Value = Vec<Lifetime>> {
    vec((0u32..2, 0u64..40, 0u64..20, 1u64..100).prop_map(lifetime), 1..40)
}

fn live_together(one: &Lifetime, other: &Lifetime) -> bool {
    one.reserved.max(other.reserved) < one.released.min(other.released)
}

/// First-fit by its definition: for each lifetime in turn the lowest word from which all its words are free.
fn by_definition(lifetimes: &[Lifetime], words: u64) -> Option<Vec<(u64, u64)>> {
    let mut order: Vec<usize> = (0..lifetimes.len()).filter(|&i| lifetimes[i].memory == MemoryId(0)).collect();
    order.sort_by_key(|&index| (lifetimes[index].reserved, index));
    let mut placed: Vec<(usize, u64, u64)> = Vec::new();
    for index in order {
        let need = lifetimes[index].extent.0.div_ceil(WORD);
        let now = lifetimes[index].reserved;
        let alive = |i: usize| lifetimes[i].reserved <= now && now < lifetimes[i].released;
        let free = |word: u64| placed.iter().all(|&(i, first, n)| !alive(i) || word < first || word >= first + n);
        let first = (0..words).find(|&first| first + need <= words && (first..first + need).all(free))?;
        placed.push((index, first, need));
    }
    placed.sort();
    Some(placed.into_iter().map(|(_, first, words)| (first, words)).collect())
}

proptest! {
    #[test]
    fn first_fit_takes_the_lowest_free_words(lifetimes in lifetimes(), words in 13u64..120) {
        let found = place::first_fit(&lifetimes, MemoryId(0), words, WORD);
        match by_definition(&lifetimes, words) {
            Some(expected) => {
                let placement = found.unwrap();
                let seen: Vec<(u64, u64)> = placement.blocks.iter().map(|b| (b.first_word, b.words)).collect();
                prop_assert_eq!(seen, expected);
                placement.check(&lifetimes, MemoryId(0), words, WORD).unwrap();
                let larger = place::first_fit(&lifetimes, MemoryId(0), 1 << 20, WORD).unwrap();
                prop_assert_eq!(larger.digest(), placement.digest());
            }
            None => {
                let no = found.unwrap_err();
                prop_assert!(no.missing > Bytes(0) && no.missing <= no.needed);
                prop_assert_eq!(no.cycle, lifetimes[no.lifetime.index()].reserved);
            }
        }
    }

    #[test]
    fn the_check_sees_every_clash(lifetimes in lifetimes(), moves in vec((any::<usize>(), 0u64..60), 0..4)) {
        let mut placement = place::first_fit(&lifetimes, MemoryId(0), 1 << 12, WORD).unwrap();
        let count = placement.blocks.len();
        for (index, to) in moves.iter().filter(|_| count > 0) {
            placement.blocks[index % count].first_word = *to;
        }
        let blocks = &placement.blocks;
        let clash = (0..count).any(|a| (0..a).any(|b| {
            let (one, other) = (&blocks[a], &blocks[b]);
            one.first_word < other.first_word + other.words
                && other.first_word < one.first_word + one.words
                && live_together(&lifetimes[one.lifetime.index()], &lifetimes[other.lifetime.index()])
        }));
        prop_assert_eq!(placement.check(&lifetimes, MemoryId(0), 1 << 12, WORD).is_err(), clash);
    }
}

#[test]
fn the_check_names_blocks_that_are_wrong() {
    let lifetimes = [(0, 0, 5, 20), (0, 5, 5, 20)].map(lifetime);
    let good = place::first_fit(&lifetimes, MemoryId(0), 3, WORD).unwrap();
    assert_eq!(good.end(), 3);
    let problem = |change: fn(&mut Placement)| {
        let mut placement = good.clone();
        change(&mut placement);
        placement.check(&lifetimes, MemoryId(0), 3, WORD).unwrap_err().to_string()
    };
    assert_eq!(problem(|p| p.blocks[1].first_word = 1), "life1 ends beyond the 3 words of the memory");
    assert_eq!(problem(|p| p.blocks[0].words = 2), "life0 has 2 words for 20 bytes");
    assert!(problem(|p| p.blocks[0].lifetime = LifetimeId(7)).starts_with("the blocks are not those"));
}

#[test]
fn what_does_not_fit_says_what_is_missing() {
    let lifetimes = [(0, 0, 9, 16), (0, 0, 2, 8), (0, 0, 9, 8), (0, 4, 2, 16)].map(lifetime);
    let no = place::first_fit(&lifetimes, MemoryId(0), 4, WORD).unwrap_err();
    assert_eq!(no.to_string(), "life3 needs 16 B in one piece in cycle 4; 8 B are missing, 8 B are free in all");
}
