//! Transitive closure in Ascent: reads `from,to` lines behind a header, interns the names, prints
//! the number of pairs. The peer of `closure.sheaf`.

use std::collections::HashMap;

ascent::ascent! {
    relation edge(u32, u32);
    relation path(u32, u32);
    path(x, y) <-- edge(x, y);
    path(x, z) <-- path(x, y), edge(y, z);
}

fn main() {
    let file = std::env::args().nth(1).expect("usage: ascent_closure FILE");
    let text = std::fs::read_to_string(file).expect("a readable file");
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut number = |name| {
        let next = numbers.len() as u32;
        *numbers.entry(name).or_insert(next)
    };
    let mut program = AscentProgram {
        edge: text
            .lines()
            .skip(1)
            .map(|line| {
                let (from, to) = line.split_once(',').expect("two columns");
                (number(from), number(to))
            })
            .collect(),
        ..Default::default()
    };
    program.run();
    println!("{}", program.path.len());
}
