//! A plot as an image of its own or within a page.

use maud::{Markup, PreEscaped, html};

use super::frame::{Canvas, Width};
use super::scale::Px;

/// The style of all plots, for the page or the file that holds them.
pub(crate) const STYLE: &str = include_str!("style.css");

/// A plot in both widths.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    /// Its name in files and links.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// How to read it, in a sentence.
    pub caption: String,
    /// Whether another plot of the same scenario says more at first sight.
    pub is_detail: bool,
    pub(super) wide: Canvas,
    pub(super) narrow: Canvas,
    /// Where the figures are from.
    pub(super) source: String,
}

impl Plot {
    pub(super) fn new(
        id: String,
        title: String,
        caption: String,
        draw: impl Fn(Width) -> Option<Canvas>,
    ) -> Option<Self> {
        let (wide, narrow) = (draw(Width::Wide)?, draw(Width::Narrow)?);
        Some(Self { id, title, caption, is_detail: false, wide, narrow, source: String::new() })
    }

    /// The plot for a page, in one of its widths.
    #[must_use]
    pub(crate) fn inline(&self, width: Width) -> Markup {
        let (canvas, class) = match width {
            Width::Wide => (&self.wide, "plot wide"),
            Width::Narrow => (&self.narrow, "plot narrow"),
        };
        let label = format!("{}. {}", self.title, self.caption);
        html! {
            svg class=(class) role="img" aria-label=(label) viewBox=(format!("0 0 {} {}", Px(canvas.width), Px(canvas.height))) {
                (canvas.body)
            }
        }
    }

    /// The wide plot as a file of its own, with its title, on a ground of its own that fits light
    /// and dark pages.
    #[must_use]
    pub(crate) fn standalone(&self) -> String {
        const MARGIN: f64 = 20.0;
        const TOP: f64 = 66.0;
        const BOTTOM: f64 = 30.0;
        let canvas = &self.wide;
        let (width, height) = (canvas.width + 2.0 * MARGIN, canvas.height + TOP + BOTTOM);
        let svg = html! {
            svg class="plot" xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(format!("{}. {}", self.title, self.caption))
                width=(Px(width)) height=(Px(height)) viewBox=(format!("0 0 {} {}", Px(width), Px(height))) {
                style { (PreEscaped(STYLE)) }
                rect class="card" x="0.5" y="0.5" width=(Px(width - 1.0)) height=(Px(height - 1.0)) rx="10" {}
                text class="title" x=(Px(MARGIN)) y="30" { (self.title) }
                text class="muted" x=(Px(MARGIN)) y="50" { (self.caption) }
                g transform=(format!("translate({} {})", Px(MARGIN), Px(TOP))) { (canvas.body) }
                text class="muted small" x=(Px(MARGIN)) y=(Px(height - 13.0)) { (self.source) }
            }
        };
        svg.into_string() + "\n"
    }
}
