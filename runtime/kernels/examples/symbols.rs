//! Measures the interner and row sorting: `cargo run --release -p sheaf-kernels --example symbols`.

use std::time::Instant;

use sheaf_ir::Type;
use sheaf_kernels::words::sort_rows;
use sheaf_kernels::{Interner, Rows};

fn main() {
    let interner = Interner::new();
    let texts: Vec<String> = (0..64_000)
        .map(|i| format!("lib{}-package", i * 7919))
        .collect();
    let start = Instant::now();
    let symbols: Vec<u64> = texts
        .iter()
        .map(|t| interner.intern(t.as_bytes()))
        .collect();
    report("intern new", start, texts.len());

    let start = Instant::now();
    for _ in 0..10 {
        for text in &texts {
            assert!(interner.intern(text.as_bytes()) < 64_000);
        }
    }
    report("intern known", start, 10 * texts.len());

    let text: usize = texts.iter().map(String::len).sum();
    let overhead = (interner.bytes() - text) as f64 / texts.len() as f64;
    println!("overhead {overhead:.1} bytes a symbol");

    let mut state = 1u64;
    let mut random = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        symbols[(state >> 33) as usize % symbols.len()]
    };
    let words: Vec<u64> = (0..8_000_000).map(|_| random()).collect();
    for types in [[Type::String, Type::String], [Type::Int, Type::Int]] {
        let mut rows = Rows::from_words(2, words.clone());
        let start = Instant::now();
        sort_rows(&mut rows, &types, &[], &interner);
        report("sort rows of 2 columns", start, rows.len());
    }
}

fn report(what: &str, start: Instant, count: usize) {
    let elapsed = start.elapsed();
    let each = elapsed.as_nanos() as f64 / count as f64;
    println!("{what}: {count} in {elapsed:.2?}, {each:.1} ns each");
}
