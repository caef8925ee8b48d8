//! Drawing.

use super::row::Row;
use super::state::State;
use crate::machine::view::{Shape, group_line, held, slot_size};
use crate::text::{bytes, count, cut, rate, shown, shown_name, span, thousands};
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row as TableRow, Table, TableState};

/// From this width on there are more columns.
const WIDE: u16 = 110;
/// Lines of the part about the selected buffer, with its title.
const DETAILS: u16 = 8;

pub(crate) fn draw(frame: &mut Frame, state: &State) {
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(match frame.area().height {
            ..20 => 0,
            20..30 => DETAILS,
            // Room for more readers.
            _ => 2 * DETAILS,
        }),
        Constraint::Length(1),
    ]);
    let [title, table, details, keys] = frame.area().layout(&parts);
    let rows = state.shown();
    let selected = state.selected_index();
    draw_title(frame, title, state, &rows);
    draw_table(frame, table, state, &rows, selected);
    if let Some(row) = selected.and_then(|index| rows.get(index)) {
        draw_details(frame, details, row);
    }
    frame.render_widget(keys_line(state), keys);
}

fn draw_title(frame: &mut Frame, area: Rect, state: &State, rows: &[&Row]) {
    let sum: f64 = rows.iter().filter_map(|row| row.rate).sum();
    let line = Line::from(vec![
        Span::from(" icc top ").bold().reversed(),
        Span::from(format!(" {}  ", shown_name(state.directory()))),
        Span::from(format!("{}  {}/s in all", count(rows.len() as u64, "buffer", "buffers"), rate(sum))),
    ]);
    frame.render_widget(line, area);
    let (sort, reversed) = state.order();
    let order = format!("by {}{}, every {} ", sort.name(), if reversed { " ↑" } else { "" }, span(state.interval()));
    let right = if state.is_paused() { Line::from("PAUSED ").yellow().bold() } else { Line::from(order).dim() };
    frame.render_widget(right.alignment(Alignment::Right), area);
}

fn draw_table(frame: &mut Frame, area: Rect, state: &State, rows: &[&Row], selected: Option<usize>) {
    let wide = area.width >= WIDE;
    let mut names = vec![("NAME", false), ("KIND", false)];
    let mut widths = vec![Constraint::Fill(3), Constraint::Length(6)];
    if wide {
        names.extend([("TYPE", false), ("SLOTS", true), ("BYTES", true)]);
        widths.extend([Constraint::Fill(2), Constraint::Length(9), Constraint::Length(8)]);
    }
    names.extend([
        ("RATE/s", true),
        ("ALIVE", true),
        ("READERS", true),
        ("GROUPS", true),
        ("LAG", true),
        ("NOTE", false),
    ]);
    widths.extend([10, 5, 7, 6, 9].map(Constraint::Length));
    widths.push(Constraint::Fill(3));
    let header = names.iter().map(|(name, number)| cell((*name).to_owned(), *number));
    let lines = rows.iter().map(|row| table_row(row, wide));
    let table = Table::new(lines, widths)
        .header(TableRow::new(header).bold())
        .column_spacing(if wide { 2 } else { 1 })
        .row_highlight_style(Style::new().reversed());
    if rows.is_empty() {
        let what = if state.filter().is_empty() { "no buffers here yet" } else { "no name contains the filter" };
        frame.render_widget(Paragraph::new(what).dim(), area);
        return;
    }
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(selected));
}

fn cell(text: String, number: bool) -> Cell<'static> {
    Cell::from(Text::from(text).alignment(if number { Alignment::Right } else { Alignment::Left }))
}

fn table_row(row: &Row, wide: bool) -> TableRow<'static> {
    let header = row.found.header.as_deref().ok();
    let mut cells = vec![
        cell(row.found.name.clone(), false),
        cell(header.map_or_else(|| "?".to_owned(), |header| header.kind.to_string()), false),
    ];
    if wide {
        cells.extend([
            cell(header.map_or_else(String::new, held), false),
            cell(header.map_or_else(String::new, |header| thousands(header.len as u64)), true),
            cell(bytes(row.found.size), true),
        ]);
    }
    let living = cell(row.living().map_or_else(|| "-".to_owned(), |count| count.to_string()), true);
    let note = cell(row.note(), false);
    cells.extend([
        cell(row.rate.map_or_else(|| "-".to_owned(), rate), true),
        if row.is_worse() { living.red() } else { living },
        cell(row.readers.as_ref().map_or_else(|| "-".to_owned(), |readers| readers.len().to_string()), true),
        cell(if row.groups.is_empty() { "-".to_owned() } else { row.groups.len().to_string() }, true),
        cell(row.lag().map_or_else(|| "-".to_owned(), thousands), true),
        if row.is_worse() || row.lost() > 0 { note.red() } else { note },
    ]);
    TableRow::new(cells)
}

fn draw_details(frame: &mut Frame, area: Rect, row: &Row) {
    let title = format!(" {} ", cut(&row.found.name, usize::from(area.width.saturating_sub(4))));
    let block = Block::new().borders(Borders::TOP).border_style(Style::new().dim()).title(title);
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| {
        lines.push(Line::from(vec![Span::from(format!("{name:10}")).dim(), Span::from(text)]));
    };
    match &row.found.header {
        Err(error) => line("trouble", shown(&error.to_string())),
        Ok(header) => {
            match slot_size(header) {
                Some(size) => line("messages", format!("of any length, in slots of {size} bytes")),
                None => line("type", format!("{}, {} bytes", shown(&header.element.name), header.element.size)),
            }
            line("instance", format!("{:016x}, by process {}", header.instance, header.creator));
            line("room", format!("{} slots, {}", thousands(header.len as u64), bytes(header.total_size)));
        }
    }
    let number = row.last.and_then(|sample| sample.count);
    match (row.view.as_ref().map(|view| view.shape()), row.last) {
        (Some(Shape::Queue(queue)), Some(sample)) => {
            line("messages", number.map_or_else(|| "?".to_owned(), thousands));
            line("producers", format!("{} alive, of at most {}", sample.living, queue.max_producers()));
        }
        (Some(Shape::Bytes(queue, _)), Some(sample)) => {
            line("slots", number.map_or_else(|| "?".to_owned(), |number| format!("{} produced", thousands(number))));
            line("producers", format!("{} alive, of at most {}", sample.living, queue.max_producers()));
        }
        (Some(Shape::Vector(_)), Some(sample)) => {
            line("writes", number.map_or_else(|| "not counted".to_owned(), thousands));
            line("writers", format!("{} alive", sample.living));
        }
        (_, Some(sample)) => line("ids", count(sample.living.into(), "is held", "are held")),
        _ => {}
    }
    // Above the note, as many as fit.
    for reader in row.readers.iter().flatten() {
        let state = if reader.is_alive { "" } else { ", DEAD" };
        let (label, lag, lost) = (shown(&reader.label), thousands(reader.lag), thousands(reader.lost));
        line("reader", format!("{label}: {lag} behind, {lost} lost, process {}{state}", reader.process));
    }
    for group in &row.groups {
        line("group", group_line(group));
    }
    if !row.note().is_empty() {
        line("note", row.note());
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn keys_line(state: &State) -> Line<'static> {
    if state.is_typing() {
        return Line::from(format!("names that contain: {}▏  Enter keeps it, Esc clears it", shown(state.filter())));
    }
    let filter = if state.filter().is_empty() { String::new() } else { format!(" [{}]", shown(state.filter())) };
    Line::from(format!("q leave  ↑↓ select  s sort  r reverse  / filter{filter}  p pause  + - interval")).dim()
}
