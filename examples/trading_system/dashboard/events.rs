//! What happened to the processes, as seen from one picture to the next.

use super::picture::{Process, State};
use std::collections::VecDeque;

/// How many are kept.
const KEPT: usize = 50;

/// The newest happenings.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Seconds since the dashboard attached, and what happened then. The newest first.
    newest: VecDeque<(f64, String)>,
    /// How many there have been.
    count: u64,
    before: Vec<Process>,
}

impl Events {
    /// Compares the processes with how they were.
    pub(super) fn see(&mut self, at: f64, processes: &[Process]) {
        let before = std::mem::replace(&mut self.before, processes.to_vec());
        for (before, now) in before.iter().zip(processes) {
            let role = now.role;
            if now.starts != before.starts {
                let again = if now.starts > 1 { " again" } else { "" };
                self.tell(at, format!("{role} was started{again}, as process {}", now.pid));
            } else if now.state != before.state {
                match (before.state, now.state) {
                    (State::Live, State::Silent(_)) => self.tell(at, format!("{role} fell silent")),
                    (State::Silent(_), State::Live) => self.tell(at, format!("{role} is back")),
                    _ => {}
                }
            }
            let lost = if now.starts == before.starts { now.lost.saturating_sub(before.lost) } else { now.lost };
            if lost > 0 {
                self.tell(at, format!("{role} lost {lost} messages of its input"));
            }
        }
    }

    /// The newest happenings, the newest first, and how many there have been in all.
    pub(super) fn newest(&self) -> (&VecDeque<(f64, String)>, u64) {
        (&self.newest, self.count)
    }

    fn tell(&mut self, at: f64, what: String) {
        self.newest.push_front((at, what));
        self.newest.truncate(KEPT);
        self.count += 1;
    }
}
