//! Bounds the depth of the tree before there is one, so that no phase can overflow its stack.
//!
//! Invariant: the estimate is never below the depth of the tree the grammar would build, up to the
//! few levels that one item has by itself.

use super::MAX_DEPTH;
use super::token::{Token, TokenKind};

/// Depth added by what stands at one bracket level since the last separator.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Operators, each of which puts what stands before it one level deeper.
    operators: u32,
    /// Longest chain `a.b.c` of the level, and the current one.
    longest_chain: u32,
    chain: u32,
}

impl Level {
    fn depth(self) -> u32 {
        self.operators + self.longest_chain
    }
}

/// Offsets of the tokens at which the text gets too deep, one for each stretch that does.
pub(super) fn too_deep(tokens: &[Token]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut enclosing: Vec<Level> = Vec::new();
    let mut base = 0u32;
    let mut level = Level::default();
    let mut was_deep = false;
    for token in tokens {
        match token.kind {
            kind if kind.is_opening() => {
                base += 1 + level.depth();
                enclosing.push(level);
                level = Level::default();
            }
            kind if kind.is_closing() => {
                if let Some(outer) = enclosing.pop() {
                    base -= 1 + outer.depth();
                    level = outer;
                }
            }
            TokenKind::Comma | TokenKind::Semicolon | TokenKind::FatArrow | TokenKind::For => {
                level = Level::default();
            }
            TokenKind::Dot => {
                level.chain += 1;
                level.longest_chain = level.longest_chain.max(level.chain);
            }
            TokenKind::Bang | TokenKind::Else => level.operators += 1,
            kind if kind.is_infix() => {
                level.operators += 1;
                level.chain = 0;
            }
            _ => {}
        }
        let deep = base + level.depth() > MAX_DEPTH;
        if deep && !was_deep {
            found.push(token.span.start);
        }
        was_deep = deep;
    }
    found
}
