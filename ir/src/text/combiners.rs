//! Combiners in text: `max`, `top(3)`, `map(sum)`, `lattice shop.Stock`.

use crate::Combiner;

use super::lexer::Token;
use super::literal::{print_type_name, push};
use super::parser::{Parsed, Parser};

/// Those that are but a name.
const COMBINERS: [Combiner; 11] = [
    Combiner::Min,
    Combiner::Max,
    Combiner::Any,
    Combiner::All,
    Combiner::Union,
    Combiner::Count,
    Combiner::Sum,
    Combiner::Avg,
    Combiner::One,
    Combiner::Sorted,
    Combiner::Lww,
];

const EXPECTED: &str = "a combiner: min, max, any, all, union, count, sum, avg, top(n), \
    one, sorted, lww, map(combiner) or lattice name";

/// Appends a combiner.
pub(super) fn print_combiner(out: &mut String, combiner: &Combiner) {
    out.push_str(combiner.name());
    match combiner {
        Combiner::Top(n) => push(out, format_args!("({n})")),
        Combiner::Map(inner) => {
            out.push('(');
            print_combiner(out, inner);
            out.push(')');
        }
        Combiner::Lattice(name) => {
            out.push(' ');
            print_type_name(out, name);
        }
        _ => {}
    }
}

impl Parser<'_> {
    /// A combiner.
    pub(super) fn combiner(&mut self) -> Parsed<Combiner> {
        let Token::Word(word) = self.peek() else {
            return self.error(EXPECTED);
        };
        if let Some(combiner) = COMBINERS.iter().find(|combiner| combiner.name() == *word) {
            self.advance();
            return Ok(combiner.clone());
        }
        match *word {
            "top" => {
                self.advance();
                self.punct('(')?;
                let n = self.whole("how many")?;
                self.punct(')')?;
                Ok(Combiner::Top(n))
            }
            "map" => {
                self.advance();
                self.punct('(')?;
                let inner = self.nested(Self::combiner)?;
                self.punct(')')?;
                Ok(Combiner::Map(Box::new(inner)))
            }
            "lattice" => {
                self.advance();
                let name = self.qualified("the name of a lattice")?;
                Ok(Combiner::Lattice(name))
            }
            _ => self.error(EXPECTED),
        }
    }
}
