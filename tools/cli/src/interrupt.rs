//! Ctrl-C: the work is asked to end, and if it does not, the process ends anyway.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sheaf_node::environment::System;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What an interrupted process ends with.
pub const EXIT_CODE: u8 = 130;

/// How long work that was asked to end may take to do so.
const PATIENCE: Duration = Duration::from_millis(700);

/// A flag that a signal sets. If the process is still there a moment later, what it is writing is
/// removed and it ends.
pub fn watch(system: &System) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    // Without the handler a signal ends the process at once, as it always does.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return flag;
    };
    let (set, system) = (flag.clone(), system.clone());
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            set.store(true, Ordering::Relaxed);
            thread::sleep(PATIENCE);
            system.abandon();
            process::exit(i32::from(EXIT_CODE));
        }
    });
    flag
}

/// Leaves signals to the process that started this one.
pub fn ignore() {
    // A terminal's Ctrl-C reaches a whole group of processes; the leader decides.
    let _ = signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)));
}
