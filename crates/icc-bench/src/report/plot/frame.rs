//! What plots with two axes share: the paper, the grid, the names of the axes.

use maud::{Markup, html};

use super::scale::{Px, Scale};

/// For which paper a plot is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// A screen, or a picture in a text.
    Wide,
    /// A telephone held upright.
    Narrow,
}

impl Width {
    pub(super) fn px(self) -> f64 {
        match self {
            Self::Wide => 860.0,
            Self::Narrow => 350.0,
        }
    }

    pub(super) fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }
}

/// A drawing and its size.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) body: Markup,
}

/// The rectangle between the axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// A side of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Lines across, with their values on one side.
pub(super) fn grid_across(area: Area, scale: &Scale, side: Side, text: impl Fn(f64) -> String) -> Markup {
    let (x, anchor) = match side {
        Side::Left => (area.left - 7.0, "end"),
        Side::Right => (area.right + 7.0, "start"),
    };
    html! {
        @for tick in scale.ticks() {
            @let y = scale.at(tick);
            line class="grid" x1=(Px(area.left)) x2=(Px(area.right)) y1=(Px(y)) y2=(Px(y)) {}
            text class="tick" x=(Px(x)) y=(Px(y + 4.0)) text-anchor=(anchor) { (text(tick)) }
        }
    }
}

/// Lines down, with the values at their lower ends; values whose names would overlap have none, the
/// last one always has.
pub(super) fn grid_down(area: Area, places: &[(f64, String)]) -> Markup {
    let span = |(x, name): &(f64, String)| {
        let half = text_width(name, 11.0) / 2.0;
        (x - half, x + half + 6.0)
    };
    let last = places.len().saturating_sub(1);
    let last_from = places.last().map_or(f64::INFINITY, |place| span(place).0);
    let mut free_from = f64::NEG_INFINITY;
    html! {
        @for (index, place) in places.iter().enumerate() {
            @let (x, (from, to)) = (place.0, span(place));
            line class="grid" x1=(Px(x)) x2=(Px(x)) y1=(Px(area.top)) y2=(Px(area.bottom)) {}
            @if index == last || from >= free_from && to <= last_from {
                text class="tick" x=(Px(x)) y=(Px(area.bottom + 17.0)) text-anchor="middle" { (place.1) }
                ({ free_from = to; "" })
            }
        }
        line class="axis" x1=(Px(area.left)) x2=(Px(area.right)) y1=(Px(area.bottom)) y2=(Px(area.bottom)) {}
    }
}

/// About how wide a text is: there is no font to ask, and a mean letter of any usual one is a
/// little over half its height.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.56
}

/// A number on an axis: no more digits than it needs.
pub(super) fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", trimmed(value / 1e6)),
        value if value >= 1e4 => format!("{}k", trimmed(value / 1e3)),
        value => trimmed(value),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
