//! Programs of several packages.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeMap;

use sheaf_compiler::check::{Checked, LoadedFile, Loader, PackageId, check};
use sheaf_compiler::source::Sources;

/// Files in memory, by path; the root file is `app/main.sheaf`.
struct Folders {
    files: BTreeMap<String, String>,
    /// The folder of each package.
    packages: Vec<String>,
}

impl Folders {
    fn file(&self, package: PackageId, path: &str) -> Option<LoadedFile> {
        let name = format!("{}/{path}", self.packages[package.0]);
        let text = self.files.get(&name)?.clone();
        Some(LoadedFile { name, text })
    }
}

impl Loader for Folders {
    fn load(&mut self, package: PackageId, module: &str) -> Result<Option<LoadedFile>, String> {
        Ok(self.file(package, &format!("{}.sheaf", module.replace('.', "/"))))
    }

    fn root(&self) -> Option<String> {
        Some("main".to_owned())
    }

    fn manifest(&mut self, package: PackageId) -> Result<Option<LoadedFile>, String> {
        if self.packages[package.0] == "locked" {
            return Err("permission denied".to_owned());
        }
        Ok(self.file(package, "sheaf.toml"))
    }

    fn dependency(&mut self, _: PackageId, path: &str) -> Option<PackageId> {
        let folder = path.strip_prefix("../")?;
        let inside = format!("{folder}/");
        if folder != "locked" && !self.files.keys().any(|file| file.starts_with(&inside)) {
            return None;
        }
        let known = self.packages.iter().position(|known| known == folder);
        Some(PackageId(known.unwrap_or_else(|| {
            self.packages.push(folder.to_owned());
            self.packages.len() - 1
        })))
    }

    fn near(&mut self, package: PackageId, _: &str) -> Vec<String> {
        let folder = format!("{}/", self.packages[package.0]);
        let files = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(&folder));
        let modules = files.filter_map(|file| file.strip_suffix(".sheaf"));
        modules.map(|module| module.replace('/', ".")).collect()
    }
}

fn manifest(name: &str, dependencies: &[(&str, &str)]) -> String {
    let mut text = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n[dependencies]\n");
    for (name, path) in dependencies {
        text += &format!("{name} = {{ path = \"../{path}\" }}\n");
    }
    text
}

/// A program `app` that uses `geo` and `maps`, which uses `geo` too; with some files replaced.
fn run(changed: &[(&str, &str)]) -> (Checked, String) {
    let mut files = BTreeMap::from([
        (
            "app/main.sheaf",
            "use geo.cities.{near};\nuse maps.{far};\nuse shop.prices.price;\nuse geo;\n\
             view a(x: Int);\na(x) if near(x), far(x), price(x), geo.unit(x);\n"
                .to_owned(),
        ),
        (
            "app/sheaf.toml",
            manifest("app", &[("geo", "geo"), ("maps", "maps")]),
        ),
        (
            "app/shop/prices.sheaf",
            "pub view price(x: Int);\nprice(1);\n".to_owned(),
        ),
        ("geo/sheaf.toml", manifest("geo", &[])),
        (
            "geo/cities.sheaf",
            "use units.scale;\npub view near(x: Int);\nnear(scale(1));\n".to_owned(),
        ),
        (
            "geo/units.sheaf",
            "pub fn scale(x: Int) -> Int { x }\n".to_owned(),
        ),
        (
            "geo/geo.sheaf",
            "pub view unit(x: Int);\nunit(1);\n".to_owned(),
        ),
        ("maps/sheaf.toml", manifest("maps", &[("geo", "geo")])),
        (
            "maps/maps.sheaf",
            "use geo.cities;\npub view far(x: Int);\nfar(x) if cities.near(x);\n".to_owned(),
        ),
    ]);
    for (name, text) in changed {
        files.insert(name, (*text).to_owned());
    }
    files.retain(|_, text| text != "-");
    let mut sources = Sources::new();
    let root = sources.add("app/main.sheaf", files["app/main.sheaf"].clone());
    let mut folders = Folders {
        files: files
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text))
            .collect(),
        packages: vec!["app".to_owned()],
    };
    let checked = check(&mut sources, root, &mut folders);
    let lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| d.short(&sources))
        .collect();
    (checked, lines.join("\n"))
}

fn codes(checked: &Checked) -> Vec<&str> {
    checked
        .diagnostics
        .iter()
        .map(|d| d.code.as_str())
        .collect()
}

#[test]
fn packages_are_known_by_name_and_read_once() {
    let (checked, lines) = run(&[]);
    assert_eq!(lines, "");
    let names: Vec<&str> = checked
        .program
        .relations
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "a",
            "geo.cities.near",
            "geo.unit",
            "maps.far",
            "shop.prices.price"
        ]
    );
    let files = &checked.program.files;
    assert_eq!(
        files.iter().filter(|file| file.starts_with("geo/")).count(),
        4,
        "{files:?}"
    );
}

#[test]
fn the_order_of_items_and_dependencies_changes_nothing() {
    let turned = "view a(x: Int);\na(x) if near(x), far(x), price(x), geo.unit(x);\n\
        use geo;\nuse shop.prices.price;\nuse maps.{far};\nuse geo.cities.{near};\n";
    let manifest = manifest("app", &[("maps", "maps"), ("geo", "geo")]);
    let (before, _) = run(&[]);
    let (after, lines) = run(&[("app/main.sheaf", turned), ("app/sheaf.toml", &manifest)]);
    assert_eq!(lines, "");
    assert_eq!(before.program.files, after.program.files);
    let names =
        |checked: &Checked| -> Vec<String> { checked.program.relations.keys().cloned().collect() };
    assert_eq!(names(&before), names(&after));
}

#[test]
fn each_mistake_is_told_once_where_it_is() {
    let app = |dependencies: &[(&str, &str)]| manifest("app", dependencies);
    let all = [("geo", "geo"), ("maps", "maps")];
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("geo/sheaf.toml", &manifest("geo", &[("maps", "maps")]))],
            "maps/sheaf.toml:5:1: error[E0708]: packages depend on each other in a circle: `geo` → `maps` → `geo`",
        ),
        (
            &[("app/sheaf.toml", &app(&[all[0], all[1], ("app", "app")]))],
            "app/sheaf.toml:7:1: error[E0708]: the package `app` depends on itself",
        ),
        (
            &[
                ("maps/sheaf.toml", &manifest("maps", &[("geo", "old_geo")])),
                ("old_geo/sheaf.toml", &manifest("geo", &[])),
            ],
            "maps/sheaf.toml:5:1: error[E0709]: two packages of this program are called `geo`",
        ),
        (
            &[("app/geo/cities.sheaf", "pub view near(x: Int);\nnear(1);\n")],
            "app/main.sheaf:1:5: error[E0710]: `geo` is both a package and a part of the path of a module here",
        ),
        (
            &[
                (
                    "app/main.sheaf",
                    "use geo.cities.near;\nuse maps.far;\nview a(x: Int);\na(x) if near(x), far(x);\n",
                ),
                ("app/sheaf.toml", &app(&[all[1]])),
                ("app/geo/cities.sheaf", "pub view near(x: Int);\nnear(1);\n"),
            ],
            "app/main.sheaf:1:5: error[E0710]: `geo` is both a package and a part of the path of a module here",
        ),
        (
            &[("app/sheaf.toml", &app(&[("geo", "goe"), all[1]]))],
            "app/sheaf.toml:5:16: error[E0711]: the package `geo` cannot be found: there is no folder `../goe`",
        ),
        (
            &[
                ("app/sheaf.toml", &app(&[("geo", "plain"), all[1]])),
                ("plain/a.sheaf", ""),
            ],
            "app/sheaf.toml:5:16: error[E0711]: the folder `../plain` is no package: it has no `sheaf.toml`",
        ),
        (
            &[("app/sheaf.toml", &app(&[("geo", "locked"), all[1]]))],
            "app/sheaf.toml:5:16: error[E0711]: the `sheaf.toml` of package `geo` cannot be read: permission denied",
        ),
        (
            &[("app/sheaf.toml", &app(&[all[0], all[1], ("map", "maps")]))],
            "app/sheaf.toml:7:1: error[E0711]: the folder `../maps` holds the package `maps`, not `map`",
        ),
        (
            &[("geo/sheaf.toml", "[package")],
            "geo/sheaf.toml:1:9: error[E0712]: `sheaf.toml` is not TOML",
        ),
        (
            &[("app/sheaf.toml", &(app(&all) + "[dependencis]\n"))],
            "app/sheaf.toml:7:2: error[E0713]: `dependencis` means nothing in `sheaf.toml`",
        ),
        (
            &[("geo/sheaf.toml", "[package]\nname = \"geo\"\n")],
            "geo/sheaf.toml:1:1: error[E0714]: `sheaf.toml` lacks `version`",
        ),
        (
            &[
                ("geo/cities.sheaf", "-"),
                ("geo/city.sheaf", "pub view near(x: Int);\nnear(1);\n"),
                ("maps/maps.sheaf", "pub view far(x: Int);\nfar(1);\n"),
            ],
            "app/main.sheaf:1:5: error[E0701]: the package `geo` has no module `cities`",
        ),
        (
            &[(
                "geo/units.sheaf",
                "use main.a;\npub fn scale(x: Int) -> Int { x }\n",
            )],
            "geo/units.sheaf:1:5: error[E0701]: there is no module `main`",
        ),
        (
            &[("geo/units.sheaf", "fn scale(x: Int) -> Int { x }\n")],
            "geo/cities.sheaf:1:11: error[E0704]: `scale` of module `units` is not public",
        ),
        (
            &[(
                "geo/units.sheaf",
                "use geo.unit;\nuse cities.near;\npub fn scale(x: Int) -> Int { x }\npub view u(x: Int);\nu(x) if unit(x), near(x);\n",
            )],
            "geo/cities.sheaf:1:11: error[E0707]: modules use each other in a circle: `geo.cities` → `geo.units` → `geo.cities`",
        ),
    ];
    for (changed, expected) in cases {
        let (_, lines) = run(changed);
        assert!(
            lines.starts_with(expected),
            "{changed:#?}\n{expected}\n{lines}"
        );
        assert_eq!(lines.lines().count(), 1, "{changed:#?}\n{lines}");
    }
}

#[test]
fn a_wrong_path_is_told_what_was_meant() {
    let cases = [
        ("use geo.citys.near;", "geo.cities", "use geo.cities.near;"),
        ("use goe.cities.near;", "geo.cities", "use geo.cities.near;"),
        (
            "use shop.price.price as near;",
            "shop.prices",
            "use shop.prices.price as near;",
        ),
        (
            "use geo.citis as near;",
            "geo.cities",
            "use geo.cities as near;",
        ),
    ];
    for (wrong, near, right) in cases {
        let text = format!("{wrong}\nview a(x: Int);\na(x) if near(x);\n");
        let (checked, lines) = run(&[("app/main.sheaf", &text), ("geo/geo.sheaf", "-")]);
        let [diagnostic] = checked.diagnostics.as_slice() else {
            panic!("{wrong}\n{lines}");
        };
        assert_eq!(diagnostic.code.as_str(), "E0701", "{wrong}");
        let help = &diagnostic.help[0];
        assert_eq!(help.text, format!("did you mean `{near}`?"), "{wrong}");
        let edit = &help.edits[0];
        let mut mended = wrong.to_owned();
        mended.replace_range(
            edit.span.start as usize..edit.span.end as usize,
            &edit.replacement,
        );
        assert_eq!(mended, right);
    }
}

#[test]
fn re_exports_cross_packages() {
    let (checked, lines) = run(&[
        (
            "maps/maps.sheaf",
            "pub use geo.cities.near as far;\npub use geo.cities;\n",
        ),
        (
            "app/main.sheaf",
            "use maps;\nuse maps.{far, cities};\nview a(x: Int);\na(x) if far(x), maps.far(x), cities.near(x);\n",
        ),
    ]);
    assert_eq!(lines, "");
    assert_eq!(codes(&checked), Vec::<&str>::new());
    let private = [(
        "maps/maps.sheaf",
        "use geo.cities.near as far;\npub view b(x: Int);\nb(x) if far(x);\n",
    )];
    let (_, lines) = run(&private);
    assert!(
        lines.starts_with("app/main.sheaf:2:11: error[E0704]"),
        "{lines}"
    );
    assert_eq!(lines.lines().count(), 1, "{lines}");
}
