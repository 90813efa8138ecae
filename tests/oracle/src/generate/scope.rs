//! The variables that a rule under construction has bound.

use super::kind::Kind;

/// Variables with their kinds, and the conditions so far.
#[derive(Clone, Default)]
pub struct Scope {
    /// Names and kinds.
    pub variables: Vec<(String, Kind)>,
    /// What `maybe` bound; read in expressions only, since in an atom it would no longer be bound by
    /// `maybe` alone.
    pub optional: Vec<(String, Kind)>,
    /// Conditions as text, in any order.
    pub conditions: Vec<String>,
    /// Whether expressions may read relations.
    pub reads: bool,
    next: usize,
}

impl Scope {
    /// The scope of a rule's body.
    pub fn of_rule() -> Scope {
        Scope {
            reads: true,
            ..Scope::default()
        }
    }

    /// A name that is not used yet.
    pub fn name(&mut self) -> String {
        self.next += 1;
        format!("v{}", self.next - 1)
    }

    /// Binds a new variable.
    pub fn fresh(&mut self, kind: &Kind) -> String {
        let name = self.name();
        self.variables.push((name.clone(), kind.clone()));
        name
    }

    /// What expressions of a kind may read.
    pub fn of(&self, kind: &Kind) -> Vec<String> {
        let all = self.variables.iter().chain(&self.optional);
        all.filter(|v| v.1 == *kind).map(|v| v.0.clone()).collect()
    }

    /// What atoms may compare with.
    pub fn bound(&self, kind: &Kind) -> Vec<String> {
        let bound = self.variables.iter();
        bound
            .filter(|v| v.1 == *kind)
            .map(|v| v.0.clone())
            .collect()
    }
}
