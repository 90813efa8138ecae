//! Random programs: every proof is checked by a checker of its own against the oracle's relations.
//!
//! 150 programs by default; `SHEAF_ORACLE_PROGRAMS=5000` asks more, `SHEAF_ORACLE_SEED=17` replays one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::hir::{self, RelationKind};
use sheaf_compiler::source::Sources;
use sheaf_oracle::evaluate::evaluate;
use sheaf_oracle::generate::{Case, generate};
use sheaf_oracle::write::json_line;
use sheaf_tests::Project;

/// What the oracle says of a case.
struct Truth {
    case: Case,
    program: hir::Program,
    /// By relation: its rows as objects. Views only.
    rows: BTreeMap<String, Vec<Json>>,
}

#[derive(Default)]
struct Tally {
    proofs: usize,
    steps: usize,
    unproved: usize,
}

#[test]
fn proofs_of_random_programs_check() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let seeds = match number("SHEAF_ORACLE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SHEAF_ORACLE_PROGRAMS").unwrap_or(150),
    };
    let mut tally = Tally::default();
    for seed in seeds {
        let truth = truth(seed);
        let project = Project::new(&[("program.sheaf", &truth.case.program)]);
        for input in &truth.case.inputs {
            let lines = input.rows.iter().map(|(line, _)| line);
            let lines = input.header.iter().chain(lines);
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            project.write(&input.file, text);
        }
        for output in &truth.case.outputs {
            if let Err(wrong) = ask(&project, &truth, &output.relation, &mut tally) {
                panic!(
                    "seed {seed}: {}: {wrong}\n{}",
                    output.relation, truth.case.program
                );
            }
        }
    }
    let Tally {
        proofs,
        steps,
        unproved,
    } = tally;
    println!("{proofs} proofs of {steps} steps, {unproved} rows without proof");
    assert!(proofs > 0);
}

fn truth(seed: u64) -> Truth {
    let case = generate(seed);
    let mut sources = Sources::new();
    let root = sources.add("program.sheaf", case.program.clone());
    let program = check(&mut sources, root, &mut NoModules).program;
    let inputs = case.inputs.iter().map(|input| {
        let rows = input.rows.iter().map(|(_, row)| row.clone());
        (input.relation.clone(), rows.collect())
    });
    let answer = evaluate(&program, &inputs.collect(), &BTreeMap::new());
    let rows = case.outputs.iter().map(|output| {
        let rows = answer.relations[&output.relation].keys();
        let rows = rows.map(|row| {
            serde_json::from_str(&json_line(row, &output.columns)).expect("JSON of the oracle")
        });
        (output.relation.clone(), rows.collect())
    });
    Truth {
        rows: rows.collect(),
        program,
        case,
    }
}

/// Asks for any row of a relation, then for one with the last row's texts and numbers.
fn ask(project: &Project, truth: &Truth, relation: &str, tally: &mut Tally) -> Result<(), String> {
    let rows = &truth.rows[relation];
    let mut questions = vec![format!("{relation}(..)")];
    let declared = &truth.program.relations[relation];
    if let Some(last) = rows.last() {
        let columns = declared
            .columns
            .iter()
            .map(|column| match &last[&column.name] {
                Json::Number(n) if column.ty == sheaf_ir::Type::Int => match n.as_i64() {
                    Some(n) if n >= 0 => n.to_string(),
                    _ => "_".to_string(),
                },
                Json::Bool(truth) => truth.to_string(),
                Json::String(text) if column.ty == sheaf_ir::Type::String => format!("{text:?}"),
                _ => "_".to_string(),
            });
        let columns: Vec<String> = columns.collect();
        questions.push(format!("{relation}({})", columns.join(", ")));
    }
    for question in questions {
        let flag = if rows.is_empty() {
            "--why-not"
        } else {
            "--why"
        };
        let arguments = [
            "run",
            "program.sheaf",
            "--format",
            "ndjson",
            flag,
            &question,
        ];
        let finished = project.run(&arguments);
        if finished.code != Some(0) {
            return Err(format!(
                "{question}: {}{}",
                finished.stderr, finished.stdout
            ));
        }
        let answer: Json = serde_json::from_str(&finished.stdout).map_err(|e| e.to_string())?;
        if answer["holds"] != Json::Bool(!rows.is_empty()) {
            return Err(format!("{question}: {answer}"));
        }
        if !answer["unproved"].is_null() {
            // Only values that a recursion improves may have no proof of settled values.
            if !climbs(truth) {
                return Err(format!("{question}: {answer}"));
            }
            tally.unproved += 1;
        } else if !rows.is_empty() {
            verify(project, truth, relation, &answer)
                .map_err(|e| format!("{question}: {e}\n{answer}"))?;
            tally.proofs += 1;
            tally.steps += answer["steps"].as_array().map_or(0, Vec::len);
        }
    }
    Ok(())
}

/// Whether a recursion of the program is over a lattice.
fn climbs(truth: &Truth) -> bool {
    truth.program.strata.iter().any(|stratum| {
        let combined = |name: &String| truth.program.relations[name].combined.is_some();
        stratum.recursive && stratum.relations.iter().any(combined)
    })
}

/// Checks a proof.
fn verify(project: &Project, truth: &Truth, asked: &str, answer: &Json) -> Result<(), String> {
    let steps = answer["steps"].as_array().ok_or("no steps")?;
    if steps[0]["relation"] != *asked {
        return Err("the first step proves something else".to_string());
    }
    let mut premises: Vec<Vec<usize>> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let wrong = |what: &str| Err(format!("step {number}: {what}"));
        let relation = step["relation"].as_str().ok_or("no relation")?;
        if let (Some(rows), None) = (truth.rows.get(relation), step["within"].as_bool())
            && step["passing"].is_null()
            && !rows.contains(&step["row"])
        {
            return wrong("the oracle has no such row");
        }
        let uses: Vec<&Json> = match step["by"].as_str() {
            Some("input") => {
                leaf(project, truth, relation, step).map_err(|e| format!("step {number}: {e}"))?;
                Vec::new()
            }
            Some("rule") => vec![step],
            Some("combined") => {
                let shown: Vec<&Json> = step["shown"]
                    .as_array()
                    .ok_or("no contributions")?
                    .iter()
                    .collect();
                if step["contributions"]
                    .as_u64()
                    .is_some_and(|all| (all as usize) < shown.len())
                {
                    return wrong("more contributions are shown than there are");
                }
                shown
            }
            _ => return wrong("no reason"),
        };
        let mut rests = Vec::new();
        for used in uses {
            let name = used["rule"]["name"]
                .as_str()
                .ok_or("a rule without a name")?;
            if name.split('#').next() != Some(relation) {
                return wrong("a rule of another relation");
            }
            for premise in used["premises"].as_array().ok_or("no premises")? {
                if let Some(step) = premise["step"].as_u64() {
                    rests.push(step as usize);
                } else if premise["absent"].is_object() {
                    absent(truth, &premise["absent"])?;
                } else if !premise["written"].is_object() {
                    return wrong("a premise of no kind");
                }
            }
        }
        premises.push(rests);
    }
    is_well_founded(&premises)
}

/// A leaf is a line of the relation's input.
fn leaf(project: &Project, truth: &Truth, relation: &str, step: &Json) -> Result<(), String> {
    let declared = &truth.program.relations[relation];
    if !matches!(declared.kind, RelationKind::Input(_)) {
        return Err("a view was not read".to_string());
    }
    let input = truth
        .case
        .inputs
        .iter()
        .find(|input| input.relation == relation);
    let input = input.ok_or("an unknown input")?;
    let line = step["line"].as_u64().ok_or("no line")? as usize;
    let text = project.read(&input.file);
    let text = text.lines().nth(line - 1).ok_or("there is no such line")?;
    let is_row = input
        .rows
        .iter()
        .any(|(row, _)| row.lines().next() == Some(text));
    match is_row {
        true => Ok(()),
        false => Err(format!("{text:?} is no row")),
    }
}

/// No row of the oracle is one that a proof says is absent.
fn absent(truth: &Truth, absence: &Json) -> Result<(), String> {
    let relation = absence["relation"].as_str().ok_or("no relation")?;
    let exact = absence["conditions"] == Json::Bool(false) && absence["within"].is_null();
    let Some(rows) = truth.rows.get(relation).filter(|_| exact) else {
        return Ok(());
    };
    let cells = absence["row"].as_object().ok_or("no row")?;
    // `null` is any value, or `None`.
    let fits = |row: &&Json| {
        cells
            .iter()
            .all(|(name, value)| value.is_null() || row[name] == *value)
    };
    let is_option = |name: &String| {
        let columns = &truth.program.relations[relation].columns;
        columns
            .iter()
            .any(|c| c.name == *name && matches!(c.ty, sheaf_ir::Type::Option(_)))
    };
    match rows.iter().find(fits) {
        Some(row) if !cells.keys().any(is_option) => Err(format!("{row} is there")),
        _ => Ok(()),
    }
}

/// No step rests on itself.
fn is_well_founded(premises: &[Vec<usize>]) -> Result<(), String> {
    let mut proved: BTreeSet<usize> = BTreeSet::new();
    loop {
        let before = proved.len();
        for (step, rests) in premises.iter().enumerate() {
            if rests.iter().all(|premise| proved.contains(premise)) {
                proved.insert(step);
            }
        }
        match proved.len() {
            all if all == premises.len() => return Ok(()),
            some if some == before => return Err("a step rests on itself".to_string()),
            _ => {}
        }
    }
}

/// The checker notices what is wrong.
#[test]
fn a_circle_is_no_proof() {
    assert!(is_well_founded(&[vec![1], vec![2], vec![]]).is_ok());
    assert!(is_well_founded(&[vec![1], vec![2], vec![1]]).is_err());
}
