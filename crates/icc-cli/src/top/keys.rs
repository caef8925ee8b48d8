//! Keys: each is an action.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Leave,
    /// So many rows down; up if negative.
    Move(isize),
    /// Sort by the next column.
    Sort,
    Reverse,
    Pause,
    Faster,
    Slower,
    /// Begin to type a filter.
    Filter,
    /// Type a character of it.
    Type(char),
    Erase,
    /// The filter is complete.
    Enter,
    /// No filter at all.
    Clear,
}

/// What a key does, while a filter is being typed or not; none if nothing.
pub(crate) fn action(key: KeyEvent, typing: bool) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(Action::Leave);
    }
    if typing {
        return match key.code {
            KeyCode::Enter => Some(Action::Enter),
            KeyCode::Esc => Some(Action::Clear),
            KeyCode::Backspace => Some(Action::Erase),
            KeyCode::Char(character) => Some(Action::Type(character)),
            _ => None,
        };
    }
    match key.code {
        KeyCode::Char('q') => Some(Action::Leave),
        KeyCode::Esc => Some(Action::Clear),
        KeyCode::Down | KeyCode::Char('j') => Some(Action::Move(1)),
        KeyCode::Up | KeyCode::Char('k') => Some(Action::Move(-1)),
        KeyCode::PageDown => Some(Action::Move(10)),
        KeyCode::PageUp => Some(Action::Move(-10)),
        KeyCode::Home => Some(Action::Move(isize::MIN)),
        KeyCode::End => Some(Action::Move(isize::MAX)),
        KeyCode::Char('s') => Some(Action::Sort),
        KeyCode::Char('r') => Some(Action::Reverse),
        KeyCode::Char('p' | ' ') => Some(Action::Pause),
        KeyCode::Char('+') => Some(Action::Faster),
        KeyCode::Char('-') => Some(Action::Slower),
        KeyCode::Char('/') => Some(Action::Filter),
        _ => None,
    }
}
