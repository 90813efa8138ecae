//! An answer as one JSON object.

use serde_json::{Value as Json, json};
use sheaf_ir::Span;

use super::proof::{Part, Proof, Reason, Use};
use super::refusal::{Cause, Miss, Refusal};
use super::show::{Absence, Row};
use super::{Answer, Answered};

/// A piece of a program's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The file as it was named.
    pub file: String,
    /// Line of its beginning, from 1.
    pub line: u32,
    /// Character in that line, from 1.
    pub column: u32,
    /// The text.
    pub text: String,
}

/// The texts of a program.
pub trait Texts {
    /// The text of a span, if it is at hand.
    fn excerpt(&self, span: Span) -> Option<Excerpt>;
    /// The whole rule, or fact, in which a span lies.
    fn rule(&self, span: Span) -> Option<Excerpt>;
}

impl Answered {
    /// As an object: `holds`, then `steps` with a proof, or `rules` with what failed in each.
    pub fn to_json(&self, texts: &dyn Texts) -> Json {
        match &self.answer {
            Answer::Proof(proof) => proof_to_json(proof, texts),
            Answer::Unproved { row, reason } => {
                let mut object = row.to_json();
                object["holds"] = json!(true);
                object["unproved"] = json!(reason);
                object
            }
            Answer::Refusal(refusal) => refusal_to_json(refusal, texts),
            Answer::BadInput => json!({ "holds": null }),
        }
    }
}

fn proof_to_json(proof: &Proof, texts: &dyn Texts) -> Json {
    let steps = proof.steps.iter().map(|step| {
        let mut object = step.row.to_json();
        if step.passing {
            object["passing"] = json!(true);
        }
        match &step.reason {
            Reason::Input(place) => {
                object["by"] = json!("input");
                object["file"] = json!(place.as_ref().map(|place| &place.file));
                object["line"] = json!(place.as_ref().map(|place| place.line));
            }
            Reason::Rule(used) => {
                object["by"] = json!("rule");
                object["rule"] = rule_to_json(used, texts);
                object["premises"] = parts_to_json(used, texts);
            }
            Reason::Combined {
                combiner,
                total,
                contributions,
            } => {
                object["by"] = json!("combined");
                object["combiner"] = json!(combiner);
                object["contributions"] = json!(total);
                let shown = contributions.iter().map(|(row, used)| {
                    let mut object = row.to_json();
                    object["rule"] = rule_to_json(used, texts);
                    object["premises"] = parts_to_json(used, texts);
                    object
                });
                object["shown"] = shown.collect();
            }
        }
        object
    });
    json!({
        "holds": true,
        "matching": proof.matching,
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn rule_to_json(used: &Use, texts: &dyn Texts) -> Json {
    let mut object = json!({ "name": used.rule });
    place(&mut object, texts.rule(used.span));
    object
}

fn place(object: &mut Json, excerpt: Option<Excerpt>) {
    if let (Some(excerpt), Some(object)) = (excerpt, object.as_object_mut()) {
        object.insert("file".into(), json!(excerpt.file));
        object.insert("line".into(), json!(excerpt.line));
        object.insert("column".into(), json!(excerpt.column));
        object.insert("text".into(), json!(excerpt.text));
    }
}

fn parts_to_json(used: &Use, texts: &dyn Texts) -> Json {
    let parts = used.parts.iter().map(|part| match part {
        Part::Step(number) => json!({ "step": number }),
        Part::Absent(absence) => json!({ "absent": absence_to_json(absence, texts) }),
        Part::Written(span) => {
            let mut object = json!({});
            place(&mut object, texts.rule(*span));
            json!({ "written": object })
        }
    });
    parts.collect()
}

fn absence_to_json(absence: &Absence, texts: &dyn Texts) -> Json {
    let mut object = absence.row.to_json();
    object["conditions"] = json!(absence.conditions);
    object["asked"] = json!(texts.excerpt(absence.span).map(|excerpt| excerpt.text));
    object
}

fn refusal_to_json(refusal: &Refusal, texts: &dyn Texts) -> Json {
    let partly = refusal.partly.iter().map(|(row, count)| {
        let mut object = row.to_json();
        object["rows"] = json!(count);
        object
    });
    let mut object = refusal.row.to_json();
    object["holds"] = json!(false);
    object["instead"] = json!(refusal.other.as_ref().map(Row::to_json));
    object["failed_rows"] = json!(refusal.failed);
    object["partly"] = partly.collect();
    let rules = refusal.misses.iter().map(|miss| miss_to_json(miss, texts));
    object["rules"] = rules.collect();
    object
}

fn miss_to_json(miss: &Miss, texts: &dyn Texts) -> Json {
    let mut object = json!({ "name": miss.rule, "held": miss.held });
    place(&mut object, texts.rule(miss.span));
    let rows = |rows: &[Row]| rows.iter().map(Row::to_json).collect::<Vec<_>>();
    let text = |span: Span| texts.excerpt(span).map(|excerpt| excerpt.text);
    object["cause"] = match &miss.cause {
        Cause::NoRow(absence) => {
            json!({ "kind": "no row", "row": absence_to_json(absence, texts) })
        }
        Cause::NoPartner(there, absence) => json!({
            "kind": "no partner",
            "there": rows(there),
            "row": absence_to_json(absence, texts),
        }),
        Cause::False {
            span,
            failed,
            read,
            rows: there,
        } => json!({
            "kind": if *failed { "failed" } else { "false" },
            "condition": text(*span),
            "read": read.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "there": rows(there),
        }),
        Cause::Other {
            column,
            given,
            span,
            rows: there,
        } => json!({
            "kind": "other value",
            "column": column,
            "given": given,
            "expression": text(*span),
            "there": rows(there),
        }),
        Cause::Present(there) => json!({ "kind": "negation", "there": rows(there) }),
        Cause::NotWritten => json!({ "kind": "not written" }),
        Cause::NoElement { span, rows: there } => json!({
            "kind": "no element",
            "collection": text(*span),
            "there": rows(there),
        }),
    };
    object
}
