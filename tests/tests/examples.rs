//! Every example of the project gives the right answer, under every layout of workers, and its
//! own tests pass.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

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

/// A copy of an example, as it is in the project.
fn copy(name: &str) -> Project {
    fn all(folder: &Path, inside: &str, project: &Project) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            let inside = format!("{inside}{name}");
            if path.is_dir() {
                all(&path, &format!("{inside}/"), project);
            } else {
                project.write(&inside, std::fs::read(&path).expect("a file"));
            }
        }
    }
    let project = Project::new(&[]);
    all(&root().join("examples").join(name), "", &project);
    project
}

/// The text of a compressed file.
fn unpacked(project: &Project, name: &str) -> String {
    let bytes = std::fs::read(project.path().join(name)).expect("a file");
    String::from_utf8(zstd::decode_all(&bytes[..]).expect("zstd")).expect("UTF-8")
}

#[test]
fn flights_agree_with_python() {
    let project = copy("flights");
    let expected = project.path().join("expected");
    let names: Vec<String> = std::fs::read_dir(expected)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".py"))
        .collect();
    assert_eq!(names.len(), 10);
    for layout in LAYOUTS {
        project
            .run(&[&["run", "flights.sheaf"], *layout].concat())
            .ok();
        for name in &names {
            let expected = project.read(&format!("expected/{name}"));
            let found = project.read(&format!("out/{name}"));
            assert_eq!(found, expected, "{name} {layout:?}");
        }
    }
}

/// The facts of a relation of the borrow example, each as its numbers.
fn facts(project: &Project, name: &str) -> Vec<Vec<u32>> {
    unpacked(project, &format!("facts/{name}.tsv.zst"))
        .lines()
        .map(|line| {
            let cells = line.split('\t');
            cells.map(|cell| cell.parse().expect("a number")).collect()
        })
        .collect()
}

/// The rules of the borrow example, fact by fact from a list of work: how many facts of `subset`,
/// `contains` and `live`, and the errors.
fn borrow_check(project: &Project, planted: Option<(u32, u32)>) -> [usize; 4] {
    let pairs = |name: &str| facts(project, name).into_iter().map(|f| (f[0], f[1]));
    let triples = |name: &str| facts(project, name).into_iter().map(|f| (f[0], f[1], f[2]));
    let mut next: HashMap<u32, Vec<u32>> = HashMap::new();
    for (p, q) in pairs("cfg_edge") {
        next.entry(p).or_default().push(q);
    }
    let after = |p: u32| next.get(&p).map_or(&[][..], Vec::as_slice);
    let used: HashSet<(u32, u32)> = pairs("origin_live").collect();
    let killed: HashSet<(u32, u32)> = pairs("loan_killed_at").collect();

    let mut subset: HashSet<(u32, u32, u32)> = HashSet::new();
    let mut above: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
    let mut below: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
    let mut work: Vec<(u32, u32, u32)> = triples("subset_base").collect();
    while let Some((a, b, p)) = work.pop() {
        if !subset.insert((a, b, p)) {
            continue;
        }
        above.entry((a, p)).or_default().push(b);
        below.entry((b, p)).or_default().push(a);
        let onward = above.get(&(b, p)).into_iter().flatten();
        work.extend(onward.filter(|c| **c != a).map(|c| (a, *c, p)));
        let before = below.get(&(a, p)).into_iter().flatten();
        work.extend(before.filter(|z| **z != b).map(|z| (*z, b, p)));
        let points = after(p).iter().copied();
        work.extend(
            points
                .filter(|q| used.contains(&(a, *q)) && used.contains(&(b, *q)))
                .map(|q| (a, b, q)),
        );
    }

    let mut contains: HashSet<(u32, u32, u32)> = HashSet::new();
    let mut work: Vec<(u32, u32, u32)> = triples("loan_issued_at").collect();
    while let Some((o, l, p)) = work.pop() {
        if !contains.insert((o, l, p)) {
            continue;
        }
        let larger = above.get(&(o, p)).into_iter().flatten();
        work.extend(larger.map(|b| (*b, l, p)));
        if !killed.contains(&(l, p)) {
            let points = after(p).iter().copied();
            work.extend(
                points
                    .filter(|q| used.contains(&(o, *q)))
                    .map(|q| (o, l, q)),
            );
        }
    }

    let live: HashSet<(u32, u32)> = contains
        .iter()
        .filter(|(o, _, p)| used.contains(&(*o, *p)))
        .map(|(_, l, p)| (*l, *p))
        .collect();
    let invalidated: HashSet<(u32, u32)> = pairs("loan_invalidated_at").chain(planted).collect();
    let errors = invalidated.intersection(&live).count();
    [subset.len(), contains.len(), live.len(), errors]
}

#[test]
fn borrow_agrees_with_a_list_of_work() {
    let project = copy("borrow");
    // What others found, and what the rules written out in Rust give.
    let known = [174_787, 5_250, 2_352, 0];
    assert_eq!(borrow_check(&project, None), known);
    let mut planted = known;
    planted[3] = 1;
    assert_eq!(borrow_check(&project, Some((0, 9))), planted);
    let summary = |[subset, contains, live, error]: [usize; 4]| {
        format!("fact,summary\ncontains,{contains}\nerror,{error}\nlive,{live}\nsubset,{subset}\n")
    };
    for layout in LAYOUTS {
        let mut arguments = vec!["run", "borrow.sheaf"];
        arguments.extend_from_slice(layout);
        project.run(&arguments).ok();
        assert_eq!(
            project.read("out/summary.csv"),
            summary(known),
            "{layout:?}"
        );
        assert_eq!(project.read("out/error.csv"), "l,p\n", "{layout:?}");
        arguments.extend(["--input", "loan_invalidated_at=facts/planted.tsv"]);
        project.run(&arguments).ok();
        assert_eq!(
            project.read("out/summary.csv"),
            summary(planted),
            "{layout:?}"
        );
        assert_eq!(project.read("out/error.csv"), "l,p\n0,9\n", "{layout:?}");
    }
}

#[test]
fn hot_items_agree_with_a_count_of_each_window() {
    let project = copy("hot_items");
    // Milliseconds; a bid at `at` is in the windows that begin in `at - 10 s < begin <= at`.
    let (size, step) = (10_000_i64, 2_000_i64);
    let mut counts: BTreeMap<i64, HashMap<i64, u64>> = BTreeMap::new();
    for line in unpacked(&project, "events.ndjson.zst").lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let Some(bid) = event.get("Bid") else {
            continue;
        };
        let number = |name: &str| bid[name].as_i64().expect("a number");
        let (auction, at) = (number("auction"), number("date_time"));
        let mut begin = at.div_euclid(step) * step;
        while begin > at - size {
            *counts.entry(begin).or_default().entry(auction).or_default() += 1;
            begin -= step;
        }
    }
    let mut expected = String::from("window,hottest\n");
    for (begin, auctions) in counts {
        let best = auctions.into_iter().map(|(a, n)| (n, a)).max();
        let (n, auction) = best.expect("a bid");
        let clock = match begin < 0 {
            true => format!("1969-12-31T23:59:{:02}Z", 60 + begin / 1_000),
            false => format!("1970-01-01T00:00:{:02}Z", begin / 1_000),
        };
        expected += &format!("{clock},\"[[{n},{auction}]]\"\n");
    }
    assert_eq!(expected.lines().count(), 11);
    for layout in LAYOUTS {
        project
            .run(&[&["run", "hot_items.sheaf"], *layout].concat())
            .ok();
        assert_eq!(project.read("out/hottest.csv"), expected, "{layout:?}");
    }
}

#[test]
fn the_examples_own_tests_pass() {
    let finished = run(root(), &["test", "examples"]).ok();
    for name in [
        "a chain is followed to its end",
        "the cheap detour wins",
        "counts across documents",
        "rain is looked up by airport and hour",
        "a copy of the reference is enough",
        "a bid counts in five windows",
    ] {
        assert!(
            finished.stdout.contains(name),
            "{name} in\n{}",
            finished.stdout
        );
    }
}
