//! The items of a program: its head, types, parameters and nodes; functions and lattices have a file
//! of their own.

use std::collections::BTreeMap;

use crate::graph::{Param, Port};
use crate::nesting::variables;
use crate::{Collection, Label, Multiplicity, Node, NodeId, Nominal, Operator, Program, Type};

use super::VERSION;
use super::lexer::Token;
use super::operators::NodeHead;
use super::parser::{Parsed, Parser};
use super::print::default_port;

/// A program whose nodes name their inputs.
#[derive(Default)]
pub(super) struct Draft {
    pub program: Program,
    /// The columns of each node; of nodes of one name, those of the first.
    columns: BTreeMap<String, Vec<(String, Type)>>,
    inputs: Vec<(NodeId, Vec<(u32, String)>)>,
    /// Fixpoints that do not list their variables: those are all that name them.
    unlisted: Vec<NodeId>,
}

impl Draft {
    fn list_variables(&mut self) {
        let named = variables(&self.program);
        let own = |id: &NodeId| {
            let own = named.get(self.program.graph[*id].name.as_str());
            own.into_iter()
                .flatten()
                .map(|name| name.to_string())
                .collect()
        };
        let lists: Vec<Vec<String>> = self.unlisted.iter().map(own).collect();
        for (id, list) in std::mem::take(&mut self.unlisted).into_iter().zip(lists) {
            if let Operator::Fixpoint { variables, .. } = &mut self.program.graph[id].operator {
                *variables = list;
            }
        }
    }

    /// The program with its edges. A name stands for the first node that has it.
    pub fn into_program(self) -> Program {
        let mut program = self.program;
        let mut by_name: BTreeMap<String, NodeId> = BTreeMap::new();
        for id in program.graph.node_indices() {
            by_name.entry(program.graph[id].name.clone()).or_insert(id);
        }
        for (to, inputs) in self.inputs {
            for (port, name) in inputs {
                if let Some(from) = by_name.get(&name) {
                    program.graph.add_edge(*from, to, Port(port));
                }
            }
        }
        program
    }
}

impl<'a> Parser<'a> {
    /// A whole text.
    pub(super) fn program(mut self) -> Parsed<Draft> {
        let mut draft = Draft::default();
        self.keyword("sheaf")?;
        self.punct('-')?;
        self.keyword("ir")?;
        if *self.peek() != Token::Number(&VERSION.to_string()) {
            return self.error(&format!("version {VERSION} of the text form"));
        }
        self.advance();
        self.keyword("program")?;
        draft.program.name = self.text("the name of the program in quotes")?;
        while *self.peek() != Token::End {
            self.item(&mut draft, None)?;
        }
        draft.list_variables();
        Ok(draft)
    }

    fn item(&mut self, draft: &mut Draft, fixpoint: Option<&str>) -> Parsed<()> {
        let start = self.place();
        let Token::Word(keyword) = self.peek() else {
            return self.error("`file`, `record`, `enum`, `fn`, `lattice`, `param` or an operator");
        };
        self.advance();
        match (*keyword, fixpoint) {
            ("file", None) => {
                let index: usize = self.whole("the number of a file")?;
                if index != draft.program.files.len() {
                    return self.error_at(start, "files numbered from 0 without gaps");
                }
                let file = self.text("the path of a file in quotes")?;
                draft.program.files.push(file);
                Ok(())
            }
            ("record", None) => {
                let name = self.new_type(draft)?;
                self.punct('{')?;
                let (fields, _) = self.list('}', |p| {
                    let field = p.word("the name of a field")?;
                    p.punct(':')?;
                    Ok((field, p.ty()?))
                })?;
                draft.program.types.insert(name, Nominal::Record(fields));
                Ok(())
            }
            ("enum", None) => {
                let name = self.new_type(draft)?;
                self.punct('{')?;
                let (variants, _) = self.list('}', |p| {
                    let variant = p.word("the name of a variant")?;
                    let payload = if p.take_punct('(') {
                        p.list(')', Self::ty)?.0
                    } else {
                        Vec::new()
                    };
                    Ok((variant, payload))
                })?;
                draft.program.types.insert(name, Nominal::Enum(variants));
                Ok(())
            }
            ("fn", None) => self.function_definition(draft),
            ("lattice", None) => self.lattice(draft),
            ("param", None) => self.param(draft),
            _ => match Self::bare_operator(keyword) {
                Some(operator) => self.node(operator, draft, fixpoint),
                None if fixpoint.is_some() => self.error_at(start, "an operator or `}`"),
                None => self.error_at(
                    start,
                    "`file`, `record`, `enum`, `fn`, `lattice`, `param` or an operator",
                ),
            },
        }
    }

    fn new_type(&mut self, draft: &Draft) -> Parsed<String> {
        let start = self.place();
        let name = self.type_name()?;
        if draft.program.types.contains_key(&name) {
            return self.error_at(start, "a type that is not defined yet");
        }
        Ok(name)
    }

    fn param(&mut self, draft: &mut Draft) -> Parsed<()> {
        let start = self.place();
        let name = self.word("the name of a parameter")?;
        self.punct(':')?;
        let ty = self.ty()?;
        let default = if self.take_punct('=') {
            Some(self.value()?)
        } else {
            None
        };
        let span = self.span().unwrap_or_default();
        let param = Param { ty, default, span };
        match draft.program.params.insert(name, param) {
            None => Ok(()),
            Some(_) => self.error_at(start, "a parameter that is not declared yet"),
        }
    }

    fn node(
        &mut self,
        mut operator: Operator,
        draft: &mut Draft,
        fixpoint: Option<&str>,
    ) -> Parsed<()> {
        let name = self.name()?;
        let span = self.span().unwrap_or_default();
        let is_fixpoint = matches!(operator, Operator::Fixpoint { .. });
        let output = if is_fixpoint && !self.is_punct('(') {
            Collection::nothing()
        } else {
            self.collection()?
        };
        let fixpoint = if self.take_word("in") {
            Some(self.name()?)
        } else {
            fixpoint.map(str::to_string)
        };
        let inputs = self.inputs(&operator)?;
        let columns_of = |port: u32| -> &[(String, Type)] {
            let first = inputs
                .iter()
                .filter(|(at, _)| *at == port)
                .map(|(_, name)| name)
                .min();
            self.heads
                .zip(first)
                .and_then(|(heads, name)| heads.columns.get(name))
                .map_or(&[], Vec::as_slice)
        };
        let head = NodeHead {
            name: &name,
            span,
            columns: &output.columns,
            left: columns_of(0),
            right: columns_of(1),
        };
        self.clauses(&mut operator, &head)?;
        draft
            .columns
            .entry(name.clone())
            .or_insert_with(|| output.columns.clone());
        let id = draft.program.add(Node {
            name,
            operator,
            output,
            fixpoint,
            span,
        });
        draft.inputs.push((id, inputs));
        if is_fixpoint {
            self.nested(|p| p.fixpoint(id, draft))?;
        }
        Ok(())
    }

    /// ` (columns) set closed key(…)`.
    fn collection(&mut self) -> Parsed<Collection> {
        self.punct('(')?;
        let (columns, _) = self.list(')', |p| {
            let name = p.word("the name of a column")?;
            p.punct(':')?;
            Ok((name, p.ty()?))
        })?;
        let multiplicity = if self.take_word("set") {
            Multiplicity::Set
        } else if self.take_word("bag") {
            Multiplicity::Bag
        } else {
            return self.error("`set` or `bag`");
        };
        let label = if self.take_word("closed") {
            Label::Closed
        } else if self.take_word("growing") {
            Label::Growing
        } else if self.take_word("changing") {
            Label::Changing
        } else {
            return self.error("`closed`, `growing` or `changing`");
        };
        let mut keys = Vec::new();
        while self.take_word("key") {
            self.punct('(')?;
            keys.push(self.list(')', |p| p.column_of(&columns))?.0);
        }
        Ok(Collection {
            columns,
            multiplicity,
            label,
            keys,
        })
    }

    fn inputs(&mut self, operator: &Operator) -> Parsed<Vec<(u32, String)>> {
        if !self.take_punct('=') {
            return Ok(Vec::new());
        }
        let mut index = 0;
        self.many(|p| {
            let mut port = default_port(operator, index);
            index += 1;
            if matches!(p.peek(), Token::Number(_)) {
                port = p.whole("the number of a port")?;
                p.punct(':')?;
            }
            let start = p.place();
            let name = p.name()?;
            match p.heads {
                Some(heads) if !heads.columns.contains_key(&name) => {
                    p.error_at(start, "the name of a node that exists")
                }
                _ => Ok((port, name)),
            }
        })
    }

    fn fixpoint(&mut self, id: NodeId, draft: &mut Draft) -> Parsed<()> {
        self.keyword("limit")?;
        let rounds = self.whole("a number of rounds")?;
        let listed = if self.take_word("variables") {
            self.punct('[')?;
            Some(self.list(']', Self::name)?.0)
        } else {
            None
        };
        self.punct('{')?;
        let name = draft.program.graph[id].name.clone();
        while !self.take_punct('}') {
            if *self.peek() == Token::End {
                return self.error("`}`");
            }
            self.item(draft, Some(&name))?;
        }
        if listed.is_none() {
            draft.unlisted.push(id);
        }
        draft.program.graph[id].operator = Operator::Fixpoint {
            limit: rounds,
            variables: listed.unwrap_or_default(),
        };
        Ok(())
    }
}
