//! The compiled expression and how it computes a vector.

use std::sync::{Arc, Mutex, PoisonError};

use sheaf_ir::{Span, Type};

use super::call::Call;
use super::comprehension::Comprehension;
use super::frame::{Frame, Slot};
use super::functions::{Batch, Primitive};
use super::vector::{Failures, Lanes, Vector, Words};
use crate::composite::take_word;

/// An expression, checked and with its functions chosen.
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) ty: Type,
    pub(crate) span: Span,
    /// Whether evaluating it on lanes that do not need it is cheaper than sparing them: it cannot
    /// fail and touches no symbol's text.
    pub(crate) is_cheap: bool,
}

pub(crate) enum Kind {
    Column(usize),
    Local(usize),
    Constant(Constant),
    Call(Primitive, Vec<Node>),
    /// With the side's value that decides: `and` by false, `or` by true.
    Logic(bool, Box<[Node; 2]>),
    OptionOr(Box<[Node; 2]>),
    /// Whether an expression has a value; never fails itself.
    Succeeds(Box<Node>),
    If(Box<[Node; 3]>),
    Let {
        local: usize,
        value: Box<Node>,
        body: Box<Node>,
    },
    Tuple(Vec<Node>),
    /// A part of a tuple or record, and how to read it out of a symbol.
    Field(usize, Primitive, Box<Node>),
    Comprehension(Box<Comprehension>),
    Invoke(Box<Call>),
}

/// A word and a vector of it, made as long as was needed so far.
pub(crate) struct Constant {
    word: u64,
    words: Mutex<Words>,
}

impl Constant {
    pub(crate) fn new(word: u64) -> Constant {
        Constant {
            word,
            words: Mutex::default(),
        }
    }

    fn vector(&self, width: usize) -> Vector {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() < width {
            *words = Arc::new(vec![self.word; width]);
        }
        Vector::Words(words.clone())
    }
}

/// What an expression gives: a vector that holds on all lanes but those that failed.
pub(crate) struct Outcome {
    pub(crate) vector: Vector,
    pub(crate) failures: Failures,
}

impl Outcome {
    fn new(vector: Vector) -> Outcome {
        Outcome {
            vector,
            failures: Failures::default(),
        }
    }
}

impl Node {
    /// Evaluates on some lanes of a frame.
    pub(crate) fn evaluate(&self, frame: &Frame, lanes: &Lanes) -> Outcome {
        match &self.kind {
            Kind::Column(index) => read(frame.column(*index), lanes),
            Kind::Local(index) => read(frame.local(*index), lanes),
            Kind::Constant(constant) => Outcome::new(constant.vector(frame.width)),
            Kind::Call(primitive, arguments) => call(primitive, arguments, frame, lanes),
            Kind::Logic(decides, sides) => logic(*decides, sides, frame, lanes),
            Kind::OptionOr(sides) => option_or(sides, frame, lanes),
            Kind::Succeeds(value) => {
                let mut words = vec![0; frame.width];
                let outcome = value.evaluate(frame, lanes);
                lanes
                    .without(&outcome.failures)
                    .for_each(|lane| words[lane] = 1);
                Outcome::new(Vector::new(words))
            }
            Kind::If(parts) => branch(parts, frame, lanes),
            Kind::Let { local, value, body } => {
                let value = value.evaluate(frame, lanes);
                let lanes = lanes.without(&value.failures);
                let slot = Slot {
                    vector: value.vector,
                    failures: Failures::default(),
                };
                frame.bind_local(*local, slot);
                let mut body = body.evaluate(frame, &lanes);
                body.failures.merge(value.failures);
                body
            }
            Kind::Tuple(parts) => {
                let (vectors, _, failures) = evaluate_all(parts, frame, lanes);
                Outcome {
                    vector: Vector::Tuple(Arc::new(vectors)),
                    failures,
                }
            }
            Kind::Field(index, primitive, whole) => field(*index, primitive, whole, frame, lanes),
            Kind::Comprehension(comprehension) => comprehension.evaluate(frame, lanes),
            Kind::Invoke(call) => call.evaluate(frame, lanes),
        }
    }

    /// Like [`Node::evaluate`], as words.
    pub(crate) fn evaluate_words(&self, frame: &Frame, lanes: &Lanes) -> (Words, Failures) {
        let outcome = self.evaluate(frame, lanes);
        let alive = lanes.without(&outcome.failures);
        (self.words(&outcome.vector, frame, &alive), outcome.failures)
    }

    /// The words of a vector of this node's type.
    pub(crate) fn words(&self, vector: &Vector, frame: &Frame, lanes: &Lanes) -> Words {
        vector.words(&self.ty, lanes, frame.cx, frame.width)
    }
}

fn read(slot: Slot, lanes: &Lanes) -> Outcome {
    Outcome {
        failures: slot.failures.on(lanes),
        vector: slot.vector,
    }
}

/// Evaluates nodes from left to right, each on the lanes where none before it failed.
pub(crate) fn evaluate_all(
    nodes: &[Node],
    frame: &Frame,
    lanes: &Lanes,
) -> (Vec<Vector>, Lanes, Failures) {
    let mut alive = lanes.clone();
    let mut failures = Failures::default();
    let mut vectors = Vec::with_capacity(nodes.len());
    for node in nodes {
        let outcome = node.evaluate(frame, &alive);
        alive = alive.without(&outcome.failures);
        failures.merge(outcome.failures);
        vectors.push(outcome.vector);
    }
    (vectors, alive, failures)
}

/// Like [`evaluate_all`], as words.
pub(crate) fn evaluate_all_words(
    nodes: &[Node],
    frame: &Frame,
    lanes: &Lanes,
) -> (Vec<Words>, Lanes, Failures) {
    let (vectors, alive, failures) = evaluate_all(nodes, frame, lanes);
    let words = nodes.iter().zip(&vectors);
    let words = words.map(|(node, vector)| node.words(vector, frame, &alive));
    (words.collect(), alive, failures)
}

fn call(primitive: &Primitive, arguments: &[Node], frame: &Frame, lanes: &Lanes) -> Outcome {
    let (arguments, alive, mut failures) = evaluate_all_words(arguments, frame, lanes);
    let batch = Batch {
        arguments: &arguments,
        lanes: &alive,
        width: frame.width,
        cx: frame.cx,
    };
    let mut own = Failures::default();
    let words = primitive(&batch, &mut own);
    failures.merge(own);
    Outcome {
        vector: Vector::new(words),
        failures,
    }
}

fn field(
    index: usize,
    primitive: &Primitive,
    whole: &Node,
    frame: &Frame,
    lanes: &Lanes,
) -> Outcome {
    let outcome = whole.evaluate(frame, lanes);
    let vector = match &outcome.vector {
        Vector::Tuple(parts) => parts[index].clone(),
        Vector::Words(words) => {
            let batch = Batch {
                arguments: std::slice::from_ref(words),
                lanes: &lanes.without(&outcome.failures),
                width: frame.width,
                cx: frame.cx,
            };
            Vector::new(primitive(&batch, &mut Failures::default()))
        }
    };
    Outcome {
        vector,
        failures: outcome.failures,
    }
}

fn logic(decides: bool, [left, right]: &[Node; 2], frame: &Frame, lanes: &Lanes) -> Outcome {
    let (a, mut failures) = left.evaluate_words(frame, lanes);
    let decides = decides as u64;
    let open = if right.is_cheap && failures.is_empty() {
        lanes.clone()
    } else {
        // Where the left side failed, the right one may still decide.
        lanes.holding(&a, decides != 0, &failures)
    };
    let (b, mut right_failures) = right.evaluate_words(frame, &open);
    if failures.is_empty() && right_failures.is_empty() && open.len() == lanes.len() {
        let width = frame.width;
        let sides = a[..width].iter().zip(&b[..width]);
        let words = match decides {
            0 => sides.map(|(a, b)| a & b).collect(),
            _ => sides.map(|(a, b)| a | b).collect(),
        };
        return Outcome::new(Vector::new(words));
    }
    let mut words = vec![decides; frame.width];
    open.for_each(|lane| words[lane] = b[lane]);
    if right.is_cheap {
        // Then the right side was evaluated where the left one had decided, too.
        lanes.for_each(|lane| {
            if a[lane] == decides && failures.get(lane).is_none() {
                words[lane] = decides;
            }
        });
        right_failures.retain(|lane| a[lane] != decides || failures.get(lane).is_some());
    }
    failures.retain(|lane| right_failures.get(lane).is_some() || b[lane] != decides);
    failures.merge(right_failures);
    Outcome {
        vector: Vector::new(words),
        failures,
    }
}

fn branch([condition, then, otherwise]: &[Node; 3], frame: &Frame, lanes: &Lanes) -> Outcome {
    let (taken, failures) = condition.evaluate_words(frame, lanes);
    let alive = lanes.without(&failures);
    let (yes, no) = if then.is_cheap && otherwise.is_cheap {
        (alive.clone(), alive)
    } else {
        let none = Failures::default();
        (
            alive.holding(&taken, false, &none),
            alive.holding(&taken, true, &none),
        )
    };
    let outcome = if no.is_empty() {
        then.evaluate(frame, &yes)
    } else if yes.is_empty() {
        otherwise.evaluate(frame, &no)
    } else {
        let (mut a, mut b) = (then.evaluate(frame, &yes), otherwise.evaluate(frame, &no));
        // Cheap arms are evaluated everywhere, and a local they read may have failed.
        a.failures.retain(|lane| taken[lane] != 0);
        b.failures.retain(|lane| taken[lane] == 0);
        let vector = select(&taken, &a, &b, then, frame, (&yes, &no));
        let mut failures = a.failures;
        failures.merge(b.failures);
        Outcome { vector, failures }
    };
    let mut failures = failures;
    failures.merge(outcome.failures);
    Outcome {
        vector: outcome.vector,
        failures,
    }
}

fn select(
    taken: &Words,
    a: &Outcome,
    b: &Outcome,
    node: &Node,
    frame: &Frame,
    (yes, no): (&Lanes, &Lanes),
) -> Vector {
    let a_words = node.words(&a.vector, frame, &yes.without(&a.failures));
    let b_words = node.words(&b.vector, frame, &no.without(&b.failures));
    let width = frame.width;
    let arms = a_words[..width].iter().zip(&b_words[..width]);
    let chosen = arms.zip(&taken[..width]);
    Vector::new(
        chosen
            .map(|((&a, &b), &taken)| if taken != 0 { a } else { b })
            .collect(),
    )
}

fn option_or([option, default]: &[Node; 2], frame: &Frame, lanes: &Lanes) -> Outcome {
    let (options, mut failures) = option.evaluate_words(frame, lanes);
    let cx = frame.cx;
    let mut words = vec![0; frame.width];
    let missing = lanes.without(&failures).filter(|lane| {
        let bytes = cx.interner.get(options[lane]);
        let Some((1, mut value)) = bytes.split_first() else {
            return true;
        };
        words[lane] = take_word(&default.ty, cx.types, &mut value, cx.interner);
        false
    });
    if !missing.is_empty() {
        let (defaults, default_failures) = default.evaluate_words(frame, &missing);
        missing.for_each(|lane| words[lane] = defaults[lane]);
        failures.merge(default_failures);
    }
    Outcome {
        vector: Vector::new(words),
        failures,
    }
}
