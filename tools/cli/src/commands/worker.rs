//! `sheaf worker`, hidden: a further process of a run.

use std::io::{BufReader, Read, stdin};
use std::process;
use std::thread;

use sheaf_node::run::{Invitation, serve};

use crate::{Outcome, interrupt, print};

/// Works until the run that started this process has ended, or is gone.
pub fn work() -> Outcome {
    interrupt::ignore();
    let mut input = BufReader::new(stdin());
    let invitation = match Invitation::read(&mut input) {
        Ok(invitation) => invitation,
        Err(error) => {
            print::error(error, &[]);
            return Outcome::Usage;
        }
    };
    // The other end of standard input closes when the leader is gone, however it went.
    thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = input.read_to_end(&mut rest);
        process::exit(1);
    });
    match serve(invitation) {
        Ok(()) => Outcome::Success,
        // The leader says what went wrong; it sees more of it.
        Err(_) => Outcome::Failure,
    }
}
