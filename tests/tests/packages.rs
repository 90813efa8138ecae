//! Packages as a user meets them: folders with a `sheaf.toml`, from wherever the command is started.

use std::path::Path;

use sheaf_tests::{Project, run};

const FILES: &[(&str, &str)] = &[
    (
        "work/app/sheaf.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\
         [dependencies]\ngeo = { path = \"../libs/geo\" }\n[deploy]\nworkers = 2\n",
    ),
    (
        "work/app/main.sheaf",
        "use shop.prices.{price};\nuse geo.cities.{near};\n\
         pub view offer(sku: String, city: String);\noffer(s, c) if price(s, n), n < 100, near(c);\n\
         output offer to csv(\"offer.csv\");\n",
    ),
    (
        "work/app/shop/prices.sheaf",
        "pub input price(sku: String, cents: Int) from csv(\"prices.csv\");\n\
         output price to csv(\"copy.csv\");\ntest \"of the module\" { expect price(\"no\", 1); }\n",
    ),
    ("work/app/prices.csv", "sku,cents\nink,50\npen,500\n"),
    (
        "work/libs/geo/sheaf.toml",
        "[package]\nname = \"geo\"\nversion = \"1.0.0\"\n",
    ),
    (
        "work/libs/geo/cities.sheaf",
        "use names.ulm;\npub view near(city: String);\nnear(ulm());\n",
    ),
    (
        "work/libs/geo/names.sheaf",
        "pub fn ulm() -> String { \"Ulm\" }\n",
    ),
];

#[test]
fn a_package_and_its_dependency_run_from_any_folder() {
    for (from, file) in [
        ("", "work/app/main.sheaf"),
        ("work/app", "main.sheaf"),
        ("work/app/shop", "../main.sheaf"),
        ("work/libs/geo", "../../app/./main.sheaf"),
    ] {
        let project = Project::new(FILES);
        run(&project.path().join(from), &["run", file]).ok();
        assert_eq!(
            project.read("work/app/offer.csv"),
            "sku,city\nink,Ulm\n",
            "from {from:?}"
        );
        assert!(
            !project.has("work/app/copy.csv"),
            "outputs of a module are not written"
        );
        run(&project.path().join(from), &["test", file]).ok();
    }
    let project = Project::new(FILES);
    let absolute = project.path().join("work/app/main.sheaf");
    let absolute = absolute.to_str().expect("a path");
    run(Path::new("/"), &["run", absolute]).ok();
    assert!(project.has("work/app/offer.csv"));
}

#[test]
fn a_file_deep_in_a_package_finds_modules_from_its_folder() {
    let program = "use shop.prices.{price};\nview a(sku: String);\na(s) if price(s, _);\n";
    for (from, file) in [
        ("work/app/jobs/daily", "a.sheaf"),
        ("", "work/app/jobs/daily/a.sheaf"),
    ] {
        let project = Project::new(FILES);
        project.write("work/app/jobs/daily/a.sheaf", program);
        run(&project.path().join(from), &["check", file]).ok();
    }
}

#[test]
fn the_folder_of_another_package_is_no_part_of_this_one() {
    let project = Project::new(FILES);
    project.write(
        "work/main.sheaf",
        "use libs.geo.names.ulm;\nview a(s: String);\na(ulm());\n",
    );
    let finished = project.run(&["check", "work/main.sheaf", "--format", "short"]);
    assert_eq!(finished.code, Some(1));
    let line = "work/main.sheaf:1:5: error[E0701]: there is no module `libs.geo.names`\n";
    assert_eq!(finished.stdout, line, "{}", finished.stderr);
}

#[test]
fn wrong_packages_are_told_at_their_place() {
    let manifest = "work/app/sheaf.toml";
    let text = FILES[0].1;
    let cases = [
        (
            manifest,
            text.replace("../libs/geo", "../geo"),
            "work/app/sheaf.toml:5:16: error[E0711]: the package `geo` cannot be found: \
             there is no folder `../geo`\n",
        ),
        (
            manifest,
            text.replace("version", "verson"),
            "work/app/sheaf.toml:3:1: error[E0713]: `package.verson` means nothing in `sheaf.toml`\n",
        ),
        (
            "work/libs/geo/names.sheaf",
            "use cities.near;\npub fn ulm() -> String { \"Ulm\" }\nview u(s: String);\nu(s) if near(s);\n"
                .to_owned(),
            "work/libs/geo/cities.sheaf:1:11: error[E0707]: modules use each other in a circle: \
             `geo.cities` → `geo.names` → `geo.cities`\n",
        ),
        (
            "work/app/main.sheaf",
            "use shop.price.price;\nview a(s: String);\na(s) if price(s, _);\n".to_owned(),
            "work/app/main.sheaf:1:5: error[E0701]: there is no module `shop.price`\n",
        ),
        (
            "work/app/shop/prices.sheaf",
            "use main.offer;\npub view price(sku: String, cents: Int);\nprice(s, 1) if offer(s, _);\n"
                .to_owned(),
            "work/app/main.sheaf:1:18: error[E0707]: modules use each other in a circle: \
             `main` → `shop.prices` → `main`\n",
        ),
    ];
    for (name, text, expected) in cases {
        let project = Project::new(FILES);
        project.write(name, text);
        let finished = project.run(&["check", "work/app/main.sheaf", "--format", "short"]);
        assert_eq!(finished.code, Some(1), "{expected}");
        assert_eq!(finished.stdout, expected, "{}", finished.stderr);
    }
}
