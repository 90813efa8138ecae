//! The fix for a recursion through `not` or an aggregate: what it makes of a program, and that the result
//! is right.

mod common;

use common::Fixture;
use insta::assert_snapshot;
use sheaf_compiler::source::Span;

/// The title of the fix and the program after it; nothing if none is offered.
fn fixed(text: &str) -> Option<String> {
    let fixture = Fixture::new(text);
    let whole = Span::new(0, fixture.text().len() as u32);
    let mistakes = fixture.analysis.fixable(&fixture.file, whole);
    let is_it = |code: &str| code == "E0401" || code == "E0402";
    let mut wrong = mistakes
        .iter()
        .filter(|found| is_it(&found.code.to_string()));
    let mistake = wrong.next().expect("a program that is not stratified");
    let fix = mistake.fixes.first()?;
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span));
    let mut after = fixture.text().to_owned();
    for edit in edits {
        let (start, end) = (edit.place.span.start, edit.place.span.end);
        after.replace_range(start as usize..end as usize, &edit.text);
    }
    let again = Fixture::new(&after);
    let left = again.analysis.mistakes(&again.file);
    assert_eq!(left, [], "{after}");
    let formatted = again.analysis.formatted(&again.file).expect("no mistakes");
    assert_eq!(after, formatted, "the text is laid out");
    Some(format!("{}\n\n{after}", fix.title))
}

const EDGES: &str = "input edge(from: String, to: String) from csv(\"edges.csv\");\n\
    input start(at: String) from csv(\"start.csv\");\n\n";

#[test]
fn a_view_that_reads_itself_under_not() {
    let text = format!(
        "{EDGES}/// What is reached, or far from everything.\npub view reached(at: String);\nreached(a) if start(a);\n\
         reached(b) if reached(a), edge(a, b);\n// The rest.\n\
         reached(a) if edge(a, b), not reached(b); // far away\noutput reached to csv(\"reached.csv\");\n"
    );
    assert_snapshot!(fixed(&text).expect("a fix"));
}

#[test]
fn two_views_that_read_each_other() {
    let text = format!(
        "{EDGES}view open(at: String);\nopen(a) if start(a), not shut(a);\nopen(b) if open(a), edge(a, b), not shut(b);\n\n\
         view shut(at: String);\nshut(a) if edge(a, a);\nshut(a) if blocked(a);\nshut(b) if open(a), edge(b, a);\n\n\
         view blocked(at: String);\nblocked(b) if shut(a), edge(a, b);\noutput open to csv(\"open.csv\");\n"
    );
    assert_snapshot!(fixed(&text).expect("a fix"));
}

#[test]
fn a_comprehension_and_maybe() {
    let text = format!(
        "{EDGES}view big(at: String);\nbig(a) if start(a);\nbig(b) if edge(_, b), count(x for big(x)) > 3;\n\
         big(b) if edge(a, b), maybe big_before(a);\nbig(b) if edge(a, b), maybe big(a);\n\n\
         view big_before(at: String);\nbig_before(\"x\");\noutput big to csv(\"big.csv\");\n"
    );
    assert_snapshot!(fixed(&text).expect("a fix"));
}

#[test]
fn an_aggregate_that_reads_itself() {
    let text = format!(
        "{EDGES}view weight(at: String) -> Count;\nweight(a) if edge(a, _);\nweight(a) if edge(a, b), weight(b) -> n, n > 0;\n\
         output weight to csv(\"weight.csv\");\n"
    );
    assert_snapshot!(fixed(&text).expect("a fix"));
}

#[test]
fn an_aggregate_of_what_it_feeds() {
    let text = format!(
        "{EDGES}view many(at: String);\nmany(a) if start(a);\nmany(b) if total(a) -> n, edge(a, b), n > 2;\n\n\
         view total(at: String) -> Count;\ntotal(a) if edge(a, b), many(b);\noutput many to csv(\"many.csv\");\n"
    );
    assert_snapshot!(fixed(&text).expect("a fix"));
}

#[test]
fn none_where_it_would_not_help() {
    for text in [
        // Without the rule there is nothing left to ask for.
        "input move(from: String, to: String) from csv(\"m.csv\");\nview win(at: String);\n\
         win(a) if move(a, b), not win(b);\n",
        // Nor here: each of the others needs a row of another first.
        "input node(a: String) from csv(\"n.csv\");\nview p(a: String);\nview q(a: String);\nview r(a: String);\n\
         p(a) if node(a), not q(a);\nq(a) if r(a);\nr(a) if p(a);\n",
    ] {
        assert_eq!(fixed(text), None, "{text}");
    }
}
