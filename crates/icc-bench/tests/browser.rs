//! The page in a real browser: no message on its console, nothing wider than a telephone, every
//! plot drawn.

mod common;

use std::path::Path;
use std::process::{Command, Output};

/// Where Chromium or Chrome may be.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Looks at the page from within and leaves what it finds in the document around it. The page
/// itself has no script.
const PROBE: &str = r#"<script>
addEventListener("load", () => {
  const seen = [...document.querySelectorAll("svg.plot")].filter(svg => svg.getClientRects().length > 0);
  const drawn = svg => [...svg.querySelectorAll(".mark, .heat")].some(mark => {
    const box = mark.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  });
  const root = document.documentElement;
  const names = list => list.map(svg => svg.parentElement.id).join(" ");
  const wide = [...document.querySelectorAll("body *")].filter(element =>
    !element.closest(".scroll, svg, pre, nav") && element.getBoundingClientRect().right > innerWidth + 1);
  const texts = seen.flatMap(svg => [...svg.querySelectorAll("text")]
    .filter(text => { const box = text.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth; })
    .map(text => svg.parentElement.id + ": " + text.textContent));
  parent.document.documentElement.setAttribute("data-probe", JSON.stringify({
    width: innerWidth, scroll: root.scrollWidth, plots: seen.length, empty: names(seen.filter(svg => !drawn(svg))),
    wide: wide.map(element => element.tagName + " " + element.className).join(" "), texts: texts.join("; "),
    dark: getComputedStyle(root).backgroundColor,
  }));
});
</script>"#;

fn browser() -> Option<&'static str> {
    BROWSERS
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

/// Opens the page in a frame of so many pixels, since a window cannot be as narrow as a telephone.
fn run(browser: &str, directory: &Path, page: &str, width: u32, scheme: u32) -> Output {
    let page = page.replacen("</head>", &format!("{PROBE}</head>"), 1).replace('&', "&amp;").replace('"', "&quot;");
    let around = directory.join("around.html");
    let style = format!("border:0;width:{width}px;height:900px");
    std::fs::write(
        &around,
        format!("<!DOCTYPE html><link rel=icon href=data:,><iframe style=\"{style}\" srcdoc=\"{page}\"></iframe>"),
    )
    .unwrap();
    Command::new(browser)
        // No sandbox: in a container there is often none, and the page is our own.
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--hide-scrollbars",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", directory.join("profile").display()))
        .arg("--window-size=1400,1000")
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("file://{}", around.display()))
        .output()
        .unwrap()
}

/// What the probe found, as JSON.
fn probed(dom: &str) -> serde_json::Value {
    let text = dom.split("data-probe=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the probe has run");
    serde_json::from_str(&text.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
        .unwrap()
}

#[test]
fn the_page_is_whole_on_a_telephone_and_on_a_screen() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium or Chrome is installed");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let rendered = common::rendered(&common::report());
    // As a reader who opens everything.
    let page = rendered.page.replace("<details>", "<details open>");
    let mut grounds = Vec::new();
    for (width, scheme) in [(390, 0), (390, 1), (1280, 1)] {
        let output = run(browser, directory.path(), &page, width, scheme);
        let errors = common::errors(&output);
        assert!(!errors.contains("CONSOLE"), "{errors}");
        let found = probed(&String::from_utf8_lossy(&output.stdout));
        assert_eq!(found["width"], width, "the frame has the width asked for");
        assert_eq!((&found["wide"], &found["texts"]), (&"".into(), &"".into()), "at {width}");
        assert!(found["scroll"].as_u64() <= Some(width.into()), "the page scrolls sideways at {width}: {found}");
        assert_eq!(found["plots"].as_u64(), Some(rendered.plots.len() as u64));
        assert_eq!(found["empty"], "", "every plot has marks");
        grounds.push(found["dark"].clone());
    }
    assert_ne!(grounds[0], grounds[1], "dark and light differ");
}
