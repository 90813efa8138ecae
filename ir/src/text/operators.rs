//! What follows a node's inputs: the clauses of each operator, printed and parsed side by side.

use crate::graph::{Connector, EffectAction, OrderKind, StateAction};
use crate::typing::Scope;
use crate::{Block, Combiner, Expr, NodeId, Operator, Program, Span, Type, Value};

use super::combiners::print_combiner;
use super::expressions::{Context, print_expr, print_optional_text};
use super::lexer::Token;
use super::literal::{print_text, print_value, print_word, push, separated};
use super::parser::{Parsed, Parser};
use super::print::{Style, WIDTH, print_columns, print_name};
use super::sides::{Sides, print_column};

const STATE_ACTIONS: [(&str, StateAction); 3] = [
    ("merge", StateAction::Merge),
    ("remove", StateAction::Remove),
    ("seal", StateAction::Seal),
];
const EFFECT_ACTIONS: [(&str, EffectAction); 4] = [
    ("send", EffectAction::Send),
    ("schedule", EffectAction::Schedule),
    ("reply", EffectAction::Reply),
    ("raise", EffectAction::Raise),
];
const ORDER_KINDS: [(&str, OrderKind); 4] = [
    ("final", OrderKind::Final),
    ("sample", OrderKind::Sample),
    ("coordinate", OrderKind::Coordinate),
    ("late", OrderKind::Late),
];
/// The name of one of a few values.
fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names
        .iter()
        .find(|(_, named)| named == value)
        .map_or("", |(name, _)| name)
}

/// The relation that a connector is of unless it says so: the node's name without `out:`.
fn default_relation(node: &str) -> &str {
    node.strip_prefix("out:").unwrap_or(node)
}

/// The clauses of a node. `variables` are those that a fixpoint lists unless it says otherwise.
pub(crate) fn print_clauses(
    program: &Program,
    id: NodeId,
    variables: &[&str],
    style: Style,
) -> Vec<String> {
    let node = &program.graph[id];
    let left = program.input_columns(id, 0);
    let right = program.input_columns(id, 1);
    let sides = Sides::of_node(program, id);
    let mut clauses = Clauses {
        program,
        span: node.span,
        style,
        clauses: Vec::new(),
    };
    match &node.operator {
        Operator::Source { connector } => clauses.connector("from", connector, id),
        Operator::Values { rows } => {
            let mut context = clauses.context(sides, None);
            clauses.add(|out| {
                let print = |row: &Vec<Expr>| {
                    let mut out = String::from("(");
                    separated(&mut out, row, |out, expr| {
                        print_expr(out, expr, node.span, &mut context, style);
                    });
                    out.push(')');
                    out
                };
                out.push_str("rows [");
                fill(out, rows.iter().map(print).collect());
                out.push(']');
            });
        }
        Operator::Map { block } => clauses.block(block, sides, None),
        Operator::FlatMap { each, block } => {
            clauses.exprs("each", std::slice::from_ref(each), sides, None);
            let element = each.ty.element().unwrap_or(Type::unit());
            clauses.block(block, sides.with_element(), Some(element));
        }
        Operator::Join {
            left_key,
            right_key,
            block,
        } => {
            clauses.keys((left_key, left), (right_key, right));
            clauses.block(block, sides, None);
        }
        Operator::Semijoin {
            left_key,
            right_key,
        }
        | Operator::Antijoin {
            left_key,
            right_key,
        } => clauses.keys((left_key, left), (right_key, right)),
        Operator::OuterJoin {
            left_key,
            right_key,
            right_columns,
        } => {
            clauses.keys((left_key, left), (right_key, right));
            clauses.columns("pick", right_columns, right);
        }
        Operator::Union | Operator::Distinct | Operator::Broadcast => {}
        Operator::Combine { combiner } => clauses.combiner(combiner),
        Operator::Variable { combiner } => {
            if let Some(combiner) = combiner {
                clauses.combiner(combiner);
            }
        }
        Operator::Fixpoint {
            limit,
            variables: listed,
        } => {
            clauses.add(|out| push(out, format_args!("limit {limit}")));
            if !listed.iter().eq(variables) {
                clauses.add(|out| {
                    out.push_str("variables [");
                    separated(out, listed, |out, name| print_name(out, name));
                    out.push(']');
                });
            }
        }
        Operator::Exchange { key } => clauses.columns("on", key, left),
        Operator::Sink {
            connector,
            order,
            unordered,
        } => {
            clauses.connector("to", connector, id);
            if !order.is_empty() {
                clauses.add(|out| {
                    out.push_str("order [");
                    separated(out, order, |out, (column, descending)| {
                        print_column(out, *column, &node.output.columns, style.names);
                        if *descending {
                            out.push_str(" desc");
                        }
                    });
                    out.push(']');
                });
            }
            if *unordered {
                clauses.add(|out| out.push_str("unordered"));
            }
        }
        Operator::StateRead { table } => clauses.quoted("table", table),
        Operator::StateWrite { table, action } => {
            clauses.quoted(name_of(&STATE_ACTIONS, action), table);
        }
        Operator::Effect { action, target } => {
            clauses.quoted(name_of(&EFFECT_ACTIONS, action), target);
        }
        Operator::OrderPoint { kind, because } => clauses.add(|out| {
            out.push_str(name_of(&ORDER_KINDS, kind));
            print_optional_text(out, "because", because.as_ref());
        }),
        Operator::Extern {
            language,
            module,
            function,
            arguments,
        } => {
            let mut context = clauses.context(sides, None);
            clauses.add(|out| {
                out.push_str("call");
                for text in [language, module, function] {
                    out.push(' ');
                    print_text(out, text);
                }
                out.push_str(" (");
                separated(out, arguments, |out, expr| {
                    print_expr(out, expr, node.span, &mut context, style);
                });
                out.push(')');
            });
        }
    }
    clauses.clauses
}

struct Clauses<'a> {
    program: &'a Program,
    span: Span,
    style: Style,
    clauses: Vec<String>,
}

impl<'a> Clauses<'a> {
    fn add(&mut self, print: impl FnOnce(&mut String)) {
        let mut clause = String::new();
        print(&mut clause);
        self.clauses.push(clause);
    }

    fn context(&self, sides: Sides<'a>, element: Option<Type>) -> Context<'a> {
        let mut columns = sides.types();
        columns.extend(element);
        Context {
            scope: Scope::new(self.program, columns),
            sides,
        }
    }

    fn exprs(&mut self, keyword: &str, exprs: &[Expr], sides: Sides<'a>, element: Option<Type>) {
        let mut context = self.context(sides, element);
        let (span, style) = (self.span, self.style);
        if !exprs.is_empty() {
            let print = |expr: &Expr| {
                let mut out = String::new();
                print_expr(&mut out, expr, span, &mut context, style);
                out
            };
            let items = exprs.iter().map(print).collect();
            self.add(|out| {
                push(out, format_args!("{keyword} "));
                fill(out, items);
            });
        }
    }

    fn block(&mut self, block: &Block, sides: Sides<'a>, element: Option<Type>) {
        self.exprs("where", &block.conditions, sides, element.clone());
        self.exprs("give", &block.outputs, sides, element);
    }

    fn keys(
        &mut self,
        (left_key, left): (&[usize], &[(String, Type)]),
        (right_key, right): (&[usize], &[(String, Type)]),
    ) {
        let names = self.style.names;
        if !left_key.is_empty() || !right_key.is_empty() {
            self.add(|out| {
                out.push_str("on ");
                print_columns(out, left_key, left, names);
                out.push_str(" = ");
                print_columns(out, right_key, right, names);
            });
        }
    }

    fn columns(&mut self, keyword: &str, indices: &[usize], columns: &[(String, Type)]) {
        let names = self.style.names;
        self.add(|out| {
            push(out, format_args!("{keyword} "));
            print_columns(out, indices, columns, names);
        });
    }

    fn combiner(&mut self, combiner: &Combiner) {
        self.add(|out| {
            out.push_str("by ");
            print_combiner(out, combiner);
        });
    }

    fn quoted(&mut self, keyword: &str, text: &str) {
        self.add(|out| {
            push(out, format_args!("{keyword} "));
            print_text(out, text);
        });
    }

    fn connector(&mut self, keyword: &str, connector: &Connector, id: NodeId) {
        let node = &self.program.graph[id];
        let types = &self.program.types;
        self.add(|out| {
            push(out, format_args!("{keyword} "));
            print_word(out, &connector.format);
            out.push('(');
            if !connector.path.is_empty() {
                print_text(out, &connector.path);
                if !connector.options.is_empty() {
                    out.push_str(", ");
                }
            }
            separated(out, &connector.options, |out, (name, value)| {
                print_word(out, name);
                out.push_str(": ");
                print_value(out, value, None, types);
            });
            out.push(')');
        });
        if connector.relation != default_relation(&node.name) {
            self.quoted("relation", &connector.relation);
        }
        let own = node.output.columns.iter().map(|(name, _)| name);
        if !connector.columns.iter().eq(own) {
            self.add(|out| {
                out.push_str("columns [");
                separated(out, &connector.columns, |out, name| print_text(out, name));
                out.push(']');
            });
        }
    }
}

/// Appends items with commas between them, each on its own line if they do not fit on one.
fn fill(out: &mut String, items: Vec<String>) {
    let length: usize = items.iter().map(|item| item.chars().count() + 2).sum();
    let separator = if length > WIDTH { ",\n      " } else { ", " };
    out.push_str(&items.join(separator));
}

/// The head of a node, as far as its clauses need it.
pub(super) struct NodeHead<'a> {
    pub name: &'a str,
    pub span: Span,
    pub columns: &'a [(String, Type)],
    /// The columns of the first input on each port.
    pub left: &'a [(String, Type)],
    pub right: &'a [(String, Type)],
}

impl<'a> Parser<'a> {
    /// An operator of this keyword without its clauses; they follow.
    pub(super) fn bare_operator(keyword: &str) -> Option<Operator> {
        let connector = Connector::default;
        let block = Block::default;
        let key = Vec::new;
        Some(match keyword {
            "source" => Operator::Source {
                connector: connector(),
            },
            "values" => Operator::Values { rows: Vec::new() },
            "map" => Operator::Map { block: block() },
            "flat_map" => Operator::FlatMap {
                each: Expr {
                    kind: crate::ExprKind::Constant(Value::Tuple(Vec::new())),
                    ty: Type::unit(),
                    span: Span::default(),
                },
                block: block(),
            },
            "join" => Operator::Join {
                left_key: key(),
                right_key: key(),
                block: block(),
            },
            "semijoin" => Operator::Semijoin {
                left_key: key(),
                right_key: key(),
            },
            "antijoin" => Operator::Antijoin {
                left_key: key(),
                right_key: key(),
            },
            "outer_join" => Operator::OuterJoin {
                left_key: key(),
                right_key: key(),
                right_columns: key(),
            },
            "union" => Operator::Union,
            "distinct" => Operator::Distinct,
            "combine" => Operator::Combine {
                combiner: Combiner::Min,
            },
            "fixpoint" => Operator::Fixpoint {
                limit: 0,
                variables: Vec::new(),
            },
            "variable" => Operator::Variable { combiner: None },
            "exchange" => Operator::Exchange { key: key() },
            "broadcast" => Operator::Broadcast,
            "sink" => Operator::Sink {
                connector: connector(),
                order: Vec::new(),
                unordered: false,
            },
            "state_read" => Operator::StateRead {
                table: String::new(),
            },
            "state_write" => Operator::StateWrite {
                table: String::new(),
                action: StateAction::Merge,
            },
            "effect" => Operator::Effect {
                action: EffectAction::Send,
                target: String::new(),
            },
            "order_point" => Operator::OrderPoint {
                kind: OrderKind::Final,
                because: None,
            },
            "extern" => Operator::Extern {
                language: String::new(),
                module: String::new(),
                function: String::new(),
                arguments: Vec::new(),
            },
            _ => return None,
        })
    }

    /// Reads the clauses of an operator into it. A fixpoint's are read with its braces.
    pub(super) fn clauses(&mut self, operator: &mut Operator, head: &NodeHead) -> Parsed<()> {
        let sides = Sides::of(operator, head.left, head.right);
        match operator {
            Operator::Source { connector } => *connector = self.connector("from", head)?,
            Operator::Values { rows } => {
                self.keyword("rows")?;
                self.punct('[')?;
                *rows = self.with_context(sides, None, |p, context| {
                    let row = |p: &mut Self| {
                        p.punct('(')?;
                        p.exprs(')', head.span, context)
                    };
                    Ok(p.list(']', row)?.0)
                })?;
            }
            Operator::Map { block } => *block = self.block(sides, None, head.span)?,
            Operator::FlatMap { each, block } => {
                self.keyword("each")?;
                *each = self.with_context(sides, None, |p, context| p.expr(head.span, context))?;
                let element = each.ty.element().unwrap_or(Type::unit());
                *block = self.block(sides.with_element(), Some(element), head.span)?;
            }
            Operator::Join {
                left_key,
                right_key,
                block,
            } => {
                (*left_key, *right_key) = self.keys(head)?;
                *block = self.block(sides, None, head.span)?;
            }
            Operator::Semijoin {
                left_key,
                right_key,
            }
            | Operator::Antijoin {
                left_key,
                right_key,
            } => (*left_key, *right_key) = self.keys(head)?,
            Operator::OuterJoin {
                left_key,
                right_key,
                right_columns,
            } => {
                (*left_key, *right_key) = self.keys(head)?;
                self.keyword("pick")?;
                *right_columns = self.columns_of(head.right)?;
            }
            Operator::Union
            | Operator::Distinct
            | Operator::Broadcast
            | Operator::Fixpoint { .. } => {}
            Operator::Combine { combiner } => {
                self.keyword("by")?;
                *combiner = self.combiner()?;
            }
            Operator::Variable { combiner } => {
                if self.take_word("by") {
                    *combiner = Some(self.combiner()?);
                }
            }
            Operator::Exchange { key } => {
                self.keyword("on")?;
                *key = self.columns_of(head.left)?;
            }
            Operator::Sink {
                connector,
                order,
                unordered,
            } => {
                *connector = self.connector("to", head)?;
                if self.take_word("order") {
                    self.punct('[')?;
                    let item = |p: &mut Self| {
                        let column = p.column_of(head.columns)?;
                        Ok((column, p.take_word("desc")))
                    };
                    *order = self.list(']', item)?.0;
                }
                *unordered = self.take_word("unordered");
            }
            Operator::StateRead { table } => {
                self.keyword("table")?;
                *table = self.text("the name of a table in quotes")?;
            }
            Operator::StateWrite { table, action } => {
                *action = self.one_of(&STATE_ACTIONS, "`merge`, `remove` or `seal`")?;
                *table = self.text("the name of a table in quotes")?;
            }
            Operator::Effect { action, target } => {
                *action = self.one_of(&EFFECT_ACTIONS, "`send`, `schedule`, `reply` or `raise`")?;
                *target = self.text("a name in quotes")?;
            }
            Operator::OrderPoint { kind, because } => {
                let expected = "`final`, `sample`, `coordinate` or `late`";
                *kind = self.one_of(&ORDER_KINDS, expected)?;
                if self.take_word("because") {
                    *because = Some(self.text("the reason in quotes")?);
                }
            }
            Operator::Extern {
                language,
                module,
                function,
                arguments,
            } => {
                self.keyword("call")?;
                *language = self.text("a language in quotes")?;
                *module = self.text("a module in quotes")?;
                *function = self.text("a function in quotes")?;
                self.punct('(')?;
                *arguments =
                    self.with_context(sides, None, |p, context| p.exprs(')', head.span, context))?;
            }
        }
        Ok(())
    }

    pub(super) fn with_context<T>(
        &mut self,
        sides: Sides,
        element: Option<Type>,
        parse: impl FnOnce(&mut Self, &mut Context) -> Parsed<T>,
    ) -> Parsed<T> {
        let none = Program::default();
        let program = self.heads.map_or(&none, |heads| &heads.program);
        let mut columns = sides.types();
        columns.extend(element);
        let scope = Scope::new(program, columns);
        parse(self, &mut Context { scope, sides })
    }

    fn block(&mut self, sides: Sides, element: Option<Type>, span: Span) -> Parsed<Block> {
        self.with_context(sides, element, |p, context| {
            let mut exprs = |p: &mut Self, keyword: &str| {
                if p.take_word(keyword) {
                    p.many(|p| p.expr(span, context))
                } else {
                    Ok(Vec::new())
                }
            };
            Ok(Block {
                conditions: exprs(p, "where")?,
                outputs: exprs(p, "give")?,
            })
        })
    }

    /// `[a, b]`, columns of these.
    pub(super) fn columns_of(&mut self, columns: &[(String, Type)]) -> Parsed<Vec<usize>> {
        self.punct('[')?;
        Ok(self.list(']', |p| p.column_of(columns))?.0)
    }

    fn keys(&mut self, head: &NodeHead) -> Parsed<(Vec<usize>, Vec<usize>)> {
        if !self.take_word("on") {
            return Ok((Vec::new(), Vec::new()));
        }
        let left = self.columns_of(head.left)?;
        self.punct('=')?;
        Ok((left, self.columns_of(head.right)?))
    }

    fn one_of<T: Copy>(&mut self, names: &[(&str, T)], expected: &str) -> Parsed<T> {
        if let Token::Word(word) = self.peek()
            && let Some((_, value)) = names.iter().find(|(name, _)| name == word)
        {
            self.advance();
            return Ok(*value);
        }
        self.error(expected)
    }

    fn connector(&mut self, keyword: &str, head: &NodeHead) -> Parsed<Connector> {
        self.keyword(keyword)?;
        let format = self.word("a format such as `csv`")?;
        self.punct('(')?;
        let mut path = String::new();
        if let Token::Text(text) = self.peek()
            && *self.peek_second() != Token::Punct(':')
        {
            path = text.clone();
            self.advance();
            if !self.is_punct(')') && !self.take_punct(',') {
                return self.error("`,` or `)`");
            }
        }
        let options = self.options()?;
        let relation = if self.take_word("relation") {
            self.text("the name of a relation in quotes")?
        } else {
            default_relation(head.name).to_string()
        };
        let columns = if self.take_word("columns") {
            self.punct('[')?;
            self.list(']', |p| p.text("the outside name of a column in quotes"))?
                .0
        } else {
            head.columns.iter().map(|(name, _)| name.clone()).collect()
        };
        Ok(Connector {
            relation,
            format,
            path,
            options,
            columns,
        })
    }
}
