//! One buffer, and what was seen of it over time.

use crate::commands::trouble;
use crate::machine::directory::Found;
use crate::machine::view::{Sample, Seen, View, marks};
use crate::text;
use icc_queue::{GroupStatus, ReaderStatus};
use std::time::{Duration, Instant};

/// A buffer that is watched.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) found: Found,
    pub(crate) view: Option<View>,
    /// Notes that stay.
    marks: Vec<String>,
    pub(crate) last: Option<Sample>,
    /// None if there are none that could be seen.
    pub(crate) readers: Option<Vec<ReaderStatus>>,
    pub(crate) groups: Vec<GroupStatus>,
    /// Messages or values a second, between the last two looks.
    pub(crate) rate: Option<f64>,
    /// Producers or writers that were seen to be gone, and when the last of them was.
    gone: u32,
    gone_at: Option<Instant>,
    /// Why the last look failed.
    trouble: Option<String>,
}

impl Row {
    pub(crate) fn new(found: Found) -> Self {
        let mut row = Self {
            found,
            view: None,
            marks: Vec::new(),
            last: None,
            readers: None,
            groups: Vec::new(),
            rate: None,
            gone: 0,
            gone_at: None,
            trouble: None,
        };
        match &row.found.header {
            Ok(inspected) => {
                row.marks = marks(inspected);
                match View::open(inspected) {
                    Ok(view) => row.view = Some(view),
                    Err(error) => row.marks.push(format!("{error:#}")),
                }
            }
            Err(error) => row.marks.push(trouble(error)),
        }
        row
    }

    /// Whether this is the same buffer as `other`, whose name is the same.
    pub(crate) fn is(&self, other: &Found) -> bool {
        match (&self.found.header, &other.header) {
            (Ok(one), Ok(other)) => one.instance == other.instance,
            (one, other) => one == other,
        }
    }

    pub(crate) fn look(&mut self) {
        let Some(view) = &self.view else { return };
        let seen = match view.look() {
            Ok(Seen::There(sample)) => sample,
            Ok(Seen::Gone) => return self.trouble = Some("removed, or truncated".to_owned()),
            Err(error) => return self.trouble = Some(error.to_string()),
        };
        self.trouble = None;
        if let Some(before) = &self.last {
            self.rate = seen.rate_since(before);
            if seen.living < before.living {
                self.gone += before.living - seen.living;
                self.gone_at = Some(seen.at);
            }
        }
        self.last = Some(seen);
        self.readers = view.readers();
        self.groups = view.groups();
    }

    pub(crate) fn living(&self) -> Option<u32> {
        self.last.map(|sample| sample.living)
    }

    /// How far behind the last of the living readers is.
    pub(crate) fn lag(&self) -> Option<u64> {
        self.readers.iter().flatten().filter(|reader| reader.is_alive).map(|reader| reader.lag).max()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.readers.iter().flatten().map(|reader| reader.lost).sum()
    }

    /// Whether it lacks somebody who was there.
    pub(crate) fn is_worse(&self) -> bool {
        self.gone_at.is_some() && self.living() == Some(0) || self.last.is_some_and(|sample| sample.unfinished > 0)
    }

    /// What is to be said of it, the most important first.
    pub(crate) fn note(&self) -> String {
        let mut note = self.trouble.clone().into_iter().collect::<Vec<_>>();
        if let Some(at) = self.gone_at {
            note.push(format!("{} gone {} ago", self.gone, since(at)));
        }
        for reader in self.readers.iter().flatten().filter(|reader| !reader.is_alive) {
            note.push(format!("{} died", reader.label));
        }
        for group in &self.groups {
            let dead = group.workers.iter().filter(|worker| !worker.is_alive).count();
            if dead > 0 {
                note.push(format!("{dead} of {} died", group.name));
            }
        }
        if self.lost() > 0 {
            note.push(format!("{} lost", text::thousands(self.lost())));
        }
        if let Some(sample) = self.last.filter(|sample| sample.unfinished > 0) {
            note.push(format!("{} unfinished", sample.unfinished));
        }
        note.extend(self.marks.iter().cloned());
        text::shown(&note.join("; "))
    }
}

/// How long ago that was, to the second.
fn since(at: Instant) -> String {
    text::span(Duration::from_secs(at.elapsed().as_secs().max(1)))
}
