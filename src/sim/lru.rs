//! Tensors in the order of their last use: a doubly linked list in two arrays, every operation in constant time.

const NONE: u32 = u32::MAX;

/// The list; the least recently used element comes first.
#[derive(Debug)]
pub struct LruList {
    next: Vec<u32>,
    previous: Vec<u32>,
    linked: Vec<bool>,
    head: u32,
    tail: u32,
}

impl LruList {
    /// An empty list over the elements 0 … `len` − 1.
    pub fn new(len: usize) -> Self {
        Self { next: vec![NONE; len], previous: vec![NONE; len], linked: vec![false; len], head: NONE, tail: NONE }
    }

    /// Puts `item` last, whether it was in the list or not.
    pub fn touch(&mut self, item: u32) {
        if self.tail == item {
            return;
        }
        self.remove(item);
        let i = item as usize;
        (self.previous[i], self.next[i], self.linked[i]) = (self.tail, NONE, true);
        match self.tail {
            NONE => self.head = item,
            tail => self.next[tail as usize] = item,
        }
        self.tail = item;
    }

    /// Takes `item` out, if it is in the list.
    pub fn remove(&mut self, item: u32) {
        let i = item as usize;
        if !self.linked[i] {
            return;
        }
        let (previous, next) = (self.previous[i], self.next[i]);
        match previous {
            NONE => self.head = next,
            p => self.next[p as usize] = next,
        }
        match next {
            NONE => self.tail = previous,
            n => self.previous[n as usize] = previous,
        }
        self.linked[i] = false;
    }

    /// Whether `item` is in the list.
    pub fn has(&self, item: u32) -> bool {
        self.linked[item as usize]
    }

    /// The least recently used element.
    pub fn first(&self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// The most recently used element.
    pub fn last(&self) -> Option<u32> {
        (self.tail != NONE).then_some(self.tail)
    }

    /// The element used just before `item`.
    pub fn before(&self, item: u32) -> Option<u32> {
        let previous = self.previous[item as usize];
        (previous != NONE).then_some(previous)
    }

    /// The element used next after `item`.
    pub fn after(&self, item: u32) -> Option<u32> {
        let next = self.next[item as usize];
        (next != NONE).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_use() {
        let mut list = LruList::new(4);
        for item in [2, 0, 3, 0, 2, 1] {
            list.touch(item);
        }
        list.remove(0);
        let order: Vec<u32> = std::iter::successors(list.first(), |&i| list.after(i)).collect();
        assert_eq!(order, [3, 2, 1]);
    }
}
