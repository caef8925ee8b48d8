//! The page and the pictures, without a browser: well-formed, complete, and nothing loaded from elsewhere.

mod common;

use icc_bench::report::{Row, page, plot};
use icc_bench::scenario::Scenario;

/// Elements that have no end in HTML.
const VOID: [&str; 3] = ["meta", "link", "br"];

/// The names of a page's tags, an end with its slash, without what stands between them. Fails on a stray `<`.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(begin) = rest.find('<') {
        let end = rest[begin..].find('>').expect("every tag ends") + begin;
        let tag = &rest[begin + 1..end];
        assert!(!tag.contains('<'), "a stray `<`: {tag}");
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '!')).collect();
        rest = &rest[end + 1..];
        // A style sheet may have anything in it.
        if name == "style" {
            rest = &rest[rest.find("</style>").expect("every style sheet ends")..];
        }
        tags.push(name);
    }
    tags
}

#[test]
fn every_element_ends_where_it_should() {
    let mut open: Vec<String> = Vec::new();
    for tag in tags(&page::render(&common::report())) {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "within {open:?}");
        } else if tag != "!DOCTYPE" && !VOID.contains(&tag.as_str()) {
            open.push(tag);
        }
    }
    assert!(open.is_empty(), "{open:?} never end");
}

#[test]
fn nothing_is_loaded_from_elsewhere_and_nothing_runs() {
    let page = page::render(&common::report());
    for word in ["http:", "https:", "src=", "@import", "url(", "<script", "onload", "//cdn"] {
        assert!(!page.contains(word), "the page has `{word}`");
    }
    for plot in plot::all(&common::report()) {
        let svg = plot.standalone().replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for word in ["http:", "https:", "href", "@import", "url(", "<script"] {
            assert!(!svg.contains(word), "{} has `{word}`", plot.id);
        }
    }
}

#[test]
fn every_row_is_on_the_page() {
    let report = common::report();
    let page = page::render(&report);
    assert_eq!(page.matches("data-row").count(), report.rows.len());
    for row in &report.rows {
        let name = row.target.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(page.contains(&name), "{}", row.target);
    }
    for warning in report.machine.warnings() {
        assert!(page.contains(&warning[1..]), "{warning}");
    }
    assert!(page.contains(&report.command) && page.contains(&report.machine.kernel));
    assert!(!page.contains("was interrupted"));
    assert!(page.contains("no steady round"), "a row without figures says so");
}

#[test]
fn where_another_library_is_best_the_page_says_so() {
    let report = common::report();
    let page = page::render(&report);
    let ahead = page.split("Where others are ahead</h2>").nth(1).expect("there is such a section");
    assert!(ahead.contains("<td>other"), "{ahead}");
    let own: Vec<Row> = report.rows.iter().filter(|row| row.target.starts_with("icc-")).cloned().collect();
    let page = page::render(&icc_bench::report::Report { rows: own, ..report });
    assert!(page.contains("No other library was measured"));
}

#[test]
fn an_interrupted_run_and_an_empty_one_have_pages() {
    let mut report = common::report();
    report.interrupted = true;
    assert!(page::render(&report).contains("This run was interrupted"));
    report.rows.clear();
    assert!(page::render(&report).contains("This run was interrupted"));
    assert!(plot::all(&report).is_empty());
}

#[test]
fn each_picture_is_well_formed_has_marks_and_says_what_it_is() {
    let report = common::report();
    let plots = plot::all(&report);
    for plot in &plots {
        let text = plot.standalone();
        let svg = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", plot.id));
        let root = svg.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        assert!(root.attribute("aria-label").is_some_and(|label| label.contains(&plot.title)));
        let of_class = |class: &str| {
            svg.descendants()
                .filter(|node| node.attribute("class").is_some_and(|all| all.split(' ').any(|name| name == class)))
                .count()
        };
        assert!(of_class("mark") + of_class("heat") >= 2, "{} has no marks", plot.id);
        assert!(svg.descendants().any(|node| node.has_tag_name((root.tag_name().namespace().unwrap(), "title"))));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{}", plot.id);
    }
    let mut ids: Vec<&str> = plots.iter().map(|plot| plot.id.as_str()).collect();
    for id in [
        "latency",
        "latency-by-payload-queue",
        "latency-ratio-queue",
        "spaced-latency",
        "stream",
        "fan-out",
        "core-matrix",
    ] {
        assert!(ids.contains(&id), "{id} is not among {ids:?}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "two plots have one name: {ids:?}");
}

#[test]
fn every_pair_of_cores_is_in_the_heat_map_both_ways() {
    let report = common::report();
    let pairs = report.rows.iter().filter(|row| row.scenario == Scenario::CoreMatrix).count();
    let plot = plot::all(&report).into_iter().find(|plot| plot.id == "core-matrix").unwrap();
    assert_eq!(plot.standalone().matches("class=\"cell heat\"").count(), 2 * pairs);
}

#[test]
fn files_of_an_earlier_run_are_made_from_its_json() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut report = common::report();
    common::write(&report, path("run.json").as_ref());
    let arguments = [
        "--from",
        &path("run.json"),
        "--html",
        &path("page.html"),
        "--svg",
        &path("svg"),
        "--json",
        &path("again.json"),
    ];
    let output = common::bench(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", common::errors(&output));
    assert!(common::errors(&output).contains("has no figures"));
    // Not `assert_eq`: nobody reads two pages in a terminal.
    let is_same = |name: &str, text: &str| std::fs::read_to_string(path(name)).unwrap() == text;
    assert!(is_same("page.html", &page::render(&report)), "the page differs");
    assert!(is_same("again.json", &std::fs::read_to_string(path("run.json")).unwrap()), "the JSON differs");
    for plot in plot::all(&report) {
        assert!(is_same(&format!("svg/{}.svg", plot.id), &plot.standalone()), "{} differs", plot.id);
    }
    report.rows.retain(|row| row.figures.is_some());
    common::write(&report, path("run.json").as_ref());
    let output = common::bench(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", common::errors(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    for line in table.lines().filter(|line| !line.starts_with("note:")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
