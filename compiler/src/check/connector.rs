//! Sources and sinks: which there are, which options they take, and where those lead.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{Type, Value};

use super::Checker;
use super::names::Def;
use super::suggest::nearest;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Output, Source};
use crate::source::{FileId, Span};
use crate::syntax::ast::{
    self, Argument, Connector, Expr, ExprKind, ItemKind, Literal, UnaryOperator,
};

mod known;

use known::{Kind, Known, LATER, LIVE_SINKS, LIVE_SOURCES, PathNeed, SINKS, SOURCES};
pub(super) use known::{is_live, is_live_sink, only_appends};

/// What a connector's arguments say.
#[derive(Default)]
struct Arguments {
    path: String,
    options: BTreeMap<String, Value>,
}

/// The argument of that name.
pub(super) fn named<'c>(connector: &'c Connector, name: &str) -> Option<&'c Argument<Expr>> {
    let is_it = |argument: &&Argument<Expr>| {
        argument
            .name
            .as_ref()
            .is_some_and(|given| given.as_str() == name)
    };
    connector.arguments.iter().find(is_it)
}

impl<'a> Checker<'a> {
    /// The source of an input, without its columns; `None` where it cannot be used.
    pub(super) fn source(&mut self, module: usize, connector: &Connector) -> Option<Source> {
        let table = match is_live(connector.name.as_str()) {
            true => LIVE_SOURCES,
            false => SOURCES,
        };
        let arguments = self.connector(module, connector, table, "source")?;
        Some(Source {
            format: connector.name.as_str().to_owned(),
            path: arguments.path,
            options: arguments.options,
            columns: Vec::new(),
            by: None,
            span: self.span(module, connector.span),
        })
    }

    fn connector(
        &mut self,
        module: usize,
        connector: &Connector,
        table: &'static [Known],
        what: &str,
    ) -> Option<Arguments> {
        let name = connector.name.as_str();
        let file = self.file(module);
        if LATER.contains(&name) {
            self.not_yet(module, connector.span, &format!("the {what} `{name}`"));
            return None;
        }
        let Some(known) = table.iter().find(|known| known.name == name) else {
            let names: Vec<&str> = table.iter().map(|known| known.name).collect();
            let diagnostic = Diagnostic::error(
                codes::UNKNOWN_CONNECTOR,
                file,
                connector.name.span,
                format!("there is no {what} `{name}`"),
            )
            .label("not known");
            let near = nearest(name, names.iter().copied());
            self.report(match near {
                Some(near) => diagnostic.fix(
                    format!("did you mean `{near}`?"),
                    connector.name.span,
                    near.to_owned(),
                ),
                None => diagnostic.help(format!("there are `{}`", names.join("`, `"))),
            });
            return None;
        };
        let mut found = Arguments::default();
        let mut is_right = true;
        let mut positional = 0;
        for argument in &connector.arguments {
            let is_first = argument.name.is_none() && positional == 0;
            positional += usize::from(argument.name.is_none());
            let outcome = match &argument.name {
                None if is_first => self.path_argument(module, argument, known, &mut found),
                None => {
                    self.option_error(
                        module,
                        argument.span,
                        format!("`{name}` takes one argument without a name: the path"),
                        "one too many".into(),
                        "name the option, as in `header: false`".into(),
                    );
                    None
                }
                Some(option) => self.option(module, argument, option, known, what, &mut found),
            };
            is_right &= outcome.is_some();
        }
        let names = connector.arguments.iter().filter_map(|a| a.name.as_ref());
        self.refuse_doubles(module, names, "option");
        if known.path == PathNeed::Needed && positional == 0 {
            let is_live = is_live(name) || is_live_sink(name);
            self.option_error(
                module,
                connector.span,
                match is_live {
                    true => format!("`{name}` needs a topic"),
                    false => format!("`{name}` needs a path"),
                },
                if is_live {
                    "which topic?"
                } else {
                    "which file?"
                }
                .into(),
                match is_live {
                    true => format!("write `{name}(\"topic\")`"),
                    false => format!("write `{name}(\"file.{name}\")`"),
                },
            );
            return None;
        }
        is_right.then_some(found)
    }

    fn path_argument(
        &mut self,
        module: usize,
        argument: &Argument<Expr>,
        known: &Known,
        found: &mut Arguments,
    ) -> Option<()> {
        match &argument.value.kind {
            ExprKind::Literal(Literal::String(path)) if !path.is_empty() => {
                found.path = path.to_string();
                Some(())
            }
            ExprKind::Error => None,
            _ => {
                self.option_error(
                    module,
                    argument.span,
                    format!(
                        "the first argument of `{}` is a path, as a string",
                        known.name
                    ),
                    "not a path".into(),
                    "write it in quotes: `\"data/*.csv\"`".into(),
                );
                None
            }
        }
    }

    fn option(
        &mut self,
        module: usize,
        argument: &Argument<Expr>,
        option: &ast::Name,
        known: &Known,
        what: &str,
        found: &mut Arguments,
    ) -> Option<()> {
        let entry = known
            .options
            .iter()
            .find(|(name, _)| *name == option.as_str());
        let Some((_, kind)) = entry else {
            let names: Vec<&str> = known.options.iter().map(|(name, _)| *name).collect();
            let file = self.file(module);
            let diagnostic = Diagnostic::error(
                codes::CONNECTOR_OPTION,
                file,
                option.span,
                format!(
                    "the {what} `{}` has no option `{}`",
                    known.name, option.text
                ),
            )
            .label("not known");
            self.report(match nearest(option.as_str(), names.iter().copied()) {
                Some(near) => diagnostic.fix(
                    format!("did you mean `{near}`?"),
                    option.span,
                    near.to_owned(),
                ),
                None if names.is_empty() => diagnostic.help("it has no options"),
                None => diagnostic.help(format!("its options are `{}`", names.join("`, `"))),
            });
            return None;
        };
        let ty = match kind {
            Kind::Bool => Type::Bool,
            Kind::Text => Type::String,
            Kind::Texts => Type::List(Box::new(Type::String)),
            Kind::Special => return Some(()),
        };
        let value = self.constant(module, &argument.value, &ty)?;
        let complaint = match (option.as_str(), &value) {
            ("unit", Value::String(unit)) if !["s", "ms", "us", "ns"].contains(&unit.as_str()) => {
                Some("`unit` is one of \"s\", \"ms\", \"us\" and \"ns\"")
            }
            ("delimiter", Value::String(text)) if text.len() != 1 => {
                Some("this must be one ASCII character")
            }
            ("format", Value::String(format))
                if !["csv", "ndjson", "table", "text", "tsv"].contains(&format.as_str()) =>
            {
                Some(
                    "`format` is one of \"csv\", \"ndjson\", \"tsv\", for a source \"text\", for a sink \"table\"",
                )
            }
            _ => None,
        };
        if let Some(complaint) = complaint {
            self.option_error(
                module,
                argument.value.span,
                complaint.into(),
                "not one of them".into(),
                "correct it".into(),
            );
            return None;
        }
        found.options.insert(option.as_str().to_owned(), value);
        Some(())
    }

    fn option_error(
        &mut self,
        module: usize,
        span: Span,
        message: String,
        label: String,
        help: String,
    ) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(codes::CONNECTOR_OPTION, file, span, message)
                .label(label)
                .help(help),
        );
    }

    /// Checks every `output` of every module, and keeps those of the root file: to use a module does
    /// not write its files.
    pub(super) fn check_outputs(&mut self) {
        let files = self.modules.iter().map(|module| module.file);
        let files: BTreeSet<FileId> = files.collect();
        let root = self.file(0);
        let others = files.into_iter().filter(|file| *file != root);
        for file in others.chain([root]) {
            self.program.outputs.clear();
            for module in 0..self.modules.len() {
                if self.file(module) != file {
                    continue;
                }
                for item in self.items(module) {
                    if let ItemKind::Output(output) = &item.kind {
                        self.check_output(module, output);
                    }
                }
            }
            self.program.outputs.sort_by(|a, b| {
                (&a.relation, &a.format, &a.path, a.span).cmp(&(
                    &b.relation,
                    &b.format,
                    &b.path,
                    b.span,
                ))
            });
            self.refuse_equal_sinks();
        }
    }

    fn check_output(&mut self, module: usize, output: &'a ast::Output) {
        let relation = self.output_relation(module, &output.relation);
        let table = match is_live_sink(output.sink.name.as_str()) {
            true => LIVE_SINKS,
            false => SINKS,
        };
        let Some(arguments) = self.connector(module, &output.sink, table, "sink") else {
            return;
        };
        self.note_live_sink(module, &output.sink);
        let Some(relation) = relation else { return };
        let Some((order, unordered)) = self.order(module, &relation, &output.sink) else {
            return;
        };
        self.program.outputs.push(Output {
            relation,
            settled: output.settled.is_some(),
            format: output.sink.name.as_str().to_owned(),
            path: arguments.path,
            options: arguments.options,
            order,
            unordered,
            span: self.span(module, output.relation.span),
        });
    }

    fn output_relation(&mut self, module: usize, path: &ast::Path) -> Option<String> {
        let def = match path.names.as_slice() {
            [name] => self.callable(module, name.as_str()),
            names => match self.through_module(module, names) {
                Some((other, [name])) => self.public_callable(module, other, name),
                _ => self.member_on_path(module, names),
            },
        };
        match def {
            Some(Def::Relation(name)) => self.published(module, path.last(), name),
            Some(Def::Silent) => None,
            Some(_) => {
                self.not_a_relation(
                    module,
                    path.last(),
                    "only a view or an input can be published",
                );
                None
            }
            None => {
                self.unknown_callable(module, path.last());
                None
            }
        }
    }

    /// `order: [-count, word]` or `order: none`.
    fn order(
        &mut self,
        module: usize,
        relation: &str,
        sink: &Connector,
    ) -> Option<(Vec<(usize, bool)>, bool)> {
        let Some(argument) = named(sink, "order") else {
            return Some((Vec::new(), false));
        };
        let items = match &argument.value.kind {
            ExprKind::Name(name) if name.as_str() == "none" => return Some((Vec::new(), true)),
            ExprKind::List(items) if !items.is_empty() => items.iter().collect(),
            ExprKind::Name(_)
            | ExprKind::Unary {
                operator: UnaryOperator::Negate,
                ..
            } => vec![&argument.value],
            ExprKind::Error => return None,
            _ => {
                self.bad_order(module, argument.value.span);
                return None;
            }
        };
        let declared = self.program.relations.get(relation)?;
        let names = declared.row_names();
        let short = declared.short_name().to_owned();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut order = Vec::new();
        for item in items {
            let (name, descending) = match &item.kind {
                ExprKind::Name(name) => (name, false),
                ExprKind::Unary {
                    operator: UnaryOperator::Negate,
                    operand,
                } => match &operand.kind {
                    ExprKind::Name(name) => (name, true),
                    _ => {
                        self.bad_order(module, item.span);
                        return None;
                    }
                },
                ExprKind::Error => return None,
                _ => {
                    self.bad_order(module, item.span);
                    return None;
                }
            };
            let Some(index) = known.iter().position(|column| *column == name.as_str()) else {
                self.unknown_column(module, name.as_str(), name.span, &short, &known);
                return None;
            };
            if order.iter().any(|(earlier, _)| *earlier == index) {
                self.option_error(
                    module,
                    name.span,
                    format!("`order` names the column `{}` twice", name.text),
                    "the second time".into(),
                    "remove one of them".into(),
                );
                return None;
            }
            order.push((index, descending));
        }
        Some((order, false))
    }

    fn bad_order(&mut self, module: usize, span: Span) {
        self.option_error(
            module,
            span,
            "`order` is a list of columns, or `none`".into(),
            "not a column".into(),
            "write `order: [-count, word]` for the greatest count first".into(),
        );
    }

    /// Two outputs to one file would overwrite each other.
    fn refuse_equal_sinks(&mut self) {
        let mut first: BTreeMap<String, sheaf_ir::Span> = BTreeMap::new();
        let mut spans: Vec<(sheaf_ir::Span, String)> = self
            .program
            .outputs
            .iter()
            .filter(|output| !output.path.is_empty())
            .map(|output| (output.span, output.path.clone()))
            .collect();
        spans.sort();
        for (span, path) in spans {
            let Some(earlier) = first.get(&path) else {
                first.insert(path, span);
                continue;
            };
            let (file, at) = super::place(span);
            let (other, before) = super::place(*earlier);
            self.report(
                Diagnostic::error(
                    codes::SAME_SINK,
                    file,
                    at,
                    format!("two outputs write to `{path}`"),
                )
                .label("the second one")
                .and_in(other, before, "the first one")
                .help("give them different paths"),
            );
        }
    }

    /// A relation name that is something else.
    pub(super) fn not_a_relation(&mut self, module: usize, name: &ast::Name, advice: &str) {
        let file = self.file(module);
        let mut diagnostic = Diagnostic::error(
            codes::NOT_A_RELATION,
            file,
            name.span,
            format!("`{}` is a function, and a relation is needed", name.text),
        )
        .label("a function");
        if let Some((file, span)) = self.callable_place(module, name.as_str()) {
            diagnostic = diagnostic.and_in(file, span, "declared here");
        }
        self.report(diagnostic.help(advice));
    }

    /// A name before `(` that nobody declares.
    pub(super) fn unknown_callable(&mut self, module: usize, name: &ast::Name) {
        if self.scopes[module].is_open {
            return;
        }
        let file = self.file(module);
        let diagnostic = Diagnostic::error(
            codes::UNKNOWN_NAME,
            file,
            name.span,
            format!("there is no relation or function `{}`", name.text),
        )
        .label("not declared");
        let scope = &self.scopes[module];
        let sound = scope
            .callables
            .iter()
            .filter(|(_, entry)| entry.def != Def::Silent);
        let near = nearest(name.as_str(), sound.map(|(name, _)| name.as_str()));
        let in_std = super::library::modules_with(name.as_str());
        let diagnostic = match (near, in_std.as_slice()) {
            (_, [_, _, ..]) => diagnostic.help(format!(
                "call it as a member: `x.{0}(…)`; it is a function of `std.{1}`",
                name.text,
                in_std.join("`, `std.")
            )),
            (_, [module]) => diagnostic.help(format!(
                "write `use std.{module}.{0};` at the top, or call it as a member: `x.{0}(…)`",
                name.text
            )),
            (Some(near), []) => {
                let near = near.to_owned();
                diagnostic.fix(format!("did you mean `{near}`?"), name.span, near)
            }
            (None, []) => {
                diagnostic.help("declare it with `view`, `input … from …` or `fn`, or `use` it")
            }
        };
        self.report(diagnostic);
        // One message for each unknown name and file.
        self.silence_callable(module, name);
    }
}
