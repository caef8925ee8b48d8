//! What the screen shows: the buffers, in an order, with one selected.

use super::keys::Action;
use super::row::Row;
use crate::machine::directory::{self, Listing};
use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Rate,
    Name,
    Living,
    Lag,
    Size,
}

impl Sort {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Name => "name",
            Self::Living => "alive",
            Self::Lag => "lag",
            Self::Size => "bytes",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Rate => Self::Name,
            Self::Name => Self::Living,
            Self::Living => Self::Lag,
            Self::Lag => Self::Size,
            Self::Size => Self::Rate,
        }
    }
}

/// The shortest and the longest interval that keys lead to.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));

/// All that the screen shows.
#[derive(Debug)]
pub(crate) struct State {
    directory: PathBuf,
    rows: Vec<Row>,
    sort: Sort,
    reversed: bool,
    filter: String,
    typing: bool,
    paused: bool,
    interval: Duration,
    /// The name of the selected row: rows move.
    selected: String,
}

impl State {
    pub(crate) fn new(directory: &Path, filter: &str, interval: Duration) -> anyhow::Result<Self> {
        let mut state = Self {
            directory: directory.to_owned(),
            rows: Vec::new(),
            sort: Sort::Rate,
            reversed: false,
            filter: filter.to_owned(),
            typing: false,
            paused: false,
            interval: interval.max(INTERVALS.0),
            selected: String::new(),
        };
        // Fails here if it is no directory, before the screen is taken.
        state.update(directory::list(directory)?);
        Ok(state)
    }

    /// Looks at everything once, unless paused.
    pub(crate) fn look(&mut self) -> anyhow::Result<()> {
        if !self.paused {
            self.update(directory::list(&self.directory)?);
        }
        Ok(())
    }

    fn update(&mut self, listing: Listing) {
        let mut before = std::mem::take(&mut self.rows);
        for found in listing.buffers {
            let known = before.iter().position(|row| row.found.name == found.name && row.is(&found));
            self.rows.push(match known {
                Some(index) => before.swap_remove(index),
                None => Row::new(found),
            });
        }
        self.rows.iter_mut().for_each(Row::look);
        self.arrange();
    }

    fn arrange(&mut self) {
        self.rows.sort_by(|one, other| one.found.name.cmp(&other.found.name));
        match self.sort {
            Sort::Name => {}
            Sort::Rate => {
                self.rows.sort_by(|one, other| other.rate.unwrap_or(-1.0).total_cmp(&one.rate.unwrap_or(-1.0)))
            }
            Sort::Living => self.rows.sort_by_key(|row| Reverse(row.living())),
            Sort::Lag => self.rows.sort_by_key(|row| Reverse(row.lag())),
            Sort::Size => self.rows.sort_by_key(|row| Reverse(row.found.size)),
        }
        if self.reversed {
            self.rows.reverse();
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::Leave => {}
            Action::Move(rows) => self.select(rows),
            Action::Sort => self.sort = self.sort.next(),
            Action::Reverse => self.reversed = !self.reversed,
            Action::Pause => self.paused = !self.paused,
            Action::Faster => self.interval = (self.interval / 2).max(INTERVALS.0),
            Action::Slower => self.interval = (self.interval * 2).min(INTERVALS.1),
            Action::Filter => self.typing = true,
            Action::Type(character) => self.filter.push(character),
            Action::Erase => drop(self.filter.pop()),
            Action::Enter => self.typing = false,
            Action::Clear => {
                self.filter.clear();
                self.typing = false;
            }
        }
        self.arrange();
    }

    fn select(&mut self, rows: isize) {
        let shown = self.shown();
        let Some(last) = shown.len().checked_sub(1) else { return };
        let now = self.selected_index().unwrap_or(0);
        self.selected = shown[now.saturating_add_signed(rows).min(last)].found.name.clone();
    }

    /// The rows that the filter leaves.
    pub(crate) fn shown(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.found.name.contains(&self.filter)).collect()
    }

    /// Of [`shown`](Self::shown), which is selected; the first if nothing was, or it is gone.
    pub(crate) fn selected_index(&self) -> Option<usize> {
        let shown = self.shown();
        shown.iter().position(|row| row.found.name == self.selected).or(if shown.is_empty() { None } else { Some(0) })
    }

    pub(crate) fn is_typing(&self) -> bool {
        self.typing
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn filter(&self) -> &str {
        &self.filter
    }

    /// The column that rows are sorted by, and whether from the smallest on.
    pub(crate) fn order(&self) -> (Sort, bool) {
        (self.sort, self.reversed)
    }
}
