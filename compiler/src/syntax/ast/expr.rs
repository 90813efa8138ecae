//! Expressions, literals and types.

use std::sync::Arc;

use super::*;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Where it stands; parentheses around it are outside.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The forms of [`Expr`].
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1`, `2.5`, `"a"`, `5s`, `true`
    Literal(Literal),
    /// A variable or param, or (upper case) a constructor, service or enum.
    Name(Name),
    /// `f(a, n: b)`, `Some(x)`, `sum(e for …)`
    Call {
        /// What is called.
        function: Name,
        /// With what.
        arguments: Arguments,
    },
    /// `x.f(a)`: a method, a function of a module, a constructor of an enum.
    Method {
        /// What stands before the dot.
        receiver: Box<Expr>,
        /// What is called; may be a keyword.
        name: Name,
        /// With what.
        arguments: Arguments,
    },
    /// `x.f`
    Field {
        /// What stands before the dot.
        receiver: Box<Expr>,
        /// The field; may be a keyword.
        name: Name,
    },
    /// `Line { sku, qty: 1 }`
    Record {
        /// The record's name.
        path: Path,
        /// Fields by name; `sku` alone is `sku: sku`.
        fields: Vec<FieldValue>,
        /// Where `..` stands, which only a pattern may have; already reported.
        rest: Option<Span>,
    },
    /// `(a, b)`; `()` is the value of `Unit`.
    Tuple(Vec<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a, b}`; `{}` is an empty set or map, whichever is expected.
    Set(Vec<Expr>),
    /// `{k: v, l: w}`
    Map(Vec<(Expr, Expr)>),
    /// `[e for conditions]`
    ListOf(Box<Comprehension>),
    /// `{e for conditions}`
    SetOf(Box<Comprehension>),
    /// `{k: v for conditions}`
    MapOf {
        /// The key.
        key: Box<Expr>,
        /// The value and where both come from.
        value: Box<Comprehension>,
    },
    /// `-e`, `!e`
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Where the operator stands.
        operator_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `if c { a } else { b }`
    If {
        /// A Bool.
        condition: Box<Expr>,
        /// Where it holds.
        then: Box<Block>,
        /// Where not. `else if` is a block whose result is an `If`.
        otherwise: Box<Block>,
    },
    /// `match e { p => a, … }`
    Match {
        /// What is looked at.
        subject: Box<Expr>,
        /// The cases, in order.
        arms: Vec<MatchArm>,
    },
    /// `_` where only a value may stand; already reported.
    Wildcard,
    /// Could not be read; already reported.
    Error,
}

/// What the parentheses of a call hold.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Arguments {
    /// The arguments before `e for …`.
    pub items: Vec<Argument<Expr>>,
    /// Where `..` stands, which only an atom may have; already reported.
    pub rest: Option<Span>,
    /// The last argument, if it is `e for conditions`: the call is an aggregate.
    pub comprehension: Option<Box<Comprehension>>,
}

/// `e for conditions`
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// The whole.
    pub span: Span,
    /// One value per derivation.
    pub element: Expr,
    /// Where its variables come from.
    pub conditions: Vec<Condition>,
}

/// A field of a record literal; `sku` alone is `sku: sku`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    /// The field.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `p => e`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm {
    /// The whole arm.
    pub span: Span,
    /// What must fit.
    pub pattern: Pattern,
    /// The value then.
    pub body: Expr,
}

/// `{ let a = …; … result }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// With the braces.
    pub span: Span,
    /// Bindings, in order.
    pub lets: Vec<Let>,
    /// The value.
    pub result: Expr,
}

/// A literal. In expressions numbers are never negative (`-1` is a [`ExprKind::Unary`]); in patterns they may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true`, `false`
    Bool(bool),
    /// At most 2⁶³ in absolute value; whether it fits its type is the checker's to say.
    Int(i128),
    /// A number with a point or an exponent: a Float, or a Decimal where one is expected.
    Float {
        /// The nearest 64-bit float.
        value: f64,
        /// As written, without `_`; what an exact Decimal is read from.
        text: Arc<str>,
    },
    /// `"text"`, escapes resolved. Also serves as an Id in tests, and as Date or Time where one is expected.
    String(Arc<str>),
    /// In microseconds.
    Duration(i64),
}

impl Literal {
    /// The literal as an expression: a negative number becomes the negation of a positive one.
    pub fn to_expr(&self, span: Span) -> Expr {
        let positive = match self {
            Literal::Int(value) if *value < 0 => Literal::Int(-value),
            Literal::Duration(micros) if *micros < 0 => Literal::Duration(micros.saturating_neg()),
            Literal::Float { value, text } if text.starts_with('-') => Literal::Float {
                value: -value,
                text: text[1..].into(),
            },
            other => {
                return Expr {
                    span,
                    kind: ExprKind::Literal(other.clone()),
                };
            }
        };
        let operand = Box::new(Expr {
            span,
            kind: ExprKind::Literal(positive),
        });
        Expr {
            span,
            kind: ExprKind::Unary {
                operator: UnaryOperator::Negate,
                operand,
            },
        }
    }
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// An infix operator, loosest first. Comparisons do not chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl BinaryOperator {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// A type or a combiner.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

/// The forms of [`Type`].
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `Int`, `List<T>`, `Decimal(2)`, `Top<(Nat, Int)>(3)`, `Cart.Line`
    Named {
        /// Its name.
        path: Path,
        /// Between `<` and `>`.
        generics: Vec<Type>,
        /// Between `(` and `)`.
        arguments: Vec<Expr>,
    },
    /// `(A, B)`; `()` is `Unit`.
    Tuple(Vec<Type>),
    /// Could not be read; already reported.
    Error,
}
