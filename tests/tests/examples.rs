//! Every example of the project gives the right answer, under every layout of workers, and its
//! own tests pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use sheaf_tests::{LAYOUTS, Project, root, run};

/// Figures of the whole graph, from an independent depth-first search in another language.
const NEEDS_SHA256: &str = "fa983c1240d5f9ac98217c53b199fadb4ed7049c55c206143111ce18f2a1f88b";
const NEEDS_ROWS: usize = 3_854_089;
const LEAVES: usize = 28_610;
const CIRCULAR: usize = 150;

fn example(path: &str) -> String {
    let path = root().join("examples").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Debian example in a folder of its own, its input as it is in the project.
fn debian() -> Project {
    let project = Project::new(&[("debian.sheaf", &example("debian/debian.sheaf"))]);
    let data = std::fs::read(root().join("examples/debian/depends.csv.zst")).expect("its data");
    project.write("depends.csv.zst", data);
    project
}

fn check_debian(project: &Project, how: &str) {
    let needs = project.read("out/needs.csv");
    let hash: String = Sha256::digest(needs.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(needs.starts_with("package,target\n"), "{how}: header");
    assert_eq!(
        needs.lines().count() - 1,
        NEEDS_ROWS,
        "{how}: rows of needs"
    );
    assert_eq!(hash, NEEDS_SHA256, "{how}: bytes of needs");
    let weight = project.read("out/weight.csv");
    assert!(
        weight.contains("\nforensics-full,1451\n"),
        "{how}: weight of forensics-full"
    );
    assert_eq!(
        project.read("out/leaf.csv").lines().count() - 1,
        LEAVES,
        "{how}: leaves"
    );
    assert_eq!(
        project.read("out/circular.csv").lines().count() - 1,
        CIRCULAR,
        "{how}: circular"
    );
}

#[test]
fn debian_gives_the_same_bytes_on_every_layout() {
    for layout in LAYOUTS {
        let project = debian();
        let mut arguments = vec!["run", "debian.sheaf"];
        arguments.extend_from_slice(layout);
        let finished = project.run(&arguments).ok();
        check_debian(&project, &layout.join(" "));
        for figure in ["287168", "282432", "3854089", "28610", "150"] {
            assert!(
                finished.stdout.contains(figure),
                "{figure} in\n{}",
                finished.stdout
            );
        }
    }
}

#[test]
fn debian_gives_the_same_bytes_from_shuffled_lines() {
    let project = debian();
    let data = std::fs::read(root().join("examples/debian/depends.csv.zst")).expect("its data");
    let text = String::from_utf8(zstd::decode_all(&data[..]).expect("zstd")).expect("UTF-8");
    let (header, body) = text.split_once('\n').expect("a header");
    let mut lines: Vec<&str> = body.lines().collect();
    // A fixed permutation: steps of a number that shares no factor with the count.
    let count = lines.len();
    let step = (count / 3..)
        .find(|s| gcd(*s, count) == 1)
        .expect("one exists");
    lines = (0..count).map(|i| lines[i * step % count]).collect();
    project.write("shuffled.csv", format!("{header}\n{}\n", lines.join("\n")));
    project
        .run(&["run", "debian.sheaf", "--input", "depends=shuffled.csv"])
        .ok();
    check_debian(&project, "shuffled");
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn paths_agree_with_floyd_and_warshall() {
    let edges = example("paths/edges.csv");
    let mut dist: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut sources = BTreeSet::new();
    let mut targets = BTreeSet::new();
    for line in edges.lines().skip(1) {
        let mut cells = line.split(',');
        let (a, b) = (cells.next().expect("src"), cells.next().expect("dst"));
        let cost: u64 = cells.next().expect("cost").parse().expect("a number");
        sources.insert(a);
        targets.insert(b);
        let best = dist.entry((a, b)).or_insert(cost);
        *best = cost.min(*best);
    }
    let cities: BTreeSet<&str> = sources.union(&targets).copied().collect();
    for k in &cities {
        for a in &cities {
            for b in &cities {
                let (Some(x), Some(y)) = (dist.get(&(*a, *k)), dist.get(&(*k, *b))) else {
                    continue;
                };
                let through = x + y;
                let best = dist.entry((a, b)).or_insert(through);
                *best = through.min(*best);
            }
        }
    }
    let mut expected = String::from("src,dst,dist\n");
    for ((a, b), cost) in &dist {
        expected += &format!("{a},{b},{cost}\n");
    }
    let mut stranded = String::from("src,dst\n");
    for a in &sources {
        for b in &targets {
            if !dist.contains_key(&(*a, *b)) {
                stranded += &format!("{a},{b}\n");
            }
        }
    }
    for layout in LAYOUTS {
        let project = Project::new(&[
            ("paths.sheaf", &example("paths/paths.sheaf")),
            ("edges.csv", &edges),
        ]);
        project
            .run(&[&["run", "paths.sheaf"], *layout].concat())
            .ok();
        assert_eq!(project.read("out/dist.csv"), expected, "{layout:?}");
        assert_eq!(project.read("out/stranded.csv"), stranded, "{layout:?}");
    }
}

#[test]
fn wordcount_agrees_with_a_hash_map() {
    let books = ["james", "jonah", "ruth"];
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut files = vec![(
        "wordcount.sheaf".to_string(),
        example("wordcount/wordcount.sheaf"),
    )];
    for book in books {
        let name = format!("books/{book}.txt");
        let text = example(&format!("wordcount/{name}"));
        for word in text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
        {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
        files.push((name, text));
    }
    let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let mut expected = String::from("word,count\n");
    for (word, count) in sorted {
        expected += &format!("{word},{count}\n");
    }
    let files: Vec<(&str, &str)> = files.iter().map(|f| (f.0.as_str(), f.1.as_str())).collect();
    for layout in LAYOUTS {
        let project = Project::new(&files);
        project
            .run(&[&["run", "wordcount.sheaf"], *layout].concat())
            .ok();
        assert_eq!(project.read("out/count.csv"), expected, "{layout:?}");
    }
}

#[test]
fn the_examples_own_tests_pass() {
    let finished = run(root(), &["test", "examples"]).ok();
    for name in [
        "a chain is followed to its end",
        "the cheap detour wins",
        "counts across documents",
    ] {
        assert!(
            finished.stdout.contains(name),
            "{name} in\n{}",
            finished.stdout
        );
    }
}
