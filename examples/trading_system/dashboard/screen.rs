//! Pictures on a full screen.

use super::READ;
use super::observer::Observer;
use super::picture::{Instrument, Latency, PERCENTILES, Picture, Process, State};
use crate::model::MODELS;
use anyhow::Result;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Paragraph, Row, Table};
use std::time::{Duration, Instant};

/// The size from which there is room for frames, and for latencies and positions side by side in them.
const LARGE: (u16, u16) = (120, 24);

pub(super) fn show(
    observer: &mut Observer,
    session: &str,
    interval: Duration,
    goes_on: impl Fn() -> bool,
) -> Result<()> {
    let mut terminal = ratatui::try_init()?;
    let mut shown = || -> Result<&'static str> {
        let mut picture = observer.picture();
        let mut due = Instant::now() + interval;
        while goes_on() {
            terminal.draw(|frame| draw(frame, &picture, session))?;
            // At least once, however late it is: or no key would be seen.
            loop {
                observer.read();
                if event::poll(READ)? {
                    match event::read()? {
                        Event::Key(key) if leaves(key.code, key.modifiers) => return Ok(""),
                        Event::Resize(..) => break,
                        _ => {}
                    }
                }
                if Instant::now() >= due {
                    break;
                }
            }
            if Instant::now() >= due {
                picture = observer.picture();
                due = Instant::now() + interval;
            }
        }
        Ok("the session has ended\n")
    };
    let said = shown();
    ratatui::restore();
    print!("{}", said?);
    Ok(())
}

fn leaves(code: KeyCode, modifiers: KeyModifiers) -> bool {
    matches!(code, KeyCode::Char('q') | KeyCode::Esc)
        || (code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL))
}

fn draw(frame: &mut Frame, picture: &Picture, session: &str) {
    let large = frame.area().width >= LARGE.0 && frame.area().height >= LARGE.1;
    // A title and names of columns; in a frame, its lower edge too. Whatever is last gets the rest: 80 columns of 24
    // lines have six left for what happened.
    let around = if large { 3 } else { 1 };
    let rows = |count: usize, more: u16| Constraint::Length(count as u16 + more);
    let parts = [
        Constraint::Length(1),
        rows(picture.processes.len(), around),
        rows(picture.instruments.len(), around.max(2)),
        Constraint::Fill(1),
    ];
    let [title, above, middle, below] = frame.area().layout(&Layout::vertical(parts));
    let width = Constraint::Length(if large { 61 } else { 59 });
    let [left, right] = middle.layout(&Layout::horizontal([width, Constraint::Fill(1)]).spacing(u16::from(!large)));
    draw_title(frame, title, picture, session, large);
    frame.render_widget(processes_table(&picture.processes, large), above);
    frame.render_widget(hops_table(&picture.hops, large), left);
    frame.render_widget(instruments_table(&picture.instruments, large), right);
    let mut events: Vec<_> =
        picture.events.0.iter().map(|(at, what)| Line::from(format!("{at:6.0} s  {what}"))).collect();
    if events.is_empty() {
        events.push(Line::from("  none yet: kill -9 a process, or start a second dashboard").dim());
    }
    frame.render_widget(Paragraph::new(events).block(framed("events", large)), below);
}

fn draw_title(frame: &mut Frame, area: Rect, picture: &Picture, session: &str, large: bool) {
    let orders = &picture.orders;
    let attached = if large { format!("  session {session}  attached {:.0} s  ", picture.at) } else { " ".into() };
    let left = Line::from(vec![
        Span::from(" icc trading system ").bold().reversed(),
        Span::from(attached),
        Span::from(format!("orders {}  filled {}  refused {}", orders.sent, orders.filled, orders.refused)).dim(),
    ]);
    frame.render_widget(left, area);
    frame.render_widget(Line::from("q leaves ").dim().alignment(Alignment::Right), area);
}

fn processes_table(processes: &[Process], large: bool) -> Table<'static> {
    let rows = processes.iter().map(|process| {
        let state = match process.state {
            State::Absent => Span::from("absent").dim(),
            State::Live => Span::from("● live").green(),
            State::Silent(seconds) => Span::from(format!("○ silent {seconds:.0} s")).red().bold(),
        };
        let warn = |count: u64| if count > 0 { right(thousands(count)).yellow() } else { right("0".into()) };
        Row::new([
            Text::from(process.role.to_string()).bold(),
            Text::from(Line::from(state)),
            right(process.pid.to_string()),
            if process.starts > 1 {
                right(process.starts.to_string()).yellow()
            } else {
                right(process.starts.to_string())
            },
            right(format!("{:.0} s", process.uptime)),
            right(thousands(process.received_rate as u64)),
            right(thousands(process.sent_rate as u64)),
            process.lag.map_or_else(|| right("-".into()), |lag| right(thousands(lag))),
            warn(process.lost),
        ])
    });
    let widths = if large { [11, 13, 9, 7, 8, 11, 9, 8, 9] } else { [9, 13, 7, 6, 7, 10, 8, 6, 6] };
    let names = ["process", "state", "pid", "starts", "uptime", "received/s", "sent/s", "lag", "lost"];
    // Where lines are few, the columns' names are title enough.
    let block = if large { framed("processes", large) } else { Block::new() };
    Table::new(rows, widths.map(Constraint::Length)).header(header(names, 2)).block(block)
}

fn hops_table(hops: &[Latency], large: bool) -> Table<'static> {
    let rows = hops.iter().map(|latency| {
        let values = latency.values.map(|value| right(if latency.count > 0 { time(value) } else { "-".into() }));
        let whole = latency.hop.name == "feed to report";
        let cells = [Text::from(latency.hop.name)].into_iter().chain(values);
        Row::new(cells).style(if whole { Style::new().bold() } else { Style::new() })
    });
    let widths = [19, 7, 7, 7, 7, 7].map(Constraint::Length);
    let mut names = ["hop"; 1 + PERCENTILES.len()];
    names[1..].copy_from_slice(&PERCENTILES.map(|(name, _)| name));
    let orders = hops.last().map_or(0, |latency| latency.count);
    Table::new(rows, widths)
        .header(header(names, 1))
        .block(framed(&format!("latency of the last seconds, {} orders", thousands(orders)), large))
}

fn instruments_table(instruments: &[Instrument], large: bool) -> Table<'static> {
    let rows = instruments.iter().map(|instrument| {
        let price =
            |price: Option<i64>| right(price.map_or("?".into(), |price| format!("{:.2}", price as f64 / 100.0)));
        let lots = |lots: Option<i64>| right(lots.map_or("?".into(), |lots| lots.to_string()));
        let (bid, ask) = instrument.market.unzip();
        let profit = instrument.profit.unwrap_or(0.0) / 100.0;
        let color = if profit < 0.0 { Color::Red } else { Color::Green };
        let [trend, imbalance] = instrument.ideal.map(lots);
        let live = lots(instrument.live).bold();
        let (fills, profit) = (right(instrument.fills.to_string()), right(format!("{profit:.1}")).fg(color));
        let name = Text::from(instrument.name);
        if large {
            Row::new(vec![name, price(bid), price(ask), trend, imbalance, live, fills, profit])
        } else {
            Row::new(vec![name, live, profit])
        }
    });
    let (widths, names, title) = if large {
        let names = vec!["", "bid", "ask", MODELS[0].name(), MODELS[1].name(), "live", "fills", "profit"];
        (vec![7, 6, 6, 5, 9, 4, 6, 7], names, "positions: ideal and live, in lots")
    } else {
        (vec![7, 4, 7], vec!["", "live", "profit"], "live, in lots")
    };
    let widths = widths.into_iter().map(Constraint::Length);
    Table::new(rows, widths).header(header(names, 1)).block(framed(title, large))
}

/// The names of columns, of which the first `words` are of words and the others of numbers.
fn header(names: impl IntoIterator<Item = &'static str>, words: usize) -> Row<'static> {
    let cells = names.into_iter().enumerate();
    Row::new(cells.map(|(number, name)| if number < words { Text::from(name) } else { right(name.into()) })).dim()
}

/// With a title, and a frame or only its upper edge.
fn framed(title: &str, large: bool) -> Block<'static> {
    let borders = if large { Borders::ALL } else { Borders::TOP };
    Block::new().borders(borders).border_style(Style::new().dim()).title(format!(" {title} "))
}

fn right(text: String) -> Text<'static> {
    Text::from(text).alignment(Alignment::Right)
}

/// A time in the unit that suits it.
fn time(nanoseconds: u64) -> String {
    let time = nanoseconds as f64;
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..100_000 => format!("{:.1} µs", time / 1e3),
        100_000..1_000_000 => format!("{:.0} µs", time / 1e3),
        1_000_000..100_000_000 => format!("{:.1} ms", time / 1e6),
        100_000_000..1_000_000_000 => format!("{:.0} ms", time / 1e6),
        _ => format!("{:.1} s", time / 1e9),
    }
}

/// A number with its thousands set apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
