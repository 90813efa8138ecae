//! Runs commands in turn, A B A B …, and prints each one's CPU seconds (user + system, of the whole
//! process and its children) and peak memory as medians, then the ratio of each to the last.
//!
//! `compare RUNS -- COMMAND A -- COMMAND B …`; every command must print the same last line.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

struct Run {
    cpu: f64,
    wall: f64,
    peak_mb: f64,
}

fn run(command: &[String]) -> (Run, String) {
    let start = std::time::Instant::now();
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", command[0]));
    let mut text = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut text).expect("text");
    // SAFETY: plain data filled by the kernel; the child is ours and not waited for elsewhere.
    let (status, usage) = unsafe {
        let mut status = 0;
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage);
        (std::process::ExitStatus::from_raw(status), usage)
    };
    assert!(status.success(), "{command:?} failed: {status}");
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    let run = Run {
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        wall: start.elapsed().as_secs_f64(),
        peak_mb: usage.ru_maxrss as f64 / 1024.0,
    };
    (run, text.lines().last().unwrap_or_default().to_string())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut parts = words.split(|w| w == "--");
    let runs: usize = parts
        .next()
        .and_then(|p| p.first())
        .and_then(|n| n.parse().ok())
        .expect("usage: compare RUNS -- COMMAND A -- COMMAND B");
    let commands: Vec<Vec<String>> = parts.map(<[String]>::to_vec).collect();
    let mut answers: Vec<String> = commands.iter().map(|c| run(c).1).collect();
    answers.dedup();
    assert_eq!(answers.len(), 1, "the commands disagree: {answers:?}");
    println!("every command answers {}", answers[0]);
    let mut results: Vec<Vec<Run>> = commands.iter().map(|_| Vec::new()).collect();
    for _ in 0..runs {
        for (command, result) in commands.iter().zip(&mut results) {
            result.push(run(command).0);
        }
    }
    let of = |result: &[Run], f: fn(&Run) -> f64| median(result.iter().map(f).collect());
    let last = of(results.last().expect("a command"), |r| r.cpu);
    println!("{:>8} {:>8} {:>8} {:>8}  command", "cpu s", "wall s", "peak MB", "ratio");
    for (command, result) in commands.iter().zip(&results) {
        let cpu = of(result, |r| r.cpu);
        println!(
            "{cpu:8.3} {:8.3} {:8.1} {:8.3}  {}",
            of(result, |r| r.wall),
            of(result, |r| r.peak_mb),
            cpu / last,
            command.join(" ")
        );
    }
}
