//! What type an expression has in its surroundings.
//!
//! Invariant: [`Scope::type_of`] looks one level deep. It trusts the types that the parts of an
//! expression claim, so that the parser, the printer and the verifier, which all come from inside
//! out, ask the same question and one wrong claim gives one answer.

use std::collections::BTreeMap;

use crate::graph::Param;
use crate::{ExprKind, FunctionDefinition, Gather, NodeId, Nominal, Operator, Program, Type};

/// What the expressions of a block can refer to.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// Records and enums.
    pub types: &'a BTreeMap<String, Nominal>,
    /// Parameters of the program.
    pub params: &'a BTreeMap<String, Param>,
    /// Functions of the program.
    pub functions: &'a BTreeMap<String, FunctionDefinition>,
    /// Types of the columns.
    pub columns: Vec<Type>,
    locals: Vec<(usize, Type)>,
}

impl<'a> Scope<'a> {
    /// A scope of what a program declares and of these columns, without locals.
    pub fn new(program: &'a Program, columns: Vec<Type>) -> Scope<'a> {
        Scope {
            types: &program.types,
            params: &program.params,
            functions: &program.functions,
            columns,
            locals: Vec::new(),
        }
    }

    /// The scope of the body of a function with these parameters.
    pub fn of_function(program: &'a Program, parameters: &[Type]) -> Scope<'a> {
        let locals = parameters.iter().cloned().enumerate().collect();
        Scope {
            locals,
            ..Scope::new(program, Vec::new())
        }
    }

    /// Brings a local into scope.
    pub fn bind(&mut self, local: usize, ty: Type) {
        self.locals.push((local, ty));
    }

    /// Takes the local that was bound last out of scope.
    pub fn unbind(&mut self) {
        self.locals.pop();
    }

    /// The type of a local in scope.
    pub fn local(&self, local: usize) -> Option<&Type> {
        self.locals
            .iter()
            .rev()
            .find(|(number, _)| *number == local)
            .map(|(_, ty)| ty)
    }

    /// The type of an expression whose parts have the types they claim. `None` where it has none,
    /// and for a constant, which is of any type that has its value.
    pub fn type_of(&self, kind: &ExprKind) -> Option<Type> {
        match kind {
            ExprKind::Column(index) => self.columns.get(*index).cloned(),
            ExprKind::Local(local) => self.local(*local).cloned(),
            ExprKind::Constant(_) => None,
            ExprKind::Param(name) => self.params.get(name).map(|param| param.ty.clone()),
            ExprKind::Call(function, arguments) => {
                let arguments: Vec<Type> = arguments.iter().map(|e| e.ty.clone()).collect();
                function.result_type(&arguments, self.types)
            }
            ExprKind::Invoke(name, arguments) => {
                let function = self.functions.get(name)?;
                let arguments = arguments.iter().map(|e| &e.ty);
                function
                    .parameters
                    .iter()
                    .eq(arguments)
                    .then(|| function.body.ty.clone())
            }
            ExprKind::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                (condition.ty == Type::Bool && then.ty == otherwise.ty).then(|| then.ty.clone())
            }
            ExprKind::Let { body, .. } => Some(body.ty.clone()),
            ExprKind::Comprehension {
                gather, element, ..
            } => gather_type(gather, &element.ty),
        }
    }
}

/// The type of a comprehension over elements of this type; `None` where it is not defined.
pub fn gather_type(gather: &Gather, element: &Type) -> Option<Type> {
    let boxed = || Box::new(element.clone());
    Some(match gather {
        Gather::List => Type::List(boxed()),
        Gather::Set => Type::Set(boxed()),
        Gather::Sum if element.is_numeric() || *element == Type::Duration => element.clone(),
        Gather::Map => match element {
            Type::Tuple(parts) => match parts.as_slice() {
                [key, value] => Type::Map(Box::new(key.clone()), Box::new(value.clone())),
                _ => return None,
            },
            _ => return None,
        },
        Gather::Count => Type::Nat,
        Gather::Min | Gather::Max => Type::Option(boxed()),
        Gather::Avg if element.is_numeric() => Type::Option(Box::new(Type::Float)),
        Gather::Top(n) if n.ty == Type::Nat => Type::List(boxed()),
        Gather::Sum | Gather::Avg | Gather::Top(_) => return None,
    })
}

/// Types of the input columns that a node's expressions see, in the order of their numbers: those
/// of port 0, then those of port 1. The element of a flat-map comes after them.
pub fn input_types(program: &Program, id: NodeId) -> Vec<Type> {
    let ports = match program.graph[id].operator {
        Operator::Join { .. } => 2,
        Operator::Values { .. } => 0,
        _ => 1,
    };
    (0..ports)
        .flat_map(|port| program.input_columns(id, port))
        .map(|(_, ty)| ty.clone())
        .collect()
}
