//! Every declaration of a program as data: name, kind, place, documentation, columns.

use std::collections::HashMap;

use sheaf_compiler::source::{FileId, Sources, Span};
use sheaf_compiler::syntax::Parsed;
use sheaf_compiler::syntax::ast::{Column, DocLine, Item, ItemKind, Name, Signature, Type};

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Its name; of a test, what it promises.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Which text.
    pub file: FileId,
    /// Its name in the text.
    pub name_span: Span,
    /// All of it.
    pub span: Span,
    /// How it is declared, on one line where that is possible.
    pub header: String,
    /// Its documentation, joined by line feeds.
    pub docs: String,
    /// Columns, fields, parameters or variants.
    pub parts: Vec<Part>,
    /// What stands after `->`.
    pub result: Option<String>,
    /// The service or agent that it stands in.
    pub container: Option<String>,
    /// Whether others may use it.
    pub is_public: bool,
}

impl Declaration {
    /// Whether rows of it can be read.
    pub fn is_relation(&self) -> bool {
        use Kind::*;
        matches!(
            self.kind,
            Input | View | Table | Event | Message | Request | Timer
        )
    }

    /// Whether it is called.
    pub fn is_function(&self) -> bool {
        matches!(self.kind, Kind::Function | Kind::Foreign)
    }

    /// `name(a: Int, b: String) -> Max<Int>`
    pub fn signature(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(Part::to_string).collect();
        let mut text = format!("{}({})", self.name, parts.join(", "));
        if let Some(result) = &self.result {
            text += &format!(" -> {result}");
        }
        text
    }
}

/// A column, field, parameter or variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its name in the text.
    pub span: Span,
    /// Its type, or the types of a variant; empty for a variant without.
    pub ty: String,
    /// Its documentation.
    pub docs: String,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is a word of the language")]
pub enum Kind {
    Input,
    View,
    Table,
    Event,
    Message,
    Request,
    Timer,
    Function,
    /// A function of an `extern` block, of the library's too.
    Foreign,
    Param,
    Record,
    Enum,
    Alias,
    Lattice,
    Service,
    Agent,
    Coordinate,
    Test,
    /// A column, field or parameter.
    Column,
    Variant,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Input => "input",
            Kind::View => "view",
            Kind::Table => "table",
            Kind::Event => "event",
            Kind::Message => "message",
            Kind::Request => "request",
            Kind::Timer => "timer",
            Kind::Function => "function",
            Kind::Foreign => "function",
            Kind::Param => "param",
            Kind::Record => "record",
            Kind::Enum => "enum",
            Kind::Alias => "type",
            Kind::Lattice => "lattice",
            Kind::Service => "service",
            Kind::Agent => "agent",
            Kind::Coordinate => "coordinate",
            Kind::Test => "test",
            Kind::Column => "column",
            Kind::Variant => "variant",
        }
    }
}

/// All declarations of some files.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    all: Vec<Declaration>,
    /// Places of names, of parts too: which declaration.
    by_place: HashMap<(FileId, Span), usize>,
}

impl Declarations {
    pub(crate) fn collect<'t>(
        trees: impl Iterator<Item = (FileId, &'t Parsed)>,
        sources: &Sources,
    ) -> Declarations {
        let mut found = Declarations::default();
        for (file, parsed) in trees {
            let text = sources.get(file).text();
            let mut collector = Collector {
                file,
                text,
                container: None,
                found: &mut found,
            };
            collector.items(&parsed.tree.items);
        }
        found
    }

    /// In the order of files and texts.
    pub(crate) fn all(&self) -> &[Declaration] {
        &self.all
    }

    /// The declaration whose name stands there.
    pub(crate) fn at(&self, file: FileId, name: Span) -> Option<&Declaration> {
        let found = &self.all[*self.by_place.get(&(file, name))?];
        (found.name_span == name).then_some(found)
    }

    /// The part of a declaration whose name stands there, with the declaration.
    pub(crate) fn part_at(&self, file: FileId, name: Span) -> Option<(&Declaration, &Part)> {
        let found = &self.all[*self.by_place.get(&(file, name))?];
        let part = found.parts.iter().find(|part| part.span == name)?;
        Some((found, part))
    }
}

struct Collector<'a> {
    file: FileId,
    text: &'a str,
    container: Option<String>,
    found: &'a mut Declarations,
}

impl Collector<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Input(input) => {
                self.relation(item, Kind::Input, &input.signature);
            }
            ItemKind::View(view) => self.relation(item, Kind::View, view),
            ItemKind::Table(table) => self.relation(item, Kind::Table, table),
            ItemKind::Event(event) => self.relation(item, Kind::Event, event),
            ItemKind::Message(message) => self.relation(item, Kind::Message, message),
            ItemKind::Request(request) => self.relation(item, Kind::Request, request),
            ItemKind::Function(function) => {
                let header = Span::new(item.span.start, function.body.span.start);
                let signature = &function.signature;
                self.signature(item, Kind::Function, signature, header);
            }
            ItemKind::Timer(timer) => self.plain(item, Kind::Timer, &timer.name, item.span),
            ItemKind::Param(param) => {
                self.plain(item, Kind::Param, &param.name, item.span);
                let ty = self.ty(&param.ty);
                if let Some(last) = self.found.all.last_mut() {
                    last.result = Some(ty);
                }
            }
            ItemKind::TypeAlias(alias) => self.plain(item, Kind::Alias, &alias.name, item.span),
            ItemKind::Record(record) => {
                let fields = self.columns(&record.fields);
                self.declare(item, Kind::Record, &record.name, item.span, fields, None);
            }
            ItemKind::Enum(declared) => {
                let variants = declared.variants.iter();
                let parts = variants
                    .map(|variant| Part {
                        name: variant.name.as_str().to_owned(),
                        span: variant.name.span,
                        ty: variant
                            .types
                            .iter()
                            .map(|ty| self.ty(ty))
                            .collect::<Vec<_>>()
                            .join(", "),
                        docs: docs(&variant.docs),
                    })
                    .collect();
                self.declare(item, Kind::Enum, &declared.name, item.span, parts, None);
            }
            ItemKind::Lattice(lattice) => {
                let header = Span::new(item.span.start, lattice.on.span.end);
                self.plain(item, Kind::Lattice, &lattice.name, header);
                self.inside(&lattice.name, &lattice.functions);
            }
            ItemKind::Extern(foreign) => {
                if let Some(alias) = &foreign.alias {
                    let header = Span::new(item.span.start, alias.span.end);
                    self.plain(item, Kind::Service, alias, header);
                }
                for member in &foreign.members {
                    let as_item = Item {
                        span: member.span,
                        docs: member.docs.clone(),
                        attributes: Vec::new(),
                        public: Some(member.span.before()),
                        kind: ItemKind::Error(None),
                    };
                    let kind = match member.is_request {
                        true => Kind::Request,
                        false => Kind::Foreign,
                    };
                    self.signature(&as_item, kind, &member.signature, member.span);
                }
            }
            ItemKind::Service(service) => {
                let header = Span::new(item.span.start, service.name.span.end);
                self.plain(item, Kind::Service, &service.name, header);
                self.inside(&service.name, &service.items);
            }
            ItemKind::Agent(agent) => {
                let end = agent
                    .key
                    .last()
                    .map_or(agent.name.span.end, |key| key.span.end + 1);
                let header = Span::new(item.span.start, end);
                let key = self.columns(&agent.key);
                self.declare(item, Kind::Agent, &agent.name, header, key, None);
                self.inside(&agent.name, &agent.items);
            }
            ItemKind::Coordinate(coordinate) => {
                let header = Span::new(item.span.start, coordinate.by.span.end);
                self.plain(item, Kind::Coordinate, &coordinate.name, header);
                self.items(&coordinate.items);
            }
            ItemKind::Test(test) => {
                let name = Name {
                    span: test.name.span,
                    text: test.name.value.clone(),
                };
                let header = Span::new(item.span.start, test.name.span.end);
                self.plain(item, Kind::Test, &name, header);
            }
            ItemKind::Use(_)
            | ItemKind::Output(_)
            | ItemKind::On(_)
            | ItemKind::Rule(_)
            | ItemKind::Error(_) => {}
        }
    }

    fn inside(&mut self, name: &Name, items: &[Item]) {
        let outer = self.container.replace(name.as_str().to_owned());
        self.items(items);
        self.container = outer;
    }

    fn relation(&mut self, item: &Item, kind: Kind, signature: &Signature) {
        self.signature(item, kind, signature, item.span);
    }

    fn signature(&mut self, item: &Item, kind: Kind, signature: &Signature, header: Span) {
        let columns = self.columns(&signature.columns);
        let result = signature.result.as_ref().map(|ty| self.ty(ty));
        self.declare(item, kind, &signature.name, header, columns, result);
    }

    fn plain(&mut self, item: &Item, kind: Kind, name: &Name, header: Span) {
        self.declare(item, kind, name, header, Vec::new(), None);
    }

    fn declare(
        &mut self,
        item: &Item,
        kind: Kind,
        name: &Name,
        header: Span,
        parts: Vec<Part>,
        result: Option<String>,
    ) {
        let index = self.found.all.len();
        for span in parts.iter().map(|part| part.span).chain([name.span]) {
            self.found.by_place.insert((self.file, span), index);
        }
        self.found.all.push(Declaration {
            name: name.as_str().to_owned(),
            kind,
            file: self.file,
            name_span: name.span,
            span: item.span,
            header: header
                .of(self.text)
                .trim_end()
                .trim_end_matches(';')
                .to_owned(),
            docs: docs(&item.docs),
            parts,
            result,
            container: self.container.clone(),
            is_public: item.public.is_some(),
        });
    }

    fn columns(&self, columns: &[Column]) -> Vec<Part> {
        columns
            .iter()
            .map(|column| Part {
                name: column.name.as_str().to_owned(),
                span: column.name.span,
                ty: self.ty(&column.ty),
                docs: docs(&column.docs),
            })
            .collect()
    }

    fn ty(&self, ty: &Type) -> String {
        ty.span.of(self.text).to_owned()
    }
}

/// Lines of documentation as one text.
pub(crate) fn docs(lines: &[DocLine]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    lines.join("\n")
}
