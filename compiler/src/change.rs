//! What differs between two texts, one of which was made from the other.

use crate::source::Span;

/// One stretch of a text, replaced: what stands before it is as it was, and what stands behind it has
/// only moved. Offsets are bytes, on character boundaries of both texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where it starts in both texts.
    pub(crate) start: u32,
    /// Where it ends in the old text.
    pub(crate) old_end: u32,
    /// Where it ends in the new text.
    pub(crate) new_end: u32,
}

impl Change {
    /// The shortest change that makes one text of another. Texts are smaller than 4 GB.
    pub(crate) fn between(old: &str, new: &str) -> Change {
        let equal = |(a, b): &(u8, u8)| a == b;
        let same = old.bytes().zip(new.bytes()).take_while(equal).count();
        let start = boundary_before(old, same);
        let rest = |text: &str| text.len() - start;
        let most = rest(old).min(rest(new));
        let ends = old.bytes().rev().zip(new.bytes().rev());
        let same = ends.take(most).take_while(equal).count();
        let old_end = boundary_after(old, old.len() - same);
        Change {
            start: start as u32,
            old_end: old_end as u32,
            new_end: (new.len() - (old.len() - old_end)) as u32,
        }
    }

    /// Where what stood at a place of the old text stands in the new one, if nothing of it changed.
    pub(crate) fn moved(self, span: Span) -> Option<Span> {
        if span.end <= self.start {
            return Some(span);
        }
        (span.start >= self.old_end)
            .then(|| Span::new(self.later(span.start), self.later(span.end)))
    }

    /// Where an offset behind the change is in the new text.
    pub(crate) fn later(self, offset: u32) -> u32 {
        offset - self.old_end + self.new_end
    }
}

fn boundary_before(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn boundary_after(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset += 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(old: &str, new: &str) -> (u32, u32, u32) {
        let change = Change::between(old, new);
        let replaced = &new[change.start as usize..change.new_end as usize];
        let whole = format!(
            "{}{replaced}{}",
            &old[..change.start as usize],
            &old[change.old_end as usize..]
        );
        assert_eq!(whole, new);
        (change.start, change.old_end, change.new_end)
    }

    #[test]
    fn a_change_is_as_short_as_it_can_be() {
        assert_eq!(change("abc", "abc"), (3, 3, 3));
        assert_eq!(change("abc", "axc"), (1, 2, 2));
        assert_eq!(change("aa", "aaa"), (2, 2, 3));
        assert_eq!(change("aaa", "aa"), (2, 3, 2));
        assert_eq!(change("", "abc"), (0, 0, 3));
        assert_eq!(change("abc", ""), (0, 3, 0));
    }

    #[test]
    fn characters_are_never_cut() {
        // These share their first byte, and their last.
        assert_eq!(change("aéb", "aèb"), (1, 3, 3));
        assert_eq!(change("a\u{e9}b", "a\u{129}b"), (1, 3, 3));
    }

    #[test]
    fn what_is_touched_has_not_moved() {
        let change = Change::between("abcdef", "abXcdef");
        assert_eq!(change.moved(Span::new(0, 2)), Some(Span::new(0, 2)));
        assert_eq!(change.moved(Span::new(2, 4)), Some(Span::new(3, 5)));
        assert_eq!(change.moved(Span::new(1, 3)), None);
    }
}
