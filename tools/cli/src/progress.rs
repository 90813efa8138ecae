//! A line on standard error while a run takes long; none where nobody watches.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use sheaf_node::run::{Phase, Progress};

/// Before this nothing is shown.
const SILENCE: Duration = Duration::from_millis(500);

/// The line.
pub struct Line {
    bar: Option<ProgressBar>,
    watched: bool,
}

impl Line {
    /// Nothing is shown yet.
    pub fn new() -> Line {
        Line {
            bar: None,
            watched: stderr().is_terminal(),
        }
    }

    /// Shows how far a run is.
    pub fn show(&mut self, progress: &Progress) {
        if !self.watched || progress.elapsed < SILENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let phase = match progress.phase {
            Phase::Reading => "reading",
            Phase::Running => "running",
            Phase::Writing => "writing",
        };
        bar.set_message(format!(
            "{phase}: {} rows in, {} rows out, {:.1} s",
            HumanCount(progress.read),
            HumanCount(progress.out),
            progress.elapsed.as_secs_f64()
        ));
        bar.tick();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
