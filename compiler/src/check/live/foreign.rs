//! Foreign code: typed functions in `wasm` and `onnx`, services outside over `http`.

use crate::check::Checker;
use crate::check::body::Body;
use crate::check::names::{Def, Entry, Space};
use crate::check::types::poison;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Expr, ExprKind, ForeignFunction};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Extern, Item, Name};

/// Hosts whose functions are called by name.
const CODE: [&str; 2] = ["onnx", "wasm"];

impl<'a> Checker<'a> {
    /// Enters what an `extern` block declares.
    pub(in crate::check) fn declare_extern(
        &mut self,
        module: usize,
        item: &Item,
        foreign: &'a Extern,
    ) {
        let file = self.file(module);
        let entry = |def: Def, name: &Name| Entry {
            def,
            file,
            span: name.span,
            public: item.public.is_some(),
            is_used: false,
        };
        if foreign.host.as_str() == "http" {
            if let Some(alias) = &foreign.alias {
                let entry = entry(self.service_named_at(module, alias), alias);
                self.declare(module, Space::Type, alias.as_str(), entry);
            }
            return;
        }
        if let Some(alias) = &foreign.alias {
            self.declare_silent(module, alias);
        }
        for member in &foreign.members {
            let name = &member.signature.name;
            if member.is_request || !CODE.contains(&foreign.host.as_str()) {
                self.declare_silent(module, name);
                continue;
            }
            let def = Def::Foreign(self.modules[module].qualify(name.as_str()));
            let entry = entry(def, name);
            self.declare(module, Space::Callable, name.as_str(), entry);
        }
    }

    /// Checks an `extern` block and gives its functions their types.
    pub(super) fn check_extern(&mut self, module: usize, foreign: &'a Extern) {
        let host = foreign.host.as_str();
        if host != "http" && !CODE.contains(&host) {
            return self.foreign_code(
                module,
                foreign.host.span,
                format!("there is no host `{host}` for foreign code"),
                "`wasm` and `onnx` have functions, `http` has requests",
            );
        }
        if foreign.location.value.is_empty() {
            return self.foreign_code(
                module,
                foreign.location.span,
                format!("`extern {host}` needs to know where its code is"),
                "write a path, or for `http` an address, between the quotes",
            );
        }
        match (host, &foreign.alias) {
            ("http", None) => {
                return self.foreign_code(
                    module,
                    foreign.host.span,
                    "a service outside needs a name".to_owned(),
                    "write `extern http \"…\" as Name { … }`",
                );
            }
            ("http", Some(alias)) if !alias.is_upper() => {
                return self.foreign_code(
                    module,
                    alias.span,
                    format!(
                        "`{}` names a service, which begins with a capital letter",
                        alias.text
                    ),
                    "write it with a capital letter",
                );
            }
            ("http", Some(_)) | (_, None) => {}
            (_, Some(alias)) => {
                return self.foreign_code(
                    module,
                    alias.span,
                    "functions in foreign code are called by their own names".to_owned(),
                    "remove `as` and the name after it",
                );
            }
        }
        for member in &foreign.members {
            let signature = &member.signature;
            let (is_http, name) = (host == "http", signature.name.as_str());
            match (is_http, member.is_request) {
                (true, false) => self.foreign_code(
                    module,
                    signature.name.span,
                    format!("`{name}` is a function, and a service outside has requests"),
                    "write `request`; what is called over a network is not pure",
                ),
                (false, true) => self.foreign_code(
                    module,
                    signature.name.span,
                    format!("`{name}` is a request, and `{host}` code has functions"),
                    "write `fn`",
                ),
                (false, false) => self.declare_foreign(module, foreign, signature),
                (true, true) => {}
            }
        }
    }

    fn declare_foreign(&mut self, module: usize, foreign: &Extern, signature: &ast::Signature) {
        let name = self.modules[module].qualify(signature.name.as_str());
        if self.effects.functions.contains_key(&name) {
            return;
        }
        let names = signature.columns.iter().map(|column| &column.name);
        self.refuse_doubles(module, names, "parameter");
        let parameters = signature
            .columns
            .iter()
            .map(|column| self.resolve_type(module, &column.ty))
            .collect();
        let result = match &signature.result {
            Some(result) => self.resolve_type(module, result),
            None => self.missing_result(module, &signature.name),
        };
        let function = ForeignFunction {
            host: foreign.host.as_str().to_owned(),
            location: foreign.location.value.to_string(),
            names: signature
                .columns
                .iter()
                .map(|column| column.name.as_str().to_owned())
                .collect(),
            parameters,
            result,
            span: self.span(module, signature.name.span),
        };
        self.effects.functions.insert(name, function);
    }

    fn foreign_code(&mut self, module: usize, span: Span, message: String, advice: &str) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(codes::FOREIGN_CODE, file, span, message)
                .label("does not fit")
                .help(advice),
        );
    }
}

impl Body<'_, '_> {
    /// A call of a function in foreign code.
    pub(in crate::check) fn call_foreign(
        &mut self,
        name: &str,
        at: &Name,
        arguments: &[Argument<ast::Expr>],
        span: Span,
    ) -> Expr {
        let Some(function) = self.checker.effects.functions.get(name).cloned() else {
            return self.poison(span);
        };
        let names: Vec<&str> = function.names.iter().map(String::as_str).collect();
        let Some(found) = self.arrange(at.as_str(), &names, arguments, span) else {
            return self.poison(span);
        };
        let arguments = found
            .iter()
            .enumerate()
            .map(|(index, argument)| {
                let ty = function
                    .parameters
                    .get(index)
                    .cloned()
                    .unwrap_or_else(poison);
                self.check(argument, &ty)
            })
            .collect();
        self.is_tainted |= crate::check::types::is_poisoned(&function.result);
        self.expr(
            ExprKind::Invoke(name.to_owned(), arguments),
            function.result,
            span,
        )
    }
}
