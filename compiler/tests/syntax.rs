use sheaf_compiler::{source::FileId, syntax::parse};
#[test]
fn programs() {
    for e in std::fs::read_dir("tests/programs").unwrap() {
        let p = e.unwrap().path();
        let t = std::fs::read_to_string(&p).unwrap();
        println!("{p:?}");
        let r = std::panic::catch_unwind(|| parse(FileId(0), &t));
        match r { Ok(r) => println!("{} {:?}", r.tree.items.len(), r.diagnostics), Err(_) => println!("FAIL") }
    }
}
