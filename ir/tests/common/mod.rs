//! Random programs: well-formed as data, but mostly senseless.

use proptest::prelude::*;
use proptest::{collection::btree_map, collection::vec, option, sample::select};
use sheaf_ir::graph::{Connector, EffectAction, OrderKind, Param, StateAction};
use sheaf_ir::value::Float;
use sheaf_ir::{
    Block, Clause, Collection, Combiner, Expr, ExprKind, Function, FunctionDefinition, Gather,
    Label, Lattice, Multiplicity, Node, Nominal, Operator, Order, Program, Span, Type, Value,
};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["a", "b", "in", "left", "none", "Int", "a.b", "needs#2.1", "out:x", "Pair<Int, String>"])
            .prop_map(str::to_string),
        1 => any::<String>(),
        1 => "[\"\\\\\n\t\u{0}%@#$ /-]{0,6}",
    ]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        2 => Just(Span::default()),
        1 => any::<(u32, u32, u32)>().prop_map(|(file, start, end)| Span { file, start, end }),
    ]
}

pub fn ty() -> impl Strategy<Value = Type> {
    let scalar = prop_oneof![
        select(vec![
            Type::Bool,
            Type::Int,
            Type::Nat,
            Type::Float,
            Type::String,
            Type::Bytes,
            Type::Date,
            Type::Time,
            Type::Duration,
            Type::Id,
            Type::RowId,
        ]),
        any::<u8>().prop_map(Type::Decimal),
        name().prop_map(Type::Named),
    ];
    scalar.prop_recursive(3, 6, 3, |ty| {
        let boxed = || ty.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Type::Option),
            boxed().prop_map(Type::List),
            boxed().prop_map(Type::Set),
            (boxed(), boxed()).prop_map(|(key, value)| Type::Map(key, value)),
            vec(ty.clone(), 0..3).prop_map(Type::Tuple),
        ]
    })
}

pub fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<i64>().prop_map(Value::Nat),
        any::<f64>().prop_map(|x| Value::Float(Float::new(x))),
        any::<i64>().prop_map(Value::Decimal),
        any::<String>().prop_map(Value::String),
        vec(any::<u8>(), 0..5).prop_map(Value::Bytes),
        prop_oneof![any::<i64>(), -1_000_000i64..4_000_000].prop_map(Value::Date),
        prop_oneof![any::<i64>(), 0..4_000_000_000_000_000i64].prop_map(Value::Time),
        prop_oneof![any::<i64>(), -10_000i64..10_000, Just(3_600_000_000)]
            .prop_map(Value::Duration),
        any::<u128>().prop_map(Value::Id),
        Just(Value::Option(None)),
    ];
    scalar.prop_recursive(3, 8, 3, |value| {
        prop_oneof![
            value.clone().prop_map(|v| Value::Option(Some(Box::new(v)))),
            vec(value.clone(), 0..3).prop_map(Value::List),
            vec(value.clone(), 0..3).prop_map(Value::Set),
            vec((value.clone(), value.clone()), 0..3).prop_map(Value::Map),
            vec(value.clone(), 0..3).prop_map(Value::Tuple),
            (any::<u32>(), vec(value, 0..3)).prop_map(|(i, parts)| Value::Variant(i, parts)),
        ]
    })
}

fn function() -> impl Strategy<Value = Function> {
    let simple: Vec<Function> = Function::SIMPLE.iter().map(|(_, f)| f.clone()).collect();
    prop_oneof![
        6 => select(simple),
        1 => name().prop_map(Function::Record),
        1 => (name(), any::<u32>()).prop_map(|(name, index)| Function::Variant(name, index)),
        1 => (0..3u32).prop_map(Function::Field),
        1 => any::<u32>().prop_map(Function::IsVariant),
        1 => any::<(u32, u32)>().prop_map(|(variant, part)| Function::Payload(variant, part)),
        1 => ty().prop_map(Function::None),
        1 => ty().prop_map(Function::List),
        1 => ty().prop_map(Function::Set),
        1 => (ty(), ty()).prop_map(|(key, value)| Function::Map(key, value)),
        1 => any::<u8>().prop_map(Function::ToDecimal),
        1 => any::<u8>().prop_map(Function::ParseDecimal),
        1 => ty().prop_map(Function::Unreversed),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let typed = |kind: BoxedStrategy<ExprKind>| {
        (kind, ty(), span()).prop_map(|(kind, ty, span)| Expr { kind, ty, span })
    };
    let column = prop_oneof![9 => 0usize..6, 1 => any::<usize>()];
    let leaf = prop_oneof![
        column.prop_map(ExprKind::Column),
        (0usize..4).prop_map(ExprKind::Local),
        value().prop_map(ExprKind::Constant),
        name().prop_map(ExprKind::Param),
    ];
    typed(leaf.boxed()).prop_recursive(3, 12, 3, move |expr| {
        let boxed = || expr.clone().prop_map(Box::new);
        let clause = prop_oneof![
            (0usize..4, expr.clone())
                .prop_map(|(local, collection)| Clause::Each { local, collection }),
            (0usize..4, expr.clone()).prop_map(|(local, value)| Clause::Let { local, value }),
            expr.clone().prop_map(Clause::Filter),
        ];
        let gather = prop_oneof![
            select(vec![
                Gather::List,
                Gather::Set,
                Gather::Map,
                Gather::Sum,
                Gather::Count,
                Gather::Min,
                Gather::Max,
                Gather::Avg,
            ]),
            boxed().prop_map(Gather::Top),
        ];
        let kind = prop_oneof![
            (function(), vec(expr.clone(), 0..4)).prop_map(|(f, args)| ExprKind::Call(f, args)),
            (name(), vec(expr.clone(), 0..4)).prop_map(|(f, args)| ExprKind::Invoke(f, args)),
            (expr.clone(), expr.clone(), expr.clone())
                .prop_map(|(c, a, b)| ExprKind::If(Box::new([c, a, b]))),
            (0usize..4, boxed(), boxed()).prop_map(|(local, value, body)| ExprKind::Let {
                local,
                value,
                body
            }),
            (gather, vec(clause, 0..3), boxed()).prop_map(|(gather, clauses, element)| {
                ExprKind::Comprehension {
                    gather,
                    clauses,
                    element,
                }
            }),
        ];
        typed(kind.boxed())
    })
}

fn operator() -> impl Strategy<Value = Operator> {
    let key = || vec(0usize..4, 0..3);
    let block = || {
        (vec(expr(), 0..3), vec(expr(), 0..3)).prop_map(|(conditions, outputs)| Block {
            conditions,
            outputs,
        })
    };
    let connector = || {
        let options = btree_map(name(), value(), 0..3);
        (name(), name(), name(), options, vec(name(), 0..3)).prop_map(
            |(relation, format, path, options, columns)| Connector {
                relation,
                format,
                path,
                options,
                columns,
            },
        )
    };
    let plain = || {
        select(vec![
            Combiner::Min,
            Combiner::Max,
            Combiner::Any,
            Combiner::All,
            Combiner::Union,
            Combiner::Count,
            Combiner::Sum,
            Combiner::Avg,
            Combiner::Top(7),
            Combiner::One,
            Combiner::Sorted,
            Combiner::Lww,
        ])
    };
    let combiner = || {
        let one = prop_oneof![4 => plain(), 1 => name().prop_map(Combiner::Lattice)];
        one.prop_recursive(2, 2, 1, |inner| {
            inner.prop_map(|inner| Combiner::Map(Box::new(inner)))
        })
    };
    let flat = prop_oneof![
        connector().prop_map(|connector| Operator::Source { connector }),
        vec(vec(expr(), 0..3), 0..3).prop_map(|rows| Operator::Values { rows }),
        block().prop_map(|block| Operator::Map { block }),
        (expr(), block()).prop_map(|(each, block)| Operator::FlatMap { each, block }),
        (key(), key(), block()).prop_map(|(left_key, right_key, block)| Operator::Join {
            left_key,
            right_key,
            block,
        }),
        (key(), key()).prop_map(|(left_key, right_key)| Operator::Semijoin {
            left_key,
            right_key,
        }),
        (key(), key()).prop_map(|(left_key, right_key)| Operator::Antijoin {
            left_key,
            right_key,
        }),
        (key(), key(), key()).prop_map(|(left_key, right_key, right_columns)| {
            Operator::OuterJoin {
                left_key,
                right_key,
                right_columns,
            }
        }),
    ];
    let other = prop_oneof![
        select(vec![
            Operator::Union,
            Operator::Distinct,
            Operator::Broadcast
        ]),
        combiner().prop_map(|combiner| Operator::Combine { combiner }),
        option::of(combiner()).prop_map(|combiner| Operator::Variable { combiner }),
        (any::<u64>(), vec(name(), 0..3))
            .prop_map(|(limit, variables)| Operator::Fixpoint { limit, variables }),
        key().prop_map(|key| Operator::Exchange { key }),
        (
            connector(),
            vec((0usize..4, any::<bool>()), 0..3),
            any::<bool>()
        )
            .prop_map(|(connector, order, unordered)| Operator::Sink {
                connector,
                order,
                unordered,
            },),
        name().prop_map(|table| Operator::StateRead { table }),
        (
            name(),
            select(vec![
                StateAction::Merge,
                StateAction::Remove,
                StateAction::Seal
            ])
        )
            .prop_map(|(table, action)| Operator::StateWrite { table, action }),
        (
            name(),
            select(vec![
                EffectAction::Send,
                EffectAction::Schedule,
                EffectAction::Reply,
                EffectAction::Raise,
            ]),
        )
            .prop_map(|(target, action)| Operator::Effect { action, target }),
        (
            select(vec![
                OrderKind::Final,
                OrderKind::Sample,
                OrderKind::Coordinate,
                OrderKind::Late,
            ]),
            option::of(name()),
        )
            .prop_map(|(kind, because)| Operator::OrderPoint { kind, because }),
        (name(), name(), name(), vec(expr(), 0..3)).prop_map(
            |(language, module, function, arguments)| Operator::Extern {
                language,
                module,
                function,
                arguments,
            },
        ),
    ];
    prop_oneof![flat, other]
}

fn node() -> impl Strategy<Value = Node> {
    let output = (
        vec((name(), ty()), 0..4),
        any::<bool>(),
        select(vec![Label::Closed, Label::Growing, Label::Changing]),
        vec(vec(0usize..4, 0..3), 0..2),
    );
    let output = output.prop_map(|(columns, is_set, label, keys)| Collection {
        columns,
        multiplicity: if is_set {
            Multiplicity::Set
        } else {
            Multiplicity::Bag
        },
        label,
        keys,
    });
    (operator(), output, span()).prop_map(|(operator, output, span)| Node {
        name: String::new(),
        operator,
        output,
        fixpoint: None,
        span,
    })
}

/// Any program whose nodes have different names.
pub fn program() -> impl Strategy<Value = Program> {
    let nominal = prop_oneof![
        vec((name(), ty()), 0..3).prop_map(Nominal::Record),
        vec((name(), vec(ty(), 0..3)), 0..3).prop_map(Nominal::Enum),
    ];
    let param = (ty(), option::of(value()), span()).prop_map(|(ty, default, span)| Param {
        ty,
        default,
        span,
    });
    let order = || prop_oneof![Just(Order::Natural), name().prop_map(Order::Lattice)];
    let function = (
        vec(ty(), 0..3),
        expr(),
        option::of(vec(order(), 0..3)),
        span(),
    )
        .prop_map(|(parameters, body, monotone, span)| FunctionDefinition {
            parameters,
            body,
            monotone,
            span,
        });
    let lattice = (ty(), name(), name(), span()).prop_map(|(ty, bottom, join, span)| Lattice {
        ty,
        bottom,
        join,
        span,
    });
    let nodes = btree_map(name(), (node(), option::of(0usize..6)), 0..6);
    (
        name(),
        vec(name(), 0..3),
        btree_map(name(), nominal, 0..3),
        (
            btree_map(name(), function, 0..3),
            btree_map(name(), lattice, 0..3),
        ),
        btree_map(name(), param, 0..3),
        nodes,
        vec((0usize..6, 0usize..6, 0u32..3), 0..8),
    )
        .prop_map(
            |(name, files, types, (functions, lattices), params, nodes, edges)| {
                let mut program = Program {
                    name,
                    files,
                    types,
                    functions,
                    lattices,
                    params,
                    ..Program::default()
                };
                let names: Vec<String> = nodes.keys().cloned().collect();
                let mut ids = Vec::new();
                for (name, (mut node, fixpoint)) in nodes {
                    node.name = name;
                    node.fixpoint = fixpoint.and_then(|index| names.get(index).cloned());
                    ids.push(program.add(node));
                }
                for (from, to, port) in edges {
                    if let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) {
                        program.connect(*from, *to, port);
                    }
                }
                program
            },
        )
}
