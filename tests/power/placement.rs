//! Placement: first-fit against a search word by word, and a check that trusts nobody.

use proptest::collection::vec;
use proptest::prelude::*;
use trapti::ids::{LifetimeId, MemoryId, TensorId};
use trapti::power::place::{Rule, Space};
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

fn classed() -> impl Strategy<Value = Vec<Lifetime>> {
    vec(((0u32..2, 0u64..60, 0u64..40, 1u64..100).prop_map(lifetime), 0usize..4), 1..40).prop_map(|drawn| {
        drawn.into_iter().map(|(lifetime, class)| Lifetime { class: Class::ALL[class], ..lifetime }).collect()
    })
}

fn spans(lifetimes: &[Lifetime]) -> impl Iterator<Item = (u64, u64)> + '_ {
    lifetimes.iter().filter(|l| l.memory == MemoryId(0)).map(|l| (l.reserved.0, l.released.0))
}

proptest! {
    #[test]
    fn every_rule_keeps_what_a_placement_must_keep(lifetimes in classed(), domains in 1u64..9, size in 0u32..5) {
        let domain_words = 1 << size;
        let space = Space { words: domains * domain_words, domain_words, word_bytes: WORD };
        let place = |rule| place::place(rule, &lifetimes, MemoryId(0), space);
        let needed = |word| lifetimes.iter().filter(|l| l.memory == MemoryId(0)).map(|l| l.extent.0.div_ceil(word)).max();
        for (_, rule) in Rule::NAMES {
            match place(rule) {
                Ok(placement) => placement.check(&lifetimes, MemoryId(0), space.words, WORD).unwrap(),
                Err(no) => prop_assert!(no.missing > Bytes(0) && no.missing <= no.needed),
            }
        }
        if needed(WORD).is_some_and(|most| most > space.words) {
            prop_assert!(Rule::NAMES.iter().all(|(_, rule)| place(*rule).is_err()));
        }
    }

    #[test]
    fn offline_never_keeps_domains_live_longer_than_the_other_rules(lifetimes in classed(), domains in 1u64..9, size in 3u32..6) {
        let domain_words = 1 << size;
        let space = Space { words: domains * domain_words, domain_words, word_bytes: WORD };
        let cost = |rule| {
            let placement = place::place(rule, &lifetimes, MemoryId(0), space).ok()?;
            Some(placement.domain_on_cycles(spans(&lifetimes), domain_words))
        };
        let offline = cost(Rule::Offline);
        for (_, rule) in Rule::NAMES {
            if let Some(other) = cost(rule) {
                prop_assert!(offline.is_some_and(|found| found <= other), "{rule}: {other} against {offline:?}");
            }
        }
    }

    #[test]
    fn domain_on_time_is_counted_cycle_by_cycle(lifetimes in classed(), size in 0u32..6) {
        let domain_words = 1 << size;
        let placement = place::first_fit(&lifetimes, MemoryId(0), 1 << 12, WORD).unwrap();
        let mut expected = 0;
        for domain in 0..placement.end().div_ceil(domain_words) {
            for cycle in 0..100 {
                let here = placement.blocks.iter().any(|b| {
                    let l = &lifetimes[b.lifetime.index()];
                    let words = b.first_word..b.first_word + b.words;
                    (l.reserved.0..l.released.0).contains(&cycle) && words.into_iter().any(|w| w / domain_words == domain)
                });
                expected += u64::from(here);
            }
        }
        prop_assert_eq!(placement.domain_on_cycles(spans(&lifetimes), domain_words), expected);
    }
}

/// Lifetimes by class, first cycle, first cycle after, words.
fn named(all: &[(Class, u64, u64, u64)]) -> Vec<Lifetime> {
    let one = |&(class, from, to, words): &(Class, u64, u64, u64)| Lifetime {
        class,
        ..lifetime((0, from, to - from, words * WORD))
    };
    all.iter().map(one).collect()
}

fn first_words(rule: Rule, lifetimes: &[Lifetime], words: u64, domain_words: u64) -> Vec<u64> {
    let space = Space { words, domain_words, word_bytes: WORD };
    let placement = place::place(rule, lifetimes, MemoryId(0), space).unwrap();
    placement.blocks.iter().map(|b| b.first_word).collect()
}

#[test]
fn each_rule_by_hand() {
    use Class::{Activation, Kv, Score, Weight};
    let all = named(&[(Weight, 0, 100, 4), (Activation, 0, 10, 2), (Kv, 5, 100, 3), (Score, 20, 30, 2)]);
    assert_eq!(first_words(Rule::FirstFit, &all, 16, 8), [0, 4, 6, 4]);
    // The two that live long from below, the two that do not from above.
    assert_eq!(first_words(Rule::TwoEnded, &all, 16, 8), [0, 14, 4, 14]);
    // Keys and values, weights, the rest: each in a domain of its own if there are enough, else one after the other.
    assert_eq!(first_words(Rule::ByClass, &all, 24, 8), [8, 16, 0, 16]);
    assert_eq!(first_words(Rule::ByClass, &all, 16, 8), [3, 7, 0, 7]);
}

#[test]
fn offline_gathers_what_lives_at_the_same_time() {
    use Class::Activation;
    // First-fit leaves a short and a long one in each domain of two words; together by pairs they free one of them early.
    let all =
        named(&[(Activation, 0, 100, 1), (Activation, 0, 10, 1), (Activation, 0, 100, 1), (Activation, 0, 10, 1)]);
    let on = |rule| {
        let space = Space { words: 4, domain_words: 2, word_bytes: WORD };
        place::place(rule, &all, MemoryId(0), space).unwrap().domain_on_cycles(spans(&all), 2)
    };
    assert_eq!((on(Rule::FirstFit), on(Rule::Offline)), (200, 110));
}

#[test]
fn a_pool_that_does_not_fit_says_what_is_missing() {
    let all = named(&[(Class::Weight, 0, 10, 4), (Class::Activation, 20, 30, 4)]);
    let space = Space { words: 6, domain_words: 2, word_bytes: WORD };
    let no = place::place(Rule::ByClass, &all, MemoryId(0), space).unwrap_err();
    assert_eq!((no.lifetime.index(), no.missing, no.needed), (1, Bytes(2 * WORD), Bytes(4 * WORD)));
    assert!(place::place(Rule::FirstFit, &all, MemoryId(0), space).is_ok());
}
