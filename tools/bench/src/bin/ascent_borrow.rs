//! The borrow rules of `examples/borrow` in Ascent: reads tab-separated facts `subset_base.facts`,
//! `cfg_edge.facts`, … from a folder, prints what the example's `summary` says, `subset` last.

use std::path::Path;

ascent::ascent! {
    relation subset_base(u32, u32, u32);
    relation cfg_edge(u32, u32);
    relation loan_issued_at(u32, u32, u32);
    relation loan_killed_at(u32, u32);
    relation loan_invalidated_at(u32, u32);
    relation origin_live(u32, u32);

    relation subset(u32, u32, u32);
    subset(a, b, p) <-- subset_base(a, b, p);
    subset(a, c, p) <-- subset(a, b, p), subset(b, c, p), if a != c;
    subset(a, b, q) <-- subset(a, b, p), cfg_edge(p, q), origin_live(a, q), origin_live(b, q);

    relation contains(u32, u32, u32);
    contains(o, l, p) <-- loan_issued_at(o, l, p);
    contains(b, l, p) <-- contains(a, l, p), subset(a, b, p);
    contains(o, l, q) <-- contains(o, l, p), !loan_killed_at(l, p), cfg_edge(p, q), origin_live(o, q);

    relation live(u32, u32);
    live(l, p) <-- contains(o, l, p), origin_live(o, p);

    relation error(u32, u32);
    error(l, p) <-- loan_invalidated_at(l, p), live(l, p);
}

fn facts<const N: usize>(folder: &Path, name: &str) -> Vec<[u32; N]> {
    let path = folder.join(format!("{name}.facts"));
    let text = std::fs::read_to_string(path).expect("a readable file");
    text.lines()
        .map(|line| {
            let mut cells = line.split('\t');
            [(); N].map(|()| cells.next().expect("a cell").parse().expect("a number"))
        })
        .collect()
}

fn pairs(folder: &Path, name: &str) -> Vec<(u32, u32)> {
    facts(folder, name).into_iter().map(|[a, b]| (a, b)).collect()
}

fn triples(folder: &Path, name: &str) -> Vec<(u32, u32, u32)> {
    let facts = facts(folder, name).into_iter();
    facts.map(|[a, b, c]| (a, b, c)).collect()
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: ascent_borrow FOLDER");
    let folder = Path::new(&folder);
    let mut program = AscentProgram {
        subset_base: triples(folder, "subset_base"),
        cfg_edge: pairs(folder, "cfg_edge"),
        loan_issued_at: triples(folder, "loan_issued_at"),
        loan_killed_at: pairs(folder, "loan_killed_at"),
        loan_invalidated_at: pairs(folder, "loan_invalidated_at"),
        origin_live: pairs(folder, "origin_live"),
        ..Default::default()
    };
    program.run();
    println!("contains,{}", program.contains.len());
    println!("error,{}", program.error.len());
    println!("live,{}", program.live.len());
    println!("subset,{}", program.subset.len());
}
