//! Random blocks over the types that native code knows, and random rows with many special values.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use sheaf_ir::value::Float;
use sheaf_ir::{Block, Expr, ExprKind, Function, Span, Type, Value};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn int(&mut self) -> i64 {
        let special = [
            i64::MIN,
            i64::MIN + 1,
            i64::MAX,
            i64::MAX - 1,
            1 << 53,
            86_400_000_000,
        ];
        match self.below(8) {
            0 => self.pick(&special),
            1 => self.next() as i64 >> self.below(64),
            2 => {
                // Not of millions: a range of so many numbers is allowed, and slow.
                let bits = self.below(51);
                let power = 1i64 << if bits < 12 { bits } else { bits + 12 };
                let near = power.wrapping_add(self.below(3) as i64 - 1);
                self.pick(&[near, -near])
            }
            _ => self.below(9) as i64 - 4,
        }
    }

    fn float(&mut self) -> f64 {
        let special = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            9.2e18,
            -9.3e18,
            -9_223_372_036_854_775_808.0,
            9_223_372_036_854_775_808.0,
            0.5,
            -0.5,
            0.499_999_999_999_999_94,
            2_251_799_813_685_248.5,
            4_503_599_627_370_497.0,
        ];
        match self.below(8) {
            0 | 1 => self.pick(&special),
            2 => f64::from_bits(self.next()),
            _ => self.below(17) as f64 / 4.0 - 2.0,
        }
    }

    /// A value of a type.
    pub fn value(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Bool => Value::Bool(self.below(2) == 0),
            Type::Int => Value::Int(self.int()),
            Type::Nat => Value::Nat(self.int() & i64::MAX),
            Type::Float => Value::Float(Float::new(self.float())),
            Type::Decimal(_) => Value::Decimal(self.int()),
            Type::Date => Value::Date(self.int()),
            Type::Time => Value::Time(self.int()),
            Type::Duration => Value::Duration(self.int()),
            Type::String => {
                let texts = ["", "a", "b", "ab", "a b", "7", "-1.5", "Ä", "\u{0}x"];
                Value::String(self.pick(&texts).into())
            }
            Type::Option(inner) => {
                let is_some = self.below(3) > 0;
                Value::Option(is_some.then(|| Box::new(self.value(inner))))
            }
            Type::List(inner) => {
                let count = self.below(4);
                Value::List((0..count).map(|_| self.value(inner)).collect())
            }
            _ => unreachable!("the palette has no other types"),
        }
    }
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

/// The types of columns, locals and arguments.
fn palette() -> Vec<Type> {
    vec![
        Type::Bool,
        Type::Int,
        Type::Nat,
        Type::Float,
        Type::Decimal(1),
        Type::Decimal(3),
        Type::Date,
        Type::Time,
        Type::Duration,
        Type::String,
        option(Type::Int),
        option(Type::Float),
        option(Type::Bool),
        list(Type::Int),
    ]
}

/// Functions with the types of their arguments, by the type that they give.
type Signatures = BTreeMap<Type, Vec<(Function, Vec<Type>)>>;

/// Every function with argument types from the palette that gives a type, by that type.
fn signatures() -> &'static Signatures {
    static SIGNATURES: OnceLock<Signatures> = OnceLock::new();
    SIGNATURES.get_or_init(|| {
        let palette = palette();
        let mut functions: Vec<Function> =
            Function::SIMPLE.iter().map(|(_, f)| f.clone()).collect();
        functions.extend([1, 3].map(Function::ToDecimal));
        functions.extend(palette.iter().cloned().map(Function::None));
        let mut arguments = vec![vec![]];
        for a in &palette {
            arguments.push(vec![a.clone()]);
            arguments.extend(palette.iter().map(|b| vec![a.clone(), b.clone()]));
        }
        let mut signatures: BTreeMap<Type, Vec<_>> = BTreeMap::new();
        for function in &functions {
            for arguments in &arguments {
                let result = function.result_type(arguments, &BTreeMap::new());
                if let Some(result) = result.filter(|ty| palette.contains(ty)) {
                    let known = signatures.entry(result).or_default();
                    known.push((function.clone(), arguments.clone()));
                }
            }
        }
        signatures
    })
}

/// The functions of [`DEFINITIONS`], with their parameters and results.
fn invocable() -> Vec<(&'static str, Vec<Type>, Type)> {
    vec![
        ("inverse", vec![Type::Int], Type::Int),
        ("picks", vec![Type::Int, Type::Bool], Type::Int),
        ("square", vec![Type::Float], Type::Float),
        ("steps", vec![Type::Int], Type::Int),
        ("joined", vec![Type::String, Type::Int], Type::String),
        ("spread", vec![Type::Int, Type::Int], Type::Int),
    ]
}

/// Functions and parameters to use, in IR text.
pub const DEFINITIONS: &str = r#"sheaf-ir 1
program "definitions"
fn inverse(Int): Int = div(100, $0)
fn picks(Int, Bool): Int = if($1, invoke.inverse($0), 7)
fn square(Float): Float = let($1 = div($0, 2.0), mul($1, $1))
fn steps(Int): Int = if(or(lt($0, 1), gt($0, 9)), 0, add(1, invoke.steps(sub($0, 1))))
fn joined(String, Int): String = add($0, to_string($1))
fn spread(Int, Int): Int = let($2 = tuple(least($0, $1), greatest($0, $1)), sub(field<1>($2), field<0>($2)))
"#;

/// Parameters, with their types.
pub fn params() -> Vec<(&'static str, Type)> {
    vec![
        ("threshold", Type::Int),
        ("factor", Type::Float),
        ("name", Type::String),
    ]
}

/// Makes a block over some columns.
pub struct Generator {
    pub random: Random,
    columns: Vec<Type>,
    locals: Vec<(usize, Type)>,
    next_local: usize,
}

/// A block, its columns, and the collection that it runs over.
#[derive(Clone)]
pub struct Case {
    pub columns: Vec<Type>,
    pub each: Option<Expr>,
    pub block: Block,
}

impl Generator {
    pub fn new(seed: u64) -> Generator {
        let mut random = Random(seed);
        let columns = (0..1 + random.below(5))
            .map(|_| random.pick(&palette()))
            .collect();
        Generator {
            random,
            columns,
            locals: Vec::new(),
            next_local: 100,
        }
    }

    pub fn case(&mut self) -> Case {
        let columns = self.columns.clone();
        let depth = self.random.below(6);
        let each = (self.random.below(6) == 0).then(|| {
            let elements = self.expr(&list(Type::Int), depth);
            match self.random.below(2) {
                0 => elements,
                _ => {
                    let pairs = list(Type::Tuple(vec![Type::Nat, Type::Int]));
                    self.make(ExprKind::Call(Function::Indexed, vec![elements]), &pairs)
                }
            }
        });
        if let Some(each) = &each {
            let Type::List(element) = &each.ty else {
                unreachable!("collections here are lists");
            };
            self.columns.push((**element).clone());
        }
        let conditions = (0..self.random.below(4))
            .map(|_| self.expr(&Type::Bool, depth))
            .collect();
        let outputs = (0..self.random.below(4))
            .map(|_| {
                let ty = self.random.pick(&palette());
                self.expr(&ty, depth)
            })
            .collect();
        Case {
            columns,
            each,
            block: Block {
                conditions,
                outputs,
            },
        }
    }

    fn make(&mut self, kind: ExprKind, ty: &Type) -> Expr {
        let start = self.random.below(1_000_000) as u32;
        Expr {
            kind,
            ty: ty.clone(),
            span: Span {
                file: 0,
                start,
                end: start + 1,
            },
        }
    }

    fn expr(&mut self, ty: &Type, depth: usize) -> Expr {
        if depth == 0 || self.random.below(8) == 0 {
            return self.leaf(ty);
        }
        let depth = depth - 1;
        match self.random.below(12) {
            0 | 1 => {
                let parts = [Type::Bool, ty.clone(), ty.clone()].map(|t| self.expr(&t, depth));
                self.make(ExprKind::If(Box::new(parts)), ty)
            }
            2 => {
                let value_type = self.random.pick(&palette());
                let value = Box::new(self.expr(&value_type, depth));
                let local = self.next_local;
                self.next_local += 1;
                self.locals.push((local, value_type));
                let body = Box::new(self.expr(ty, depth));
                self.locals.pop();
                self.make(ExprKind::Let { local, value, body }, ty)
            }
            3 => {
                let mut known = invocable();
                known.retain(|(_, _, result)| result == ty);
                if known.is_empty() {
                    return self.call(ty, depth);
                }
                let (name, parameters, _) = self.random.pick(&known);
                let arguments = parameters.iter().map(|t| self.expr(t, depth)).collect();
                self.make(ExprKind::Invoke(name.into(), arguments), ty)
            }
            _ => self.call(ty, depth),
        }
    }

    fn call(&mut self, ty: &Type, depth: usize) -> Expr {
        let Some(known) = signatures().get(ty) else {
            return self.leaf(ty);
        };
        let (mut function, mut arguments) = self.random.pick(known);
        // Arithmetic and logic more often than their share among all functions.
        for _ in 0..2 {
            if !is_common(&function) {
                (function, arguments) = self.random.pick(known);
            }
        }
        let arguments = arguments.iter().map(|t| self.expr(t, depth)).collect();
        self.make(ExprKind::Call(function, arguments), ty)
    }

    fn leaf(&mut self, ty: &Type) -> Expr {
        let mut kinds = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            if column == ty {
                kinds.push(ExprKind::Column(index));
            }
            if let Type::Tuple(parts) = column {
                for (part, _) in parts.iter().enumerate().filter(|(_, part)| *part == ty) {
                    let whole = Expr {
                        kind: ExprKind::Column(index),
                        ty: column.clone(),
                        span: Span::default(),
                    };
                    let field = Function::Field(part as u32);
                    kinds.push(ExprKind::Call(field, vec![whole]));
                }
            }
        }
        let locals = self.locals.iter().filter(|(_, t)| t == ty);
        kinds.extend(locals.map(|(number, _)| ExprKind::Local(*number)));
        let params = params().into_iter().filter(|(_, t)| t == ty);
        kinds.extend(params.map(|(name, _)| ExprKind::Param(name.into())));
        let kind = match kinds.is_empty() || self.random.below(4) == 0 {
            true => ExprKind::Constant(self.random.value(ty)),
            false => self.random.pick(&kinds),
        };
        self.make(kind, ty)
    }
}

fn is_common(function: &Function) -> bool {
    use Function::*;
    matches!(
        function,
        Add | Sub
            | Mul
            | Div
            | Rem
            | Neg
            | Eq
            | Ne
            | Lt
            | Le
            | Gt
            | Ge
            | And
            | Or
            | Not
            | Unwrap
            | OptionOr
            | IsSome
            | Succeeds
            | ToInt
            | ToNat
            | ToFloat
    )
}
