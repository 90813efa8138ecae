//! Inputs, views and params get their columns, types, combiners and sources.

use sheaf_ir::{Label, Type};

use super::names::Def;
use super::suggest::nearest;
use super::types::is_poisoned;
use super::{Checker, connector};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Column, Combined, Param, Reason, Relation, RelationKind, Source, SourceColumn};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Item, ItemKind, Literal};

impl<'a> Checker<'a> {
    /// Declares relations and params of all modules, and reports what is not yet run.
    pub(super) fn declare_relations(&mut self) {
        for module in 0..self.modules.len() {
            self.report_not_yet(module);
            self.declare_service(module);
            for item in self.items(module) {
                match &item.kind {
                    ItemKind::Input(input) => self.declare_input(module, item, input),
                    ItemKind::View(view) => self.declare_view(module, item, view),
                    ItemKind::Param(param) => self.declare_param(module, param),
                    _ => self.declare_live(module, item),
                }
                self.check_item_attributes(module, item);
            }
        }
    }

    fn declare_input(&mut self, module: usize, item: &Item, input: &'a ast::Input) {
        let signature = &input.signature;
        let name = self.modules[module].qualify(signature.name.as_str());
        if self.program.relations.contains_key(&name) {
            return;
        }
        let columns = self.columns(module, signature);
        let combined = match &signature.result {
            Some(result) => match self.resolve_combiner(module, result) {
                Some(combined) => Some(combined),
                None => return self.silence(module, signature.name.as_str()),
            },
            None => None,
        };
        self.check_late(module, input);
        let outside: Vec<String> = signature
            .columns
            .iter()
            .map(|column| self.outside_name(module, column))
            .collect();
        let Some(mut source) = self.source(module, &input.source) else {
            let span = self.span(module, input.source.span);
            let text = format!("rows of `{}` keep arriving", signature.name.text);
            self.live.insert(name.clone(), Reason { span, text });
            self.add_relation(
                module,
                item,
                signature,
                columns,
                combined,
                RelationKind::View,
            );
            self.derived.insert(name);
            return;
        };
        let is_live = connector::is_live(&source.format);
        if is_live {
            let span = source.span;
            let text = format!("rows of `{}` keep arriving", signature.name.text);
            self.live.insert(name.clone(), Reason { span, text });
            self.note_live(module, signature.name.span, "a live source");
        }
        source.columns = outside
            .into_iter()
            .zip(&columns)
            .map(|(outside, column)| SourceColumn {
                name: column.name.clone(),
                outside,
                ty: column.ty.clone(),
            })
            .collect();
        let mut columns = columns;
        if let Some(combined) = &combined {
            let is_lww = combined.combiner == sheaf_ir::Combiner::Lww;
            let by = self.by_column(module, input, &columns, is_lww);
            if is_lww && by.is_none() {
                return self.silence(module, signature.name.as_str());
            }
            if let Some(by) = by {
                columns.remove(by);
                source.by = Some(by);
            }
            source.columns.push(SourceColumn {
                name: signature.name.as_str().to_owned(),
                outside: signature.name.as_str().to_owned(),
                ty: match is_lww {
                    true => combined.result.clone(),
                    false => combined.contribution.clone(),
                },
            });
        }
        if let Some(late) = input.late.as_ref().filter(|_| is_live) {
            self.note_late(module, &name, late, &columns);
        }
        let kind = RelationKind::Input(source);
        self.add_relation(module, item, signature, columns, combined, kind);
    }

    fn declare_view(&mut self, module: usize, item: &Item, view: &'a ast::Signature) {
        let name = self.modules[module].qualify(view.name.as_str());
        if self.program.relations.contains_key(&name) {
            return;
        }
        let columns = self.columns(module, view);
        for column in &view.columns {
            self.check_column_attributes(module, &column.attributes, false);
        }
        let combined = match &view.result {
            Some(result) => match self.resolve_combiner(module, result) {
                Some(combined) => Some(combined),
                None => return self.silence(module, view.name.as_str()),
            },
            None => None,
        };
        self.add_relation(module, item, view, columns, combined, RelationKind::View);
    }

    fn add_relation(
        &mut self,
        module: usize,
        item: &Item,
        signature: &ast::Signature,
        columns: Vec<Column>,
        combined: Option<Combined>,
        kind: RelationKind,
    ) {
        let name = self.modules[module].qualify(signature.name.as_str());
        let docs: Vec<&str> = item.docs.iter().map(|line| line.text.as_str()).collect();
        let relation = Relation {
            name: name.clone(),
            kind,
            columns,
            combined,
            label: Label::Closed,
            label_reason: Vec::new(),
            docs: docs.join("\n"),
            span: self.span(module, signature.name.span),
        };
        self.program.relations.insert(name, relation);
    }

    /// Makes a declaration that cannot be used silent.
    pub(super) fn silence(&mut self, module: usize, name: &str) {
        if let Some(entry) = self.scopes[module].callables.get_mut(name) {
            entry.def = Def::Silent;
        }
        let qualified = self.modules[module].qualify(name);
        let def = Def::Relation(qualified);
        for scope in &mut self.scopes {
            for entry in scope
                .callables
                .values_mut()
                .filter(|entry| entry.def == def)
            {
                entry.def = Def::Silent;
            }
        }
    }

    pub(super) fn columns(&mut self, module: usize, signature: &ast::Signature) -> Vec<Column> {
        let names = signature.columns.iter().map(|column| &column.name);
        self.refuse_doubles(module, names, "column");
        let columns: Vec<Column> = signature
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.as_str().to_owned(),
                ty: self.resolve_type(module, &column.ty),
                span: self.span(module, column.name.span),
            })
            .collect();
        if let Some(column) = signature.columns.iter().find(|column| {
            signature.result.is_some() && column.name.as_str() == signature.name.as_str()
        }) {
            let file = self.file(module);
            self.report(
                Diagnostic::error(
                    codes::DECLARED_TWICE,
                    file,
                    column.name.span,
                    format!(
                        "the column `{0}` is named like the value after `->`",
                        column.name.text
                    ),
                )
                .label("the value's column has this name")
                .and(signature.name.span, "the value is named after the relation")
                .help("rename the column"),
            );
        }
        columns
    }

    /// `late d by column`: of no effect on a finite input, but checked.
    fn check_late(&mut self, module: usize, input: &ast::Input) {
        let Some(late) = &input.late else { return };
        let bound = self.constant(module, &late.bound, &Type::Duration);
        let column = input
            .signature
            .columns
            .iter()
            .find(|column| column.name.text == late.column.text);
        let file = self.file(module);
        match column {
            None => {
                let names = input.signature.columns.iter();
                let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
                self.unknown_column(
                    module,
                    late.column.as_str(),
                    late.column.span,
                    input.signature.name.as_str(),
                    &names,
                );
            }
            Some(column) => {
                let ty = self.resolve_type_again(module, &column.ty);
                if !matches!(ty, Type::Time | Type::Date) && !is_poisoned(&ty) && bound.is_some() {
                    self.report(
                        Diagnostic::error(
                            codes::WRONG_TYPE,
                            file,
                            late.column.span,
                            format!(
                                "`late … by` needs a `Time` column, and `{}` is `{}`",
                                late.column.text,
                                super::types::show(&ty)
                            ),
                        )
                        .label("not a time")
                        .and(column.span, "declared here")
                        .help("name the column that tells when a row happened"),
                    );
                }
            }
        }
    }

    /// A type that has been resolved before: what is wrong with it has been said.
    pub(super) fn resolve_type_again(&mut self, module: usize, ty: &ast::Type) -> Type {
        let before = self.diagnostics.len();
        let ty = self.resolve_type(module, ty);
        self.diagnostics.truncate(before);
        ty
    }

    /// The column that `by:` names, which `Lww` needs and nothing else takes.
    fn by_column(
        &mut self,
        module: usize,
        input: &ast::Input,
        columns: &[Column],
        is_lww: bool,
    ) -> Option<usize> {
        let by = connector::named(&input.source, "by");
        let file = self.file(module);
        let Some(by) = by else {
            if is_lww {
                self.report(
                    Diagnostic::error(
                        codes::CONNECTOR_OPTION,
                        file,
                        input.source.span,
                        "an input with `Lww` needs to know which column tells the time",
                    )
                    .label("`by:` is missing")
                    .help("name a `Time` column, as in `csv(\"prices.csv\", by: at)`"),
                );
            }
            return None;
        };
        if !is_lww {
            return None;
        }
        let ExprKind::Name(name) = &by.value.kind else {
            if !matches!(by.value.kind, ExprKind::Error) {
                self.report(
                    Diagnostic::error(
                        codes::CONNECTOR_OPTION,
                        file,
                        by.value.span,
                        "`by:` needs the name of a column",
                    )
                    .label("not a column")
                    .help("write the bare name, as in `by: at`"),
                );
            }
            return None;
        };
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let Some(index) = names.iter().position(|column| *column == name.as_str()) else {
            let relation = input.signature.name.as_str();
            self.unknown_column(module, name.as_str(), name.span, relation, &names);
            return None;
        };
        let ty = &columns[index].ty;
        if *ty != Type::Time && !is_poisoned(ty) {
            let found = super::types::show(ty);
            let declared = input.signature.columns[index].span;
            self.report(
                Diagnostic::error(
                    codes::WRONG_TYPE,
                    file,
                    name.span,
                    format!(
                        "`by:` needs a `Time` column, and `{}` is `{found}`",
                        name.text
                    ),
                )
                .label("not a time")
                .and(declared, "declared here")
                .help("declare it as `Time`, or name another column"),
            );
            return None;
        }
        Some(index)
    }

    fn declare_param(&mut self, module: usize, param: &'a ast::Param) {
        let name = self.modules[module].qualify(param.name.as_str());
        if self.program.params.contains_key(&name) {
            return;
        }
        let ty = self.resolve_type(module, &param.ty);
        let mut default = None;
        if let Some(expr) = &param.default
            && !is_poisoned(&ty)
        {
            default = self.constant(module, expr, &ty);
        }
        let span = self.span(module, param.name.span);
        self.program
            .params
            .insert(name, Param { ty, default, span });
    }

    /// A column that a relation does not have.
    pub(super) fn unknown_column(
        &mut self,
        module: usize,
        name: &str,
        span: Span,
        relation: &str,
        known: &[&str],
    ) {
        let file = self.file(module);
        let diagnostic = Diagnostic::error(
            codes::UNKNOWN_COLUMN,
            file,
            span,
            format!("`{relation}` has no column `{name}`"),
        )
        .label("no such column");
        self.report(match nearest(name, known.iter().copied()) {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), span, near.to_owned()),
            None if known.is_empty() => diagnostic.help("it has no columns at all"),
            None => diagnostic.help(format!("its columns are `{}`", known.join("`, `"))),
        });
    }

    /// The name of an input's column outside: that of `@name("…")`, else its own.
    fn outside_name(&mut self, module: usize, column: &ast::Column) -> String {
        self.check_column_attributes(module, &column.attributes, true);
        let named = column
            .attributes
            .iter()
            .find(|attribute| attribute.name.as_str() == "name");
        match named.map(|attribute| attribute.arguments.as_slice()) {
            Some([argument]) => match &argument.value.kind {
                ExprKind::Literal(Literal::String(text)) => text.to_string(),
                _ => column.name.as_str().to_owned(),
            },
            _ => column.name.as_str().to_owned(),
        }
    }

    /// Reports attributes of a column that mean nothing there.
    pub(super) fn check_column_attributes(
        &mut self,
        module: usize,
        attributes: &[ast::Attribute],
        is_input: bool,
    ) {
        let file = self.file(module);
        for attribute in attributes {
            let name = attribute.name.as_str();
            if name != "name" || !is_input {
                let diagnostic = Diagnostic::error(
                    codes::UNKNOWN_ATTRIBUTE,
                    file,
                    attribute.span,
                    match name {
                        "name" => "only a column of an `input` has a name outside".to_owned(),
                        _ => format!("columns have no attribute `@{name}`"),
                    },
                )
                .label("means nothing here");
                self.report(diagnostic.help(match name {
                    "name" => "rename the column itself",
                    _ => "the one attribute of columns is `@name(\"…\")`, their name in the source",
                }));
                continue;
            }
            let is_right = matches!(
                attribute.arguments.as_slice(),
                [ast::Argument {
                    name: None,
                    value: ast::Expr {
                        kind: ExprKind::Literal(Literal::String(_)) | ExprKind::Error,
                        ..
                    },
                    ..
                }]
            );
            if !is_right {
                self.report(
                    Diagnostic::error(
                        codes::UNKNOWN_ATTRIBUTE,
                        file,
                        attribute.span,
                        "`@name` needs one string: the column's name in the source",
                    )
                    .label("needs a string")
                    .help("write `@name(\"date_time\")`, for example"),
                );
            }
        }
        if let [first, second, ..] = attributes
            && first.name.text == second.name.text
        {
            self.report(
                Diagnostic::error(
                    codes::DECLARED_TWICE,
                    file,
                    second.span,
                    format!("the attribute `@{}` stands twice", second.name.text),
                )
                .label("the second time")
                .and(first.span, "the first time")
                .help("remove one of them"),
            );
        }
    }

    /// Where a relation comes from, if it is an input.
    pub(super) fn source_of(&self, relation: &str) -> Option<&Source> {
        match &self.program.relations.get(relation)?.kind {
            RelationKind::Input(source) => Some(source),
            RelationKind::View | RelationKind::Live(_) => None,
        }
    }
}
