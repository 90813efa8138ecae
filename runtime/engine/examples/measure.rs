//! Measures the host by itself: start and stop, rows through to a sink, on one shape of cluster.
//!
//! `measure [processes] [workers] [rows]`

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sheaf_engine::{Config, Engine, Membership, OutputEvent};
use sheaf_ir::plan::choose;
use sheaf_ir::sizes::Sizes;
use sheaf_kernels::Rows;

const PATIENCE: Duration = Duration::from_secs(60);

fn start(processes: usize, workers: usize) -> Engine {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let leader = listener.local_addr().expect("an address");
    for process in 1..processes {
        let membership = Membership::Follower {
            leader,
            process,
            generation: 1,
            patience: PATIENCE,
        };
        std::thread::spawn(move || {
            Engine::serve(Config {
                workers,
                membership,
            })
        });
    }
    let membership = match processes {
        1 => Membership::Alone,
        _ => Membership::Leader {
            listener,
            processes,
            generation: 1,
            patience: PATIENCE,
        },
    };
    Engine::start(Config {
        workers,
        membership,
    })
    .expect("the processes meet")
}

fn main() {
    let mut arguments = std::env::args().skip(1).flat_map(|a| a.parse::<usize>());
    let processes = arguments.next().unwrap_or(1);
    let workers = arguments.next().unwrap_or(2);
    let rows = arguments.next().unwrap_or(4_000_000);

    let begin = Instant::now();
    drop(start(processes, workers));
    println!("start and stop     {:>10.2?}", begin.elapsed());

    let engine = start(processes, workers);
    let program = sheaf_ir::text::parse(include_str!("../tests/programs/copy.sir"));
    let program = Arc::new(program.expect("the program is right"));
    let plan = choose(&program, &Sizes::default());
    let install = || {
        engine
            .install("copy", Arc::clone(&program), plan.clone(), BTreeMap::new())
            .expect("it can be installed")
    };
    let wait = |installation: &sheaf_engine::Installation| {
        let mut count = 0;
        loop {
            match installation.next_output(PATIENCE).expect("it runs") {
                Some(OutputEvent::Rows { rows, .. }) => count += rows.len(),
                Some(OutputEvent::Done) => return count,
                Some(_) => {}
                None => panic!("it hangs"),
            }
        }
    };
    let begin = Instant::now();
    let empty = install();
    empty.close().expect("it runs");
    wait(&empty);
    println!("an empty program   {:>10.2?}", begin.elapsed());

    let names: Vec<u64> = (0..20_000)
        .map(|i| engine.interner().intern(format!("name {i}").as_bytes()))
        .collect();
    let begin = Instant::now();
    let installation = install();
    let count = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut i = 0;
            while i < rows {
                let size = 1024.min(rows - i);
                let mut batch = Rows::with_capacity(2, size);
                for j in i..i + size {
                    batch.push(&[names[j % names.len()], names[j * 7 % names.len()]]);
                }
                installation.feed("pair", batch, 0).expect("it runs");
                i += size;
            }
            installation.close().expect("it runs");
        });
        wait(&installation)
    });
    assert_eq!(count, rows);
    println!("{count} rows through {:>10.2?}", begin.elapsed());
}
