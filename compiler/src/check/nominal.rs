//! Records and enums: their definitions, and that their values are finite.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sheaf_ir::{Nominal, Type};

use super::Checker;
use super::generic::TemplateItem;
use super::names::Def;
use super::strata::{Graph, components};
use super::types::short_name;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, ItemKind, Name};

impl Checker<'_> {
    /// Gives aliases, records and enums their meaning.
    pub(super) fn declare_types(&mut self) {
        self.resolve_aliases();
        let mut places = BTreeMap::new();
        for module in 0..self.modules.len() {
            for item in self.items(module) {
                match &item.kind {
                    ItemKind::Record(record) if record.generics.is_empty() => {
                        self.declare_record(module, record, &mut places);
                    }
                    ItemKind::Enum(item) if item.generics.is_empty() => {
                        self.declare_enum(module, item, &mut places);
                    }
                    _ => {}
                }
            }
        }
        self.declare_templates(&mut places);
        self.refuse_endless(&places);
    }

    /// Checks every generic type at its own type parameters.
    fn declare_templates(&mut self, places: &mut BTreeMap<String, (FileId, Span)>) {
        for index in 0..self.templates.len() {
            let template = &self.templates[index];
            let (module, name, item) = (template.module, template.name.clone(), template.item);
            let (generics, declared) = (template.generics(), template.declared());
            let bindings = self.rigid_types(module, generics, &name);
            match item {
                TemplateItem::Alias(alias) => {
                    self.with_types(bindings, |checker| checker.resolve_type(module, &alias.ty));
                    continue;
                }
                TemplateItem::Record(record) => {
                    let names = record.fields.iter().map(|field| &field.name);
                    self.refuse_doubles(module, names, "field");
                    for field in &record.fields {
                        self.check_column_attributes(module, &field.attributes, false);
                    }
                }
                TemplateItem::Enum(item) => {
                    let names = item.variants.iter().map(|variant| &variant.name);
                    self.refuse_doubles(module, names, "variant");
                    if item.variants.is_empty() {
                        self.refuse_empty(module, &item.name);
                    }
                }
            }
            if let Some(copy) = self.rigid_copy(index) {
                places.insert(copy, (self.file(module), declared.span));
            }
        }
    }

    fn declare_record(
        &mut self,
        module: usize,
        record: &ast::Record,
        places: &mut BTreeMap<String, (FileId, Span)>,
    ) {
        let name = self.modules[module].qualify(record.name.as_str());
        if self.types.contains_key(&name) {
            return;
        }
        let names = record.fields.iter().map(|field| &field.name);
        self.refuse_doubles(module, names, "field");
        let fields = self.fields(module, &record.fields);
        for field in &record.fields {
            self.check_column_attributes(module, &field.attributes, false);
        }
        places.insert(name.clone(), (self.file(module), record.name.span));
        self.types.insert(name, Nominal::Record(fields));
    }

    fn declare_enum(
        &mut self,
        module: usize,
        item: &ast::Enum,
        places: &mut BTreeMap<String, (FileId, Span)>,
    ) {
        let name = self.modules[module].qualify(item.name.as_str());
        if self.types.contains_key(&name) {
            return;
        }
        let names = item.variants.iter().map(|variant| &variant.name);
        self.refuse_doubles(module, names, "variant");
        let variants = self.variants(module, item);
        let place = (self.file(module), item.name.span);
        if variants.is_empty() {
            self.refuse_empty(module, &item.name);
        }
        places.insert(name.clone(), place);
        self.types.insert(name, Nominal::Enum(variants));
    }

    fn refuse_empty(&mut self, module: usize, name: &Name) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::ENDLESS_TYPE,
                file,
                name.span,
                format!(
                    "the enum `{}` has no variant, so it has no value",
                    name.text
                ),
            )
            .label("no variant")
            .help("list its variants: `enum Shape { Point, Circle(Float) }`"),
        );
    }

    /// Reports names that stand twice in one list.
    pub(super) fn refuse_doubles<'n>(
        &mut self,
        module: usize,
        names: impl Iterator<Item = &'n Name>,
        what: &str,
    ) {
        let mut first: BTreeMap<&str, Span> = BTreeMap::new();
        let file = self.file(module);
        for name in names {
            let Some(earlier) = first.get(name.as_str()) else {
                first.insert(name.as_str(), name.span);
                continue;
            };
            self.report(
                Diagnostic::error(
                    codes::DECLARED_TWICE,
                    file,
                    name.span,
                    format!("the {what} `{}` is declared twice", name.text),
                )
                .label("the second time")
                .and(*earlier, "the first time")
                .help("rename or remove one of them"),
            );
        }
    }

    /// Refuses types whose values would hold values of the same type without end.
    fn refuse_endless(&mut self, places: &BTreeMap<String, (FileId, Span)>) {
        let mut reported: BTreeSet<String> = BTreeSet::new();
        for name in self.circular_types() {
            if reported.contains(&name) {
                continue;
            }
            let Some(path) = self.holds_itself(&name) else {
                continue;
            };
            reported.insert(name.clone());
            reported.extend(path.iter().cloned());
            let Some((file, span)) = places.get(&name) else {
                continue;
            };
            let short = |name: &String| short_name(name);
            let through: Vec<String> = path.iter().map(short).collect();
            let message = match through.as_slice() {
                [] => format!("a value of `{}` would hold another one of it", short(&name)),
                _ => format!(
                    "a value of `{}` would hold another one of it, through `{}`",
                    short(&name),
                    through.join("`, `")
                ),
            };
            self.report(
                Diagnostic::error(codes::ENDLESS_TYPE, *file, *span, message)
                    .label("holds itself")
                    .note("Values are finite trees that are stored and compared whole.")
                    .help(
                        "put a `List`, `Set`, `Map` or `Option` between, or refer to it by a key",
                    ),
            );
        }
        for name in reported {
            // Its values cannot be made; nobody shall complain about their parts.
            self.types.remove(&name);
            for scope in &mut self.scopes {
                for entry in scope.types.values_mut() {
                    if entry.def == Def::Nominal(name.clone()) {
                        entry.def = Def::Silent;
                    }
                }
            }
        }
    }

    /// Types that are part of themselves, perhaps through others, ascending.
    fn circular_types(&self) -> Vec<String> {
        let names: Vec<&str> = self.types.keys().map(String::as_str).collect();
        let number: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let parts = |nominal| {
            let parts = parts_of(nominal).into_iter();
            parts.filter_map(|part| number.get(part).copied()).collect()
        };
        let graph: Graph = self.types.values().map(parts).collect();
        let components = components(&graph);
        let mut sizes = vec![0; names.len()];
        for &of in &components {
            sizes[of] += 1;
        }
        let is_circular =
            |node: &usize| sizes[components[*node]] > 1 || graph[*node].contains(node);
        let circular = (0..names.len()).filter(is_circular);
        circular.map(|node| names[node].to_owned()).collect()
    }

    /// Through which types a value of `start` holds another one of it, without a container between.
    fn holds_itself(&self, start: &str) -> Option<Vec<String>> {
        let mut holder: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = vec![start];
        while let Some(name) = queue.pop() {
            let Some(nominal) = self.types.get(name) else {
                continue;
            };
            for part in parts_of(nominal) {
                if part == start {
                    let mut path = Vec::new();
                    let mut at = name;
                    while at != start {
                        path.push(at.to_owned());
                        at = holder.get(at).copied().unwrap_or(start);
                    }
                    path.reverse();
                    return Some(path);
                }
                if !holder.contains_key(part) {
                    holder.insert(part, name);
                    queue.push(part);
                }
            }
        }
        None
    }
}

/// The types of which each value of a type holds one, or may: not those within containers.
fn parts_of(nominal: &Nominal) -> BTreeSet<&str> {
    let mut parts: Vec<&Type> = match nominal {
        Nominal::Record(fields) => fields.iter().map(|(_, ty)| ty).collect(),
        Nominal::Enum(variants) => variants.iter().flat_map(|(_, types)| types).collect(),
    };
    let mut names = BTreeSet::new();
    while let Some(part) = parts.pop() {
        match part {
            Type::Tuple(inner) => parts.extend(inner),
            Type::Named(name) => {
                names.insert(name.as_str());
            }
            _ => {}
        }
    }
    names
}
