//! Live programs: right ones check clean, wrong ones give one diagnostic each, and order means nothing.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use proptest::prelude::*;
use sheaf_compiler::check::{
    Checked, LoadedFile, Loader, NoModules, PackageId, check, not_yet_run,
};
use sheaf_compiler::diagnostic::Diagnostic;
use sheaf_compiler::source::{FileId, Sources, Span};
use sheaf_compiler::syntax::ast::{Item, ItemKind, OnStatement, Rule};
use sheaf_compiler::syntax::parse;

mod common;
use common::wrong_live;

fn check_text(text: &str) -> (Checked, Sources) {
    let mut sources = Sources::new();
    let root = sources.add("t", text);
    let checked = check(&mut sources, root, &mut NoModules);
    (checked, sources)
}

/// Messages in short form.
fn lines(text: &str) -> String {
    let (checked, sources) = check_text(text);
    let lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.short(&sources))
        .collect();
    lines.join("\n")
}

#[test]
fn right_programs_check_clean() {
    let wrong: Vec<String> = common::programs()
        .into_iter()
        .chain(common::live_programs())
        .map(|(name, text)| (name, lines(&text)))
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(name, lines)| format!("{name}:\n{lines}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_is_one_message_with_its_code() {
    let mut wrong = Vec::new();
    for (what, code, text) in wrong_live::all() {
        let (checked, _) = check_text(text.trim());
        let codes: Vec<&str> = checked
            .diagnostics
            .iter()
            .map(|d| d.code.as_str())
            .collect();
        let is_told = |d: &Diagnostic| !d.help.is_empty() && !d.primary.text.is_empty();
        if codes != [*code] || !checked.diagnostics.iter().all(is_told) {
            wrong.push(format!("# {what}: {code}\n{}", common::report(text)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{} wrong",
        wrong.join("\n"),
        wrong.len()
    );
}

#[test]
fn the_messages() {
    let cases: Vec<String> = wrong_live::all()
        .map(|(what, _, text)| format!("# {what}\n{}", common::report(text)))
        .collect();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("live", cases.join("\n\n"));
    });
}

/// The text with an edit of a help applied.
fn mended(text: &str, edits: &[sheaf_compiler::diagnostic::Edit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut text = text.to_owned();
    for edit in edits {
        let range = edit.span.start as usize..edit.span.end as usize;
        text.replace_range(range, &edit.replacement);
    }
    text
}

#[test]
fn a_fix_leaves_a_program_without_errors() {
    let mut count = 0;
    for (what, _, text) in wrong_live::all() {
        let text = text.trim();
        let (checked, _) = check_text(text);
        let helps = checked
            .diagnostics
            .iter()
            .flat_map(|diagnostic| &diagnostic.help);
        for help in helps.filter(|help| !help.edits.is_empty()) {
            let fixed = mended(text, &help.edits);
            let (checked, _) = check_text(&fixed);
            assert!(
                !checked.has_errors(),
                "{what}: {}\n{}",
                help.text,
                common::report(&fixed)
            );
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} fixes");
}

#[test]
fn a_live_program_is_refused_once_where_it_would_run() {
    let (checked, sources) =
        check_text("table seen(n: Int);\nevent note(n: Int);\non note(n) { merge seen(n); }\n");
    assert!(checked.diagnostics.is_empty() && checked.runnable().is_none());
    let refusal = not_yet_run(&checked.program).expect("a live program");
    assert_eq!(
        refusal.short(&sources),
        "t:1:7: error[E0199]: not yet: this version checks but does not yet run live programs"
    );
    let (checked, _) = check_text("view a(x: Int);\na(1);\n");
    assert!(checked.runnable().is_some() && not_yet_run(&checked.program).is_none());
}

/// What a check says and finds out, without places.
fn meaning(text: &str) -> Vec<String> {
    let (checked, _) = check_text(text);
    let mut lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message))
        .collect();
    let program = &checked.program;
    lines.extend(program.relations.values().map(|relation| {
        let last = relation.label_reason.last().map(|reason| &reason.text);
        format!("{}: {:?}, {last:?}", relation.name, relation.label)
    }));
    if let Some(live) = &program.live {
        let services = live.services.iter();
        lines.extend(
            services.map(|service| format!("{} {:?}", service.name, service.key.is_some())),
        );
        let points = live.order_points.iter();
        lines.extend(points.map(|one| {
            format!(
                "{} {}: {} {}",
                one.word.as_str(),
                one.about,
                one.reason,
                one.cost
            )
        }));
    }
    lines.sort();
    lines
}

/// A text whose parts stand in another order; each part may be shuffled inside.
struct Shuffle {
    seed: u64,
}

impl Shuffle {
    fn permutation(&mut self, length: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        for index in (1..length).rev() {
            self.seed = self
                .seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            order.swap(index, (self.seed >> 33) as usize % (index + 1));
        }
        order
    }

    /// `whole` with the parts at these places, which stand in it, put in another order.
    fn parts(&mut self, text: &str, whole: Span, places: &[Span], inside: &[String]) -> String {
        let order = self.permutation(places.len());
        let mut out = String::new();
        let mut at = whole.start;
        for (place, part) in places.iter().zip(order) {
            out.push_str(Span::new(at, place.start).of(text));
            out.push_str(&inside[part]);
            at = place.end;
        }
        out.push_str(Span::new(at, whole.end).of(text));
        out
    }

    fn items(&mut self, text: &str, whole: Span, items: &[Item]) -> String {
        let places: Vec<Span> = items.iter().map(|item| item.span).collect();
        let inside: Vec<String> = items.iter().map(|item| self.item(text, item)).collect();
        self.parts(text, whole, &places, &inside)
    }

    fn item(&mut self, text: &str, item: &Item) -> String {
        match &item.kind {
            ItemKind::Service(service) => self.items(text, item.span, &service.items),
            ItemKind::Agent(agent) => self.items(text, item.span, &agent.items),
            ItemKind::Coordinate(block) => self.items(text, item.span, &block.items),
            ItemKind::Rule(rule) => self.rule(text, item.span, rule),
            ItemKind::On(on) => {
                let rules: Vec<&Rule> = on
                    .statements
                    .iter()
                    .filter_map(|statement| match statement {
                        OnStatement::Rule(rule) => Some(rule),
                        _ => None,
                    })
                    .collect();
                let places: Vec<Span> = rules.iter().map(|rule| rule.span).collect();
                let inside: Vec<String> = rules
                    .iter()
                    .map(|rule| self.rule(text, rule.span, rule))
                    .collect();
                self.parts(text, item.span, &places, &inside)
            }
            _ => item.span.of(text).to_owned(),
        }
    }

    fn rule(&mut self, text: &str, whole: Span, rule: &Rule) -> String {
        let places: Vec<Span> = rule
            .conditions
            .iter()
            .map(|condition| condition.span)
            .collect();
        let inside: Vec<String> = places
            .iter()
            .map(|place| place.of(text).to_owned())
            .collect();
        self.parts(text, whole, &places, &inside)
    }
}

fn texts() -> Vec<(String, String)> {
    let wrong =
        wrong_live::all().map(|(what, _, text)| ((*what).to_owned(), text.trim().to_owned()));
    common::programs()
        .into_iter()
        .chain(common::live_programs())
        .chain(wrong)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn order_changes_nothing(seed: u64) {
        for (what, text) in texts() {
            let items = parse(FileId(0), &text).tree.items;
            let whole = Span::new(0, text.len() as u32);
            let shuffled = Shuffle { seed }.items(&text, whole, &items);
            prop_assert_eq!(meaning(&shuffled), meaning(&text), "{}:\n{}", what, shuffled);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_programs_never_panic(which: usize, edits in prop::collection::vec((any::<usize>(), any::<usize>(), 0..3u8), 1..5)) {
        let texts = texts();
        let words = |text: &str| -> Vec<String> {
            let tokens = parse(FileId(0), text).tokens;
            tokens.iter().map(|token| token.span.of(text).to_owned()).collect()
        };
        let mut mutated = words(&texts[which % texts.len()].1);
        for (place, other, kind) in edits {
            let place = place % mutated.len().max(1);
            let others = words(&texts[other % texts.len()].1);
            let word = others[other / 7 % others.len()].clone();
            match kind {
                0 if mutated.len() > 1 => { mutated.remove(place); }
                1 => mutated.insert(place, word),
                _ => mutated[place] = word,
            }
        }
        let (checked, sources) = check_text(&mutated.join(" "));
        for diagnostic in &checked.diagnostics {
            diagnostic.report(&sources);
        }
        let _ = not_yet_run(&checked.program);
    }
}

/// Labels with their reasons, then the order points.
fn explained(text: &str) -> String {
    let (checked, sources) = check_text(text);
    let relations = checked.program.relations.values();
    let mut lines: Vec<String> = relations
        .map(|relation| {
            let reasons = relation.label_reason.iter();
            let reasons: Vec<&str> = reasons.map(|reason| reason.text.as_str()).collect();
            let label = format!("{:?}", relation.label).to_lowercase();
            format!("{}: {label}: {}", relation.name, reasons.join("; "))
        })
        .collect();
    for point in checked
        .program
        .live
        .iter()
        .flat_map(|live| &live.order_points)
    {
        let source = sources.get(FileId(point.span.file));
        let at = source.position(point.span.start);
        lines.push(format!(
            "{}:{} {} {}\n    because: {}\n    cost: {}",
            at.line,
            at.column,
            point.word.as_str(),
            point.about,
            point.reason,
            point.cost
        ));
    }
    lines.join("\n")
}

#[test]
fn labels_and_order_points() {
    let cases: Vec<String> = common::programs()
        .into_iter()
        .chain(common::live_programs())
        .filter(|(_, text)| check_text(text).0.program.live.is_some())
        .map(|(name, text)| format!("# {name}\n{}", explained(&text)))
        .collect();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("live_explained", cases.join("\n\n"));
    });
}

#[test]
fn labels_say_which_uses_of_a_climbing_value_are_monotone() {
    let (checked, sources) = check_text(
        "table vote(poll: Id, voter: String);\ntable best(player: String) -> Max<Int>;\n\
         table owner(thing: Id) -> One<String>;\ntable price(thing: Id) -> Lww<Int>;\n\
         table basket(thing: Id) -> Sum<Int>;\n\
         event go(id: Id, s: String, n: Int);\n\
         on go(id, s, n) as g {\n merge vote(id, s); merge best(s) -> n; merge owner(id) -> s;\n\
         merge price(id) -> Lww(g.at, n); merge basket(id) -> n;\n}\n\
         view votes(poll: Id) -> Count;\nvotes(p) if vote(p, _);\n\
         view enough(poll: Id);\nenough(p) if votes(p) -> n, n >= 3;\n\
         view exactly(poll: Id);\nexactly(p) if votes(p) -> n, n == 3;\n\
         view top() -> Max<Int>;\ntop() -> n + 1 if best(_) -> n;\n\
         view least() -> Min<Int>;\nleast() -> n if best(_) -> n;\n\
         view owned(by: String, thing: Id);\nowned(s, t) if owner(t) -> s;\n\
         view mine(thing: Id);\nmine(t) if owner(t) -> \"me\";\n\
         view priced(thing: Id);\npriced(t) if price(t) -> _;\n\
         view full(thing: Id);\nfull(t) if basket(t) -> n, n > 3;\n",
    );
    assert!(
        !checked.has_errors(),
        "{:?}",
        checked.diagnostics.first().map(|d| d.short(&sources))
    );
    let label = |name: &str| checked.program.relations[name].label;
    for growing in [
        "vote", "best", "owner", "votes", "enough", "top", "owned", "mine",
    ] {
        assert_eq!(label(growing), sheaf_ir::Label::Growing, "{growing}");
    }
    for changing in ["price", "basket", "exactly", "least", "priced", "full"] {
        assert_eq!(label(changing), sheaf_ir::Label::Changing, "{changing}");
    }
}

/// A module of another file.
struct Shop;

impl Loader for Shop {
    fn load(&mut self, _: PackageId, module: &str) -> Result<Option<LoadedFile>, String> {
        let text = "pub service Stock {\n    table count(sku: String) -> Sum<Nat>;\n    \
                    message sold(sku: String);\n    request left(sku: String) -> Nat;\n    \
                    on sold(sku) { merge count(sku) -> 1; }\n    \
                    on left(_) { reply 1; }\n}\n";
        Ok((module == "shop").then(|| LoadedFile {
            name: "shop.sheaf".to_owned(),
            text: text.to_owned(),
        }))
    }
}

#[test]
fn a_service_of_another_file_is_reached_by_its_messages_and_requests() {
    let check_with_shop = |text: &str| {
        let mut sources = Sources::new();
        let root = sources.add("t", text);
        let checked = check(&mut sources, root, &mut Shop);
        let lines: Vec<String> = checked
            .diagnostics
            .iter()
            .map(|d| d.short(&sources))
            .collect();
        lines.join("\n")
    };
    let right = "use shop.Stock;\ninput sale(sku: String) from kafka(\"sales\");\n\
                 send sold(sku) to Stock if sale(sku);\n\
                 table rest(sku: String, n: Nat);\n\
                 merge rest(sku, n) if sale(sku), final Stock.left(sku) -> n;\n\
                 view seen(sku: String);\nseen(sku) if Stock.count(sku);\n";
    assert_eq!(check_with_shop(right), "");
    let wrong = "use shop.Stock;\ninput sale(sku: String) from kafka(\"sales\");\n\
                 merge Stock.count(sku) -> 1 if sale(sku);\n";
    assert_eq!(
        check_with_shop(wrong),
        "t:3:7: error[E0603]: `count` is a table of `shop.Stock`, which alone may merge it"
    );
}

#[test]
fn long_chains_of_views_are_followed_to_their_end() {
    let chain: String = (1..2000)
        .map(|i| {
            format!(
                "view v{i}(k: Int, a: Int);\nv{i}(k, a) if v{}(k, a);\n",
                i - 1
            )
        })
        .collect();
    let text = format!(
        "table t(k: Int, a: Int);\ntable seen(k: Int);\nevent e(k: Int);\nevent f(k: Int);\n\
         on e(k) {{ merge t(k, k); }}\nview v0(k: Int, a: Int);\nv0(k, a) if t(k, a);\n{chain}\
         on f(k) {{ merge seen(k) if final v1999(k, _); }}\n\
         coordinate c by k because \"it is a test\" {{\n    \
         on f(k) {{ merge seen(k) if v1999(k, _); }}\n}}\n"
    );
    let started = std::time::Instant::now();
    let (checked, _) = check_text(&text);
    println!("2,000 views in {:?}", started.elapsed());
    let codes: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|d| d.code.as_str())
        .collect();
    assert_eq!(codes, ["E0504", "E0509"]);
    let sealed = text.replace(
        "merge t(k, k);",
        "merge t(k, k); seal t(k, _) because \"one is enough\";",
    );
    let (checked, _) = check_text(&sealed);
    let codes: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|d| d.code.as_str())
        .collect();
    assert_eq!(codes, ["E0509"]);
}
