//! How the columns that an expression sees are called: `in.name`, `left.name`, `right.name`,
//! `element`; by position, `in.#0`, where a name occurs more than once in its side.

use crate::graph::NodeId;
use crate::{Operator, Program, Type};

use super::literal::{print_word, push};

type Columns = [(String, Type)];

/// The sides of the rows that the expressions of a node see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sides<'a> {
    /// The columns of port 0.
    pub left: &'a Columns,
    /// The columns of port 1; `None` where there is but one side, called `in`.
    pub right: Option<&'a Columns>,
    /// Whether the element of a flat-map follows.
    pub element: bool,
}

impl<'a> Sides<'a> {
    /// No columns at all.
    pub const NONE: Sides<'static> = Sides {
        left: &[],
        right: None,
        element: false,
    };

    /// What the expressions of an operator with these inputs see.
    pub fn of(operator: &Operator, left: &'a Columns, right: &'a Columns) -> Sides<'a> {
        match operator {
            Operator::Values { .. } => Sides::NONE,
            Operator::Join { .. } => Sides {
                left,
                right: Some(right),
                element: false,
            },
            _ => Sides {
                left,
                right: None,
                element: false,
            },
        }
    }

    /// What the expressions of a node see.
    pub fn of_node(program: &'a Program, id: NodeId) -> Sides<'a> {
        Sides::of(
            &program.graph[id].operator,
            program.input_columns(id, 0),
            program.input_columns(id, 1),
        )
    }

    /// The same with the element of a flat-map.
    pub fn with_element(self) -> Sides<'a> {
        Sides {
            element: true,
            ..self
        }
    }

    /// The types of all columns; the element's must be added by who knows it.
    pub fn types(&self) -> Vec<Type> {
        let right = self.right.unwrap_or_default();
        self.left
            .iter()
            .chain(right)
            .map(|(_, ty)| ty.clone())
            .collect()
    }

    /// Appends the column of this number.
    pub fn print(&self, out: &mut String, index: usize, names: bool) {
        let left = self.left.len();
        match self.right {
            Some(right) if index >= left => {
                out.push_str("right.");
                print_column(out, index - left, right, names);
            }
            Some(_) => {
                out.push_str("left.");
                print_column(out, index, self.left, names);
            }
            None if self.element && index == left => out.push_str("element"),
            None => {
                out.push_str("in.");
                print_column(out, index, self.left, names);
            }
        }
    }
}

/// Appends a column of these by its name if that is unique, else by its position.
pub(super) fn print_column(out: &mut String, index: usize, columns: &Columns, names: bool) {
    match columns.get(index) {
        Some((name, _)) if names && find_column(name, columns).is_ok() => print_word(out, name),
        _ => push(out, format_args!("#{index}")),
    }
}

/// The position of the only column of this name; otherwise what would have been right.
pub(super) fn find_column(name: &str, columns: &Columns) -> Result<usize, String> {
    let mut found = columns.iter().enumerate().filter(|(_, (n, _))| n == name);
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (Some(_), Some(_)) => Err("a position such as `#0`, for this name is not unique,".into()),
        (None, _) => {
            let names: Vec<&str> = columns.iter().take(12).map(|(n, _)| n.as_str()).collect();
            Err(match names.len() {
                0 => "a position such as `#0`, for there are no columns,".to_string(),
                _ => format!("a column (there are {})", names.join(", ")),
            })
        }
    }
}
