//! What native code computes for one row: a graph of pure operations on words, floats and flags.
//!
//! Invariants:
//! - Operations refer only to earlier ones, and equal operations are one: a common part is computed
//!   once, and equal blocks have equal graphs whatever their spans, names and parameters.
//! - No operation fails or traps. Whether an expression fails is a flag computed beside its value;
//!   where the flag is set the value is any word.
//! - Nothing refers to an address or a symbol: those are read from the pool of the call.

use super::helpers::Helper;

/// The number of an operation.
pub(crate) type Id = u32;

/// What an operation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    /// 64 bits as rows have them.
    Word,
    /// A float; −0.0 and any NaN may stand for the canonical ones, see [`Unary::Canonical`].
    Float,
    /// A truth value.
    Flag,
}

/// An operation; see the kinds of operands for the sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// A column of the input row.
    Column(u32),
    /// A column that the interpreter computed, at this lane.
    Interpreted(u32),
    /// A word of the call's pool: a parameter, or a literal that is a symbol.
    Pool(u32),
    /// A literal.
    Word(u64),
    Flag(bool),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    /// The second if the first, a flag, is set, else the third. Both are computed.
    Select(Id, Id, Id),
    /// Two values of which only the chosen ones are computed: where computing both costs more.
    Branch {
        condition: Id,
        then: [Id; 2],
        otherwise: [Id; 2],
    },
    /// A function of Rust, with a number of its own and two words: gives a word and a flag.
    Call(Helper, u64, [Id; 2]),
    /// One of the two values of a branch or call.
    Part(Id, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unary {
    /// Word to float and back, bit by bit.
    FloatOf,
    WordOf,
    /// Whether a word is not zero; a flag as 0 or 1.
    FlagOf,
    WordOfFlag,
    Not,
    /// Float to the float that stands for it in rows.
    Canonical,
    IsNan,
    /// On words.
    Negate,
    Magnitude,
    /// Int to float; float to Int, any where it does not fit.
    IntToFloat,
    FloatToInt,
    /// On floats.
    NegateFloat,
    MagnitudeFloat,
    Floor,
    Ceil,
    Trunc,
    Round,
    Sqrt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Binary {
    /// On words, wrapping.
    Add,
    Sub,
    Mul,
    /// Whether they do not fit.
    AddOverflows,
    SubOverflows,
    MulOverflows,
    /// The divisor is not 0, nor −1 under the least number.
    Div,
    Rem,
    BitAnd,
    BitOr,
    BitXor,
    /// The second is below 64.
    ShiftLeft,
    ShiftRight,
    Equal,
    Less,
    /// On floats.
    AddFloat,
    SubFloat,
    MulFloat,
    DivFloat,
    /// As IEEE 754 has them: false where one is NaN.
    EqualFloat,
    LessFloat,
    /// Less, or one of them is NaN.
    NotGreaterEqualFloat,
    /// On flags.
    And,
    Or,
}

impl Unary {
    fn sort(self) -> Sort {
        match self {
            Unary::WordOf
            | Unary::WordOfFlag
            | Unary::Negate
            | Unary::Magnitude
            | Unary::FloatToInt => Sort::Word,
            Unary::FlagOf | Unary::Not | Unary::IsNan => Sort::Flag,
            _ => Sort::Float,
        }
    }

    fn cost(self) -> u32 {
        match self {
            Unary::FloatOf | Unary::WordOf | Unary::FlagOf | Unary::WordOfFlag | Unary::Not => 1,
            Unary::Sqrt => 15,
            Unary::Round => 4,
            Unary::Canonical => 3,
            _ => 2,
        }
    }
}

impl Binary {
    fn sort(self) -> Sort {
        use Binary::*;
        match self {
            Add | Sub | Mul | Div | Rem | BitAnd | BitOr | BitXor | ShiftLeft | ShiftRight => {
                Sort::Word
            }
            AddFloat | SubFloat | MulFloat | DivFloat => Sort::Float,
            _ => Sort::Flag,
        }
    }

    fn cost(self) -> u32 {
        match self {
            Binary::Div | Binary::Rem => 25,
            Binary::DivFloat => 5,
            Binary::Mul | Binary::MulOverflows => 2,
            _ => 1,
        }
    }
}

/// A graph under construction.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    ops: Vec<Op>,
    sorts: Vec<Sort>,
    costs: Vec<u32>,
    known: hashbrown::HashMap<Op, Id>,
}

/// Above this cost a part is skipped by a branch where it is not needed.
pub(crate) const COSTLY: u32 = 12;

impl Graph {
    pub(crate) fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    pub(crate) fn op(&self, id: Id) -> Op {
        self.ops[id as usize]
    }

    pub(crate) fn sort(&self, id: Id) -> Sort {
        self.sorts[id as usize]
    }

    /// About how many cycles it takes with all it is made of.
    pub(crate) fn cost(&self, id: Id) -> u32 {
        self.costs[id as usize]
    }

    fn sum(&self, own: u32, parts: &[Id]) -> u32 {
        let parts = parts.iter().map(|&part| self.cost(part));
        parts.fold(own, u32::saturating_add)
    }

    fn add(&mut self, op: Op, sort: Sort, cost: u32) -> Id {
        *self.known.entry(op).or_insert_with(|| {
            self.ops.push(op);
            self.sorts.push(sort);
            self.costs.push(cost);
            self.ops.len() as Id - 1
        })
    }

    /// A word that is there already.
    pub(crate) fn leaf(&mut self, op: Op) -> Id {
        self.add(op, Sort::Word, 1)
    }

    pub(crate) fn word(&mut self, word: u64) -> Id {
        self.add(Op::Word(word), Sort::Word, 0)
    }

    pub(crate) fn flag(&mut self, flag: bool) -> Id {
        self.add(Op::Flag(flag), Sort::Flag, 0)
    }

    pub(crate) fn unary(&mut self, op: Unary, a: Id) -> Id {
        match (op, self.op(a)) {
            (Unary::Not, Op::Flag(flag)) => self.flag(!flag),
            (Unary::Not, Op::Unary(Unary::Not, b)) => b,
            (Unary::FlagOf, Op::Unary(Unary::WordOfFlag, b)) => b,
            (Unary::FlagOf, Op::Word(word)) => self.flag(word != 0),
            (Unary::WordOfFlag, Op::Flag(flag)) => self.word(flag as u64),
            (Unary::WordOf, Op::Unary(Unary::FloatOf, b)) => b,
            (Unary::FloatOf, Op::Unary(Unary::WordOf, b)) => b,
            // What rows and literals hold is canonical.
            (
                Unary::Canonical,
                Op::Unary(Unary::FloatOf | Unary::Canonical | Unary::IntToFloat, _),
            ) => a,
            (Unary::IsNan, _) if self.is_never_nan(a) => self.flag(false),
            _ => {
                let cost = op.cost().saturating_add(self.cost(a));
                self.add(Op::Unary(op, a), op.sort(), cost)
            }
        }
    }

    /// Whether a float is known to be a number.
    fn is_never_nan(&self, a: Id) -> bool {
        match self.op(a) {
            Op::Unary(Unary::IntToFloat, _) => true,
            Op::Unary(Unary::FloatOf, word) => match self.op(word) {
                Op::Word(word) => !f64::from_bits(word).is_nan(),
                _ => false,
            },
            _ => false,
        }
    }

    pub(crate) fn binary(&mut self, op: Binary, a: Id, b: Id) -> Id {
        match (op, self.op(a), self.op(b)) {
            (Binary::And, Op::Flag(true), _) | (Binary::Or, Op::Flag(false), _) => b,
            (Binary::And, _, Op::Flag(true)) | (Binary::Or, _, Op::Flag(false)) => a,
            (Binary::And, Op::Flag(false), _) | (Binary::And, _, Op::Flag(false)) => {
                self.flag(false)
            }
            (Binary::Or, Op::Flag(true), _) | (Binary::Or, _, Op::Flag(true)) => self.flag(true),
            (Binary::And | Binary::Or, _, _) if a == b => a,
            (Binary::Equal, Op::Word(a), Op::Word(b)) => self.flag(a == b),
            (Binary::Less, Op::Word(a), Op::Word(b)) => self.flag((a as i64) < b as i64),
            _ => {
                let cost = self.sum(op.cost(), &[a, b]);
                self.add(Op::Binary(op, a, b), op.sort(), cost)
            }
        }
    }

    pub(crate) fn not(&mut self, a: Id) -> Id {
        self.unary(Unary::Not, a)
    }

    pub(crate) fn and(&mut self, a: Id, b: Id) -> Id {
        self.binary(Binary::And, a, b)
    }

    pub(crate) fn or(&mut self, a: Id, b: Id) -> Id {
        self.binary(Binary::Or, a, b)
    }

    pub(crate) fn select(&mut self, condition: Id, a: Id, b: Id) -> Id {
        match self.op(condition) {
            Op::Flag(true) => a,
            Op::Flag(false) => b,
            _ if a == b => a,
            _ => {
                let cost = self.sum(1, &[condition, a, b]);
                self.add(Op::Select(condition, a, b), self.sort(a), cost)
            }
        }
    }

    /// Two selections on one condition: by a branch if that saves much.
    pub(crate) fn choose(&mut self, condition: Id, then: [Id; 2], otherwise: [Id; 2]) -> [Id; 2] {
        let cost = |graph: &Graph, arm: [Id; 2]| graph.cost(arm[0]).max(graph.cost(arm[1]));
        let dearest = cost(self, then).max(cost(self, otherwise));
        if dearest <= COSTLY || matches!(self.op(condition), Op::Flag(_)) {
            return [0, 1].map(|i| self.select(condition, then[i], otherwise[i]));
        }
        let branch = Op::Branch {
            condition,
            then,
            otherwise,
        };
        let cost = self.sum(2, &[condition]).saturating_add(dearest);
        let id = self.add(branch, self.sort(then[0]), cost);
        [0, 1].map(|part| {
            if then[part] == otherwise[part] && matches!(self.op(then[part]), Op::Flag(_)) {
                return then[part];
            }
            let sort = self.sort(then[part]);
            self.add(Op::Part(id, part as u8), sort, cost)
        })
    }

    /// A call of a helper: its word, and whether it failed.
    pub(crate) fn call(&mut self, helper: Helper, detail: u64, arguments: [Id; 2]) -> [Id; 2] {
        let cost = self.sum(30, &arguments);
        let id = self.add(Op::Call(helper, detail, arguments), Sort::Word, cost);
        [
            self.add(Op::Part(id, 0), Sort::Word, cost),
            self.add(Op::Part(id, 1), Sort::Flag, cost),
        ]
    }
}
