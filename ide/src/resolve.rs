//! What every name in a file stands for.
//!
//! Names of declarations are looked up in what the checker found; variables are matched here, by the
//! scopes of rules, comprehensions and functions. Where a rule is wrong, its variables still have scopes.

use std::collections::HashMap;

use sheaf_compiler::check::ModuleNames;
use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::ast::*;

use crate::names::{Names, Target};
use crate::program::Program;

/// A name and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Where it is written.
    pub span: Span,
    /// The file of the declaration.
    pub file: FileId,
    /// The name in the declaration; of a variable, the place that binds it; of a module, the start of
    /// its file.
    pub declared: Span,
    /// What the name does here.
    pub role: Role,
    /// It names a column or field and a variable at once, as in `plane(type: t, model)`.
    pub is_shorthand: bool,
}

/// What a name does where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is declared, or bound by a column.
    Declares,
    /// It is bound by `let`, `in` or `match`.
    Binds,
    /// Rows of it are made: the head of a rule, the target of an effect.
    Writes,
    /// It is read.
    Reads,
}

/// All names of a file that stand for something, in the order of the text.
pub(crate) fn resolve(program: &Program, file: FileId) -> Vec<Occurrence> {
    let names = Names::new(program, file);
    let (Some(parsed), Some(module)) = (program.tree(file), names.of_file(file)) else {
        return Vec::new();
    };
    let mut walker = Walker {
        names: &names,
        file,
        module,
        scopes: Vec::new(),
        found: Vec::new(),
        binding: Role::Declares,
    };
    walker.items(&parsed.tree.items);
    let mut found = walker.found;
    found.sort_by_key(|occurrence| (occurrence.span, occurrence.is_shorthand, occurrence.role));
    found.dedup_by_key(|occurrence| (occurrence.span, occurrence.file, occurrence.declared));
    found
}

struct Walker<'n, 'p> {
    names: &'n Names<'p>,
    file: FileId,
    module: &'p ModuleNames,
    /// Variables with the places that bind them, innermost scope last.
    scopes: Vec<HashMap<String, Span>>,
    found: Vec<Occurrence>,
    /// What the names of a pattern do that it binds.
    binding: Role,
}

impl<'p> Walker<'_, 'p> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        for attribute in &item.attributes {
            self.attribute(attribute);
        }
        match &item.kind {
            ItemKind::Use(used) => self.used(used),
            ItemKind::TypeAlias(alias) => {
                self.declares(&alias.name);
                self.ty(&alias.ty);
            }
            ItemKind::Record(record) => {
                self.declares(&record.name);
                self.columns(&record.fields);
            }
            ItemKind::Enum(declared) => {
                self.declares(&declared.name);
                for variant in &declared.variants {
                    self.declares(&variant.name);
                    self.types(&variant.types);
                }
            }
            ItemKind::Function(function) => {
                self.signature(&function.signature);
                let mut scope = HashMap::new();
                for column in &function.signature.columns {
                    scope.insert(column.name.as_str().to_owned(), column.name.span);
                }
                self.scopes.push(scope);
                self.block(&function.body);
                self.scopes.pop();
            }
            ItemKind::Lattice(lattice) => {
                self.declares(&lattice.name);
                self.ty(&lattice.on);
                for function in &lattice.functions {
                    self.item(function);
                }
            }
            ItemKind::Input(input) => {
                self.signature(&input.signature);
                self.connector(&input.source);
                if let Some(late) = &input.late {
                    self.expr(&late.bound);
                    let column = late.column.as_str();
                    let columns = &input.signature.columns;
                    if let Some(column) = columns.iter().find(|known| known.name.as_str() == column)
                    {
                        let target = (self.file, column.name.span);
                        self.reads(late.column.span, target);
                    }
                }
            }
            ItemKind::Param(param) => {
                self.declares(&param.name);
                self.ty(&param.ty);
                self.optional(param.default.as_ref());
            }
            ItemKind::View(signature)
            | ItemKind::Table(signature)
            | ItemKind::Event(signature)
            | ItemKind::Message(signature)
            | ItemKind::Request(signature) => self.signature(signature),
            ItemKind::Output(output) => {
                self.callable_path(
                    &output.relation.names.iter().collect::<Vec<_>>(),
                    Role::Reads,
                );
                self.connector(&output.sink);
            }
            ItemKind::Extern(foreign) => {
                if let Some(alias) = &foreign.alias {
                    self.declares(alias);
                }
                for member in &foreign.members {
                    self.signature(&member.signature);
                }
            }
            ItemKind::Timer(timer) => {
                self.declares(&timer.name);
                self.expr(&timer.every);
            }
            ItemKind::Service(service) => {
                self.declares(&service.name);
                self.inside(&service.name, HashMap::new(), &service.items);
            }
            ItemKind::Agent(agent) => {
                self.declares(&agent.name);
                self.columns(&agent.key);
                let keys = agent.key.iter();
                let keys = keys.map(|key| (key.name.as_str().to_owned(), key.name.span));
                self.inside(&agent.name, keys.collect(), &agent.items);
            }
            ItemKind::Coordinate(coordinate) => {
                self.declares(&coordinate.name);
                self.items(&coordinate.items);
            }
            ItemKind::On(on) => self.on(on),
            ItemKind::Rule(rule) => self.rule(rule),
            ItemKind::Test(test) => {
                self.scopes.push(HashMap::new());
                for statement in &test.statements {
                    self.test_statement(statement);
                }
                self.scopes.pop();
            }
            ItemKind::Error(_) => {}
        }
    }

    /// The items of a service, which knows more names.
    fn inside(&mut self, name: &Name, scope: HashMap<String, Span>, items: &[Item]) {
        let inner = self.names.of_service(self.file, name.span);
        let outer = self.module;
        self.module = inner.unwrap_or(outer);
        self.scopes.push(scope);
        self.items(items);
        self.scopes.pop();
        self.module = outer;
    }

    fn attribute(&mut self, attribute: &Attribute) {
        for argument in &attribute.arguments {
            self.expr(&argument.value);
        }
    }

    fn used(&mut self, used: &Use) {
        let path: Vec<&str> = used.module.iter().map(Name::as_str).collect();
        let path = path.join(".");
        let modules = &self.names.program.survey().modules;
        let leads = modules
            .iter()
            .find(|module| module.path == path && module.service.is_none());
        if let (Some(module), Some(last)) = (leads.filter(|_| !path.is_empty()), used.module.last())
        {
            self.reads(last.span, (module.file, Span::default()));
        }
        for name in &used.names {
            let here = name.alias.as_ref().unwrap_or(&name.name);
            let module = self.module;
            let spaces = [
                &module.callables,
                &module.params,
                &module.types,
                &module.modules,
            ];
            let named = spaces
                .into_iter()
                .find_map(|space| space.get(here.as_str()));
            if let Some(named) = named.filter(|named| named.is_used) {
                self.reads(name.name.span, named.declared);
                if let Some(alias) = &name.alias {
                    self.reads(alias.span, named.declared);
                }
            }
        }
    }

    fn signature(&mut self, signature: &Signature) {
        self.declares(&signature.name);
        self.columns(&signature.columns);
        if let Some(result) = &signature.result {
            self.ty(result);
        }
    }

    fn columns(&mut self, columns: &[Column]) {
        for column in columns {
            self.declares(&column.name);
            self.ty(&column.ty);
        }
    }

    fn types(&mut self, types: &[Type]) {
        for ty in types {
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Named {
                path,
                generics,
                arguments,
            } => {
                self.type_path(&path.names);
                self.types(generics);
                for argument in arguments {
                    self.expr(argument);
                }
            }
            TypeKind::Tuple(parts) => self.types(parts),
            TypeKind::Error => {}
        }
    }

    /// `Line`, `shop.Line`, `Cart.Line`
    fn type_path(&mut self, names: &[Name]) -> Option<Target> {
        let (last, before) = names.split_last()?;
        let module = self.leading(before)?;
        let target = module.types.get(last.as_str())?.declared;
        self.reads(last.span, target);
        Some(target)
    }

    /// The module that names before the last one lead to; those names are noted.
    fn leading(&mut self, before: &[Name]) -> Option<&'p ModuleNames> {
        let names: Vec<&Name> = before.iter().collect();
        self.leading_names(&names)
    }

    fn leading_names(&mut self, before: &[&Name]) -> Option<&'p ModuleNames> {
        let Some((last, _)) = before.split_last() else {
            return Some(self.module);
        };
        let module = self.names.path(self.module, before)?;
        self.reads(last.span, (module.file, module.service.unwrap_or_default()));
        Some(module)
    }

    /// A relation or function by its path.
    fn callable_path(&mut self, names: &[&Name], role: Role) -> Option<Target> {
        let (last, before) = names.split_last()?;
        let module = self.leading_names(before)?;
        let target = self.names.callable(module, last.as_str())?;
        self.note(last.span, target, role);
        Some(target)
    }

    fn connector(&mut self, connector: &Connector) {
        for argument in &connector.arguments {
            self.expr(&argument.value);
        }
    }

    // Rules

    fn rule(&mut self, rule: &Rule) {
        let mut scope = HashMap::new();
        self.bind_conditions(&rule.conditions, &mut scope);
        self.scopes.push(scope);
        self.effect(&rule.effect);
        self.conditions(&rule.conditions);
        self.scopes.pop();
    }

    fn effect(&mut self, effect: &Effect) {
        match &effect.kind {
            EffectKind::Derive(head) | EffectKind::Merge(head) => self.head(head, Role::Writes),
            EffectKind::Remove(atom) | EffectKind::Seal(atom) => self.atom(atom, Role::Writes),
            EffectKind::Send { message, to } => {
                let to = match &to.kind {
                    ExprKind::Call { function, .. } => Some(function),
                    ExprKind::Name(name) => Some(name),
                    _ => None,
                }
                .and_then(|name| self.names.path(self.module, &[name]));
                self.head_in(message, Role::Writes, to);
                if let EffectKind::Send { to, .. } = &effect.kind {
                    self.expr(to);
                }
            }
            EffectKind::Schedule { event, after } => {
                self.head(event, Role::Writes);
                self.expr(after);
            }
            EffectKind::Reply(value) => self.expr(value),
            EffectKind::Error => {}
        }
    }

    fn head(&mut self, head: &Head, role: Role) {
        self.head_in(head, role, None);
    }

    fn head_in(&mut self, head: &Head, role: Role, other: Option<&'p ModuleNames>) {
        let target = match (&head.receiver, other) {
            (Some(receiver), _) => self.in_receiver(receiver, &head.name, role),
            (None, Some(other)) => {
                let target = self.names.callable(other, head.name.as_str());
                let target =
                    target.or_else(|| self.names.callable(self.module, head.name.as_str()));
                self.note_some(head.name.span, target, role)
            }
            (None, None) => self.callable_path(&[&head.name], role),
        };
        for argument in &head.arguments {
            self.argument_name(argument.name.as_ref(), target, argument.value.span);
            self.expr(&argument.value);
        }
        self.optional(head.value.as_ref());
    }

    /// What a name stands for behind a module, a service or an agent's instance.
    fn in_receiver(&mut self, receiver: &Expr, name: &Name, role: Role) -> Option<Target> {
        if let ExprKind::Call {
            function,
            arguments,
        } = &receiver.kind
        {
            self.arguments(arguments, None);
            return self.callable_path(&[function, name], role);
        }
        let mut path = path_of(receiver)?;
        path.push(name);
        self.callable_path(&path, role)
    }

    /// The name of a named argument.
    fn argument_name(&mut self, name: Option<&Name>, of: Option<Target>, value: Span) {
        let Some(name) = name else { return };
        let part = of.and_then(|of| self.names.part(of, name.as_str()));
        if let Some((file, declared)) = part {
            self.found.push(Occurrence {
                span: name.span,
                file,
                declared,
                role: Role::Reads,
                is_shorthand: name.span == value,
            });
        }
    }

    fn conditions(&mut self, conditions: &[Condition]) {
        for condition in conditions {
            self.condition(condition);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match &condition.kind {
            ConditionKind::Atom { atom, .. } => self.atom(atom, Role::Reads),
            ConditionKind::In {
                pattern,
                collection,
                ..
            } => {
                self.binds(pattern);
                self.expr(collection);
            }
            ConditionKind::Let { pattern, value } => {
                self.binds(pattern);
                self.expr(value);
            }
            ConditionKind::Test(test) => self.expr(test),
            ConditionKind::Error => {}
        }
    }

    fn atom(&mut self, atom: &Atom, role: Role) {
        let target = match &atom.receiver {
            Some(receiver) => self.in_receiver(receiver, &atom.name, role),
            None => self.callable_path(&[&atom.name], role),
        };
        for argument in &atom.arguments {
            self.argument_name(argument.name.as_ref(), target, argument.value.span);
            self.pattern(&argument.value);
        }
        if let Some(value) = &atom.value {
            self.pattern(value);
        }
    }

    /// A pattern that is not a column.
    fn binds(&mut self, pattern: &Pattern) {
        let outer = std::mem::replace(&mut self.binding, Role::Binds);
        self.pattern(pattern);
        self.binding = outer;
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Name(name) => self.variable(name),
            PatternKind::Tuple(parts) => {
                for part in parts {
                    self.pattern(part);
                }
            }
            PatternKind::Constructor { path, arguments } => {
                self.constructor(&path.names.iter().collect::<Vec<_>>());
                for argument in arguments {
                    self.pattern(argument);
                }
            }
            PatternKind::Record { path, fields, .. } => {
                let target = self.constructor(&path.names.iter().collect::<Vec<_>>());
                for field in fields {
                    self.argument_name(Some(&field.name), target, field.pattern.span);
                    self.pattern(&field.pattern);
                }
            }
            PatternKind::Expr(expr) => self.expr(expr),
            PatternKind::Wildcard | PatternKind::Literal(_) | PatternKind::Error => {}
        }
    }

    /// A record, an enum, or a variant of one.
    fn constructor(&mut self, path: &[&Name]) -> Option<Target> {
        let (last, before) = path.split_last()?;
        if let Some((of, before)) = before.split_last().filter(|(of, _)| of.is_upper())
            && let Some(module) = self.leading_names(before)
            && let Some(named) = module.types.get(of.as_str())
        {
            self.reads(of.span, named.declared);
            let variant = self.names.part(named.declared, last.as_str());
            return self.note_some(last.span, variant, Role::Reads);
        }
        let module = self.leading_names(before)?;
        let target = module.types.get(last.as_str())?.declared;
        self.reads(last.span, target);
        Some(target)
    }

    // Scopes

    fn is_visible(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains_key(name))
    }

    /// Enters the names that conditions bind and that nothing around them does.
    fn bind_conditions(&self, conditions: &[Condition], scope: &mut HashMap<String, Span>) {
        for condition in conditions {
            match &condition.kind {
                ConditionKind::Atom { atom, .. } => self.bind_atom(atom, scope),
                ConditionKind::In { pattern, .. } | ConditionKind::Let { pattern, .. } => {
                    self.bind(pattern, scope);
                }
                ConditionKind::Test(_) | ConditionKind::Error => {}
            }
        }
    }

    fn bind_atom(&self, atom: &Atom, scope: &mut HashMap<String, Span>) {
        let arguments = atom.arguments.iter().map(|argument| &argument.value);
        for pattern in arguments.chain(&atom.value) {
            self.bind(pattern, scope);
        }
    }

    fn bind(&self, pattern: &Pattern, scope: &mut HashMap<String, Span>) {
        match &pattern.kind {
            PatternKind::Name(name) => {
                let text = name.as_str();
                if !self.is_visible(text) && !self.module.params.contains_key(text) {
                    scope.entry(text.to_owned()).or_insert(name.span);
                }
            }
            PatternKind::Tuple(parts)
            | PatternKind::Constructor {
                arguments: parts, ..
            } => {
                for part in parts {
                    self.bind(part, scope);
                }
            }
            PatternKind::Record { fields, .. } => {
                for field in fields {
                    self.bind(&field.pattern, scope);
                }
            }
            PatternKind::Wildcard
            | PatternKind::Literal(_)
            | PatternKind::Expr(_)
            | PatternKind::Error => {}
        }
    }

    /// A variable or param.
    fn variable(&mut self, name: &Name) {
        let text = name.as_str();
        let bound = self.scopes.iter().rev().find_map(|scope| scope.get(text));
        if let Some(&declared) = bound {
            let role = match declared == name.span {
                true => self.binding,
                false => Role::Reads,
            };
            return self.note(name.span, (self.file, declared), role);
        }
        if let Some(named) = self.module.params.get(text) {
            return self.reads(name.span, named.declared);
        }
        // Nothing binds it: it stands for itself, so that its other uses are found.
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(text.to_owned(), name.span);
            self.note(name.span, (self.file, name.span), Role::Declares);
        }
    }

    // Expressions

    fn optional(&mut self, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Wildcard | ExprKind::Error => {}
            ExprKind::Name(name) => match name.is_upper() {
                true => {
                    self.constructor(&[name]);
                }
                false => self.variable(name),
            },
            ExprKind::Call {
                function,
                arguments,
            } => {
                let target = match function.is_upper() {
                    true => self.constructor(&[function]),
                    false => self.callable_path(&[function], Role::Reads),
                };
                self.arguments(arguments, target);
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
            } => {
                let target = self.member(receiver, name, true);
                self.arguments(arguments, target);
            }
            ExprKind::Field { receiver, name } => {
                self.member(receiver, name, false);
            }
            ExprKind::Record { path, fields, .. } => {
                let target = self.constructor(&path.names.iter().collect::<Vec<_>>());
                for field in fields {
                    self.argument_name(Some(&field.name), target, field.value.span);
                    self.expr(&field.value);
                }
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                for part in parts {
                    self.expr(part);
                }
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::ListOf(comprehension) | ExprKind::SetOf(comprehension) => {
                self.comprehension(comprehension, None);
            }
            ExprKind::MapOf { key, value } => self.comprehension(value, Some(key)),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.block(then);
                self.block(otherwise);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                for arm in arms {
                    let mut scope = HashMap::new();
                    self.bind(&arm.pattern, &mut scope);
                    self.scopes.push(scope);
                    self.binds(&arm.pattern);
                    self.expr(&arm.body);
                    self.scopes.pop();
                }
            }
        }
    }

    /// What stands behind a dot: of a module, a service, an enum, or of a value.
    fn member(&mut self, receiver: &Expr, name: &Name, is_call: bool) -> Option<Target> {
        if let Some(mut path) = path_of(receiver)
            && !self.is_visible(path[0].as_str())
        {
            path.push(name);
            if path[path.len() - 2].is_upper()
                && self
                    .names
                    .path(self.module, &path[..path.len() - 1])
                    .is_none()
            {
                return self.constructor(&path);
            }
            if self
                .names
                .path(self.module, &path[..path.len() - 1])
                .is_some()
            {
                return match name.is_upper() {
                    true => self.constructor(&path),
                    false => self.callable_path(&path, Role::Reads),
                };
            }
        }
        if let ExprKind::Call { function, .. } = &receiver.kind
            && function.is_upper()
            && self.names.path(self.module, &[function]).is_some()
        {
            return self.in_receiver(receiver, name, Role::Reads);
        }
        self.expr(receiver);
        let ty = self.names.expression(receiver.span)?;
        let target = match is_call {
            true => self.names.member(ty, name.as_str()),
            false => self.names.field(ty, name.as_str()),
        };
        self.note_some(name.span, target, Role::Reads)
    }

    fn arguments(&mut self, arguments: &Arguments, target: Option<Target>) {
        for argument in &arguments.items {
            self.argument_name(argument.name.as_ref(), target, argument.value.span);
            self.expr(&argument.value);
        }
        if let Some(comprehension) = &arguments.comprehension {
            self.comprehension(comprehension, None);
        }
    }

    fn comprehension(&mut self, comprehension: &Comprehension, key: Option<&Expr>) {
        let mut scope = HashMap::new();
        self.bind_conditions(&comprehension.conditions, &mut scope);
        self.scopes.push(scope);
        self.optional(key);
        self.expr(&comprehension.element);
        self.conditions(&comprehension.conditions);
        self.scopes.pop();
    }

    fn block(&mut self, block: &Block) {
        let depth = self.scopes.len();
        for binding in &block.lets {
            self.expr(&binding.value);
            let mut scope = HashMap::new();
            self.bind(&binding.pattern, &mut scope);
            self.scopes.push(scope);
            self.binds(&binding.pattern);
        }
        self.expr(&block.result);
        self.scopes.truncate(depth);
    }

    // Effects and tests

    fn on(&mut self, on: &On) {
        let mut scope = HashMap::new();
        self.bind_atom(&on.event, &mut scope);
        self.bind_conditions(&on.conditions, &mut scope);
        if let Some(alias) = &on.alias {
            scope.insert(alias.as_str().to_owned(), alias.span);
        }
        for statement in &on.statements {
            if let OnStatement::Let(binding) = statement {
                self.bind(&binding.pattern, &mut scope);
            }
        }
        self.scopes.push(scope);
        self.atom(&on.event, Role::Reads);
        if let Some(alias) = &on.alias {
            self.variable(alias);
        }
        self.conditions(&on.conditions);
        for statement in &on.statements {
            match statement {
                OnStatement::Let(binding) => {
                    self.binds(&binding.pattern);
                    self.expr(&binding.value);
                }
                OnStatement::Rule(rule) => self.rule(rule),
                OnStatement::Error(_) => {}
            }
        }
        self.scopes.pop();
    }

    fn test_statement(&mut self, statement: &TestStatement) {
        match &statement.kind {
            TestStatementKind::Given(given) => {
                for given in given {
                    self.given(given);
                }
            }
            TestStatementKind::Expect(expectations) => {
                for expectation in expectations {
                    match expectation {
                        Expectation::Condition(condition) => self.condition(condition),
                        Expectation::Reply { request, value, .. } => {
                            self.variable(request);
                            self.pattern(value);
                        }
                    }
                }
            }
            TestStatementKind::After(time) => self.expr(time),
            TestStatementKind::In {
                service,
                statements,
            } => {
                self.expr(service);
                let name = match &service.kind {
                    ExprKind::Name(name) | ExprKind::Call { function: name, .. } => Some(name),
                    _ => None,
                };
                let inner = name.and_then(|name| self.names.path(self.module, &[name]));
                let outer = self.module;
                self.module = inner.unwrap_or(outer);
                for statement in statements {
                    self.test_statement(statement);
                }
                self.module = outer;
            }
            TestStatementKind::Error => {}
        }
    }

    fn given(&mut self, given: &Given) {
        match given {
            Given::Fact { head, alias } => {
                self.head(head, Role::Writes);
                if let Some(alias) = alias {
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.insert(alias.as_str().to_owned(), alias.span);
                    }
                    self.variable(alias);
                }
            }
            Given::Param { name, value } => {
                if let Some(named) = self.module.params.get(name.as_str()) {
                    self.note(name.span, named.declared, Role::Writes);
                }
                self.expr(value);
            }
        }
    }

    // What is found

    fn declares(&mut self, name: &Name) {
        self.note(name.span, (self.file, name.span), Role::Declares);
    }

    fn reads(&mut self, span: Span, target: Target) {
        self.note(span, target, Role::Reads);
    }

    fn note_some(&mut self, span: Span, target: Option<Target>, role: Role) -> Option<Target> {
        self.note(span, target?, role);
        target
    }

    fn note(&mut self, span: Span, (file, declared): Target, role: Role) {
        self.found.push(Occurrence {
            span,
            file,
            declared,
            role,
            is_shorthand: false,
        });
    }
}

/// An expression that is names joined by dots.
fn path_of(expr: &Expr) -> Option<Vec<&Name>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![name]),
        ExprKind::Field { receiver, name } => {
            let mut path = path_of(receiver)?;
            path.push(name);
            Some(path)
        }
        _ => None,
    }
}
