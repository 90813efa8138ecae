//! Words and operators of other languages, and what they are here.

use super::Failure;
use crate::diagnostic::{Diagnostic, codes};
use crate::syntax::token::TokenKind;

/// Operators: what they are called, what to do, and by what they may be replaced.
const OPERATORS: &[(&str, &str, Option<&str>)] = &[
    (":-", "conditions follow `if`", Some("if")),
    ("<-", "conditions follow `if`", Some("if")),
    (":=", "`let name = value` binds", Some("=")),
    ("=<", "less or equal is `<=`", Some("<=")),
    ("<>", "not equal is `!=`", Some("!=")),
    ("!==", "not equal is `!=`", Some("!=")),
    ("===", "equal is `==`", Some("==")),
    ("::", "names are joined by `.`", Some(".")),
    (
        "+=",
        "nothing is assigned; tables change by `merge`, views add up by `->`",
        None,
    ),
    (
        "-=",
        "nothing is assigned; tables change by `merge`, views add up by `->`",
        None,
    ),
    ("|", "alternatives are two rules; on Bool, or is `||`", None),
    (
        "&",
        "conditions are separated by commas; on Bool, and is `&&`",
        None,
    ),
    (
        "?",
        "an `Option` is read with `match`, or with `.or(default)`",
        None,
    ),
    (
        "=>",
        "there are no functions without a name: write `[x + 1 for x in xs]`",
        None,
    ),
    ("**", "powers are a function, `pow(a, b)`", None),
    ("|>", "functions are applied as `f(x)` or `x.f()`", None),
];

/// Words with which a condition or clause of another language begins.
const CLAUSES: &[(&str, &str, Option<&str>)] = &[
    ("where", "conditions follow `if`", Some("if")),
    ("when", "conditions follow `if`", Some("if")),
    (
        "and",
        "conditions are separated by commas; on Bool, and is `&&`",
        Some(","),
    ),
    (
        "or",
        "alternatives are two rules; on Bool, or is `||`",
        None,
    ),
    (
        "group",
        "the columns of the head are the groups: `total(k) -> Sum<Int>`",
        None,
    ),
    ("having", "filter in a rule over the grouped view", None),
    (
        "order",
        "the order of an output is its argument: `csv(\"a.csv\", order: [-n])`",
        None,
    ),
    ("limit", "the first few are a combiner: `Top<T>(n)`", None),
    (
        "join",
        "a join is two conditions that share a variable",
        None,
    ),
    (
        "then",
        "the branches of `if` stand in braces: `if c { a } else { b }`",
        None,
    ),
    (
        "distinct",
        "a view without `->` holds each row once: count its rows",
        None,
    ),
    ("elif", "write `else if`", Some("else if")),
    ("elsif", "write `else if`", Some("else if")),
    ("elseif", "write `else if`", Some("else if")),
    (
        "is",
        "equality is `==`; an Option is matched with `Some(x)` or `None`",
        Some("=="),
    ),
    (
        "like",
        "strings have functions such as `s.contains(\"…\")`",
        None,
    ),
    ("between", "write two comparisons: `a <= x, x <= b`", None),
    (
        "union",
        "alternatives are two rules with the same head",
        None,
    ),
];

/// Words with which a declaration or statement of another language begins.
const OPENINGS: &[(&str, &str, Option<&str>)] = &[
    ("def", "functions begin with `fn`", Some("fn")),
    ("func", "functions begin with `fn`", Some("fn")),
    ("function", "functions begin with `fn`", Some("fn")),
    ("fun", "functions begin with `fn`", Some("fn")),
    ("struct", "a type with fields is a `record`", Some("record")),
    (
        "class",
        "a type with fields is a `record`; state and requests live in a `service`",
        Some("record"),
    ),
    ("interface", "a type with fields is a `record`", None),
    (
        "import",
        "names of other modules are brought in with `use`",
        Some("use"),
    ),
    (
        "from",
        "names of other modules are brought in with `use a.b.{c};`",
        None,
    ),
    (
        "include",
        "names of other modules are brought in with `use`",
        Some("use"),
    ),
    (
        "require",
        "names of other modules are brought in with `use`",
        Some("use"),
    ),
    (
        "var",
        "a name is bound with `let`, and keeps its value",
        Some("let"),
    ),
    (
        "const",
        "a constant is a `param` with a default, or a function without parameters",
        None,
    ),
    ("val", "a name is bound with `let`", Some("let")),
    (
        "return",
        "the last expression of a function is its value",
        None,
    ),
    (
        "while",
        "there are no loops: a rule holds for everything it matches",
        None,
    ),
    ("select", "a query is a `view` with rules", None),
    (
        "create",
        "stored relations are declared with `table`, derived ones with `view`",
        None,
    ),
    (
        "insert",
        "rows come into a table by `merge t(k) -> v;`",
        None,
    ),
    (
        "update",
        "rows of a table change by `merge t(k) -> v;`",
        None,
    ),
    ("delete", "rows leave a table by `remove t(k, _);`", None),
    (
        "relation",
        "a derived relation is a `view`, a stored one a `table`",
        Some("view"),
    ),
    (
        "rel",
        "a derived relation is a `view`, a stored one a `table`",
        Some("view"),
    ),
    (
        "decl",
        "a derived relation is a `view`, a stored one a `table`",
        Some("view"),
    ),
    ("predicate", "a derived relation is a `view`", Some("view")),
    (
        "rule",
        "a rule begins with its head: `reach(a, b) if edge(a, b);`",
        Some(""),
    ),
    ("module", "a file is a module, named by its path", None),
    (
        "package",
        "a directory with `sheaf.toml` is a package",
        None,
    ),
    (
        "actor",
        "long-lived parties with a key are an `agent`",
        Some("agent"),
    ),
    ("stream", "rows from outside are an `input`", Some("input")),
    ("source", "rows from outside are an `input`", Some("input")),
    ("sink", "rows go outside by `output r to …;`", None),
];

/// True for words that go on with a rule in other languages.
pub(super) fn joins_conditions(word: &str) -> bool {
    CLAUSES
        .iter()
        .any(|(clause, _, _)| clause.eq_ignore_ascii_case(word))
}

/// Explains a word or operator of another language at the token that does not fit, or at the one
/// with which the part begins.
pub(super) fn explain(failure: &Failure<'_>) -> Option<Diagnostic> {
    match failure.kind() {
        Some(TokenKind::Foreign) => {
            return look_up(failure, OPERATORS, failure.at, "an operator");
        }
        Some(TokenKind::FatArrow) if !begins_an_arm(failure) => {
            return look_up(failure, OPERATORS, failure.at, "an operator");
        }
        Some(TokenKind::Star) if follows(failure, "count", 2) => {
            return Some(
                failure
                    .error(
                        codes::FOREIGN_WORD,
                        failure.span(),
                        "`count` has no `*`".to_owned(),
                    )
                    .label("from another language")
                    .note("A view with `-> Count` counts its derivations; an expression says what it counts.")
                    .help("leave out `-> count(*)`, or write `count(x for x in xs)`"),
            );
        }
        Some(_) if follows(failure, "distinct", 1) => {
            return look_up(failure, CLAUSES, failure.at - 1, "a keyword");
        }
        Some(TokenKind::Lower | TokenKind::Upper) if !failure.expects_operand() => {
            if let Some(diagnostic) = look_up(failure, CLAUSES, failure.at, "a keyword") {
                return Some(diagnostic);
            }
        }
        Some(TokenKind::If) if failure.at == failure.start => {
            return Some(
                failure
                    .error(
                        codes::FOREIGN_WORD,
                        failure.span(),
                        "`if` cannot begin a statement".to_owned(),
                    )
                    .note("Rules and effects have their conditions behind them.")
                    .help("write `effect if condition;`"),
            );
        }
        Some(TokenKind::For) if failure.at == failure.start => {
            return Some(
                failure
                    .error(
                        codes::FOREIGN_WORD,
                        failure.span(),
                        "there are no loops".to_owned(),
                    )
                    .note(
                        "A rule holds, and an effect happens, for everything its conditions match.",
                    )
                    .help("write `effect if x in xs;`"),
            );
        }
        Some(TokenKind::Dot) if failure.at == failure.start && failure.at + 1 < failure.end => {
            return look_up(failure, OPENINGS, failure.at + 1, "a keyword");
        }
        _ => {}
    }
    let opening = failure
        .at
        .checked_sub(1)
        .filter(|&opening| opening >= failure.start)?;
    let is_word = matches!(
        failure.tokens[opening].kind,
        TokenKind::Lower | TokenKind::Upper
    );
    let begins = opening == failure.start
        || matches!(
            failure.tokens[opening - 1].kind,
            TokenKind::OpenBrace | TokenKind::Semicolon | TokenKind::Dot | TokenKind::Pub
        );
    let next_is_word = failure.kind().is_some_and(|kind| {
        kind.is_atomic_operand() || kind.begins_statement() || kind == TokenKind::Star
    });
    if is_word && begins && next_is_word {
        return look_up(failure, OPENINGS, opening, "a keyword");
    }
    None
}

/// True if the word `before` tokens back is this one.
fn follows(failure: &Failure<'_>, word: &str, before: usize) -> bool {
    let index = failure.at.checked_sub(before);
    index
        .filter(|index| *index >= failure.start)
        .is_some_and(|index| failure.text_at(index).eq_ignore_ascii_case(word))
}

/// True within a `match`, where `=>` has its place.
fn begins_an_arm(failure: &Failure<'_>) -> bool {
    failure.tokens[failure.start..failure.at]
        .iter()
        .any(|token| token.kind == TokenKind::Match)
}

fn look_up(
    failure: &Failure<'_>,
    words: &[(&str, &str, Option<&str>)],
    at: usize,
    what: &str,
) -> Option<Diagnostic> {
    let word = failure.text_at(at);
    let (_, hint, replacement) = words
        .iter()
        .find(|(known, _, _)| known.eq_ignore_ascii_case(word))?;
    let has_if = failure.tokens[failure.start..at]
        .iter()
        .any(|token| token.kind == TokenKind::If);
    let replacement = match replacement {
        // The conditions have begun already.
        Some("if") if has_if => &Some(","),
        other => other,
    };
    let span = failure.tokens[at].span;
    let diagnostic = failure
        .error(
            codes::FOREIGN_WORD,
            span,
            format!("`{word}` is not {what} here: {hint}"),
        )
        .label("from another language");
    Some(match replacement {
        Some("") => diagnostic.fix("leave it out", span, ""),
        Some(replacement) => diagnostic.fix(format!("write `{replacement}`"), span, *replacement),
        None => diagnostic,
    })
}
