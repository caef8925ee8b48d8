//! The page and the pictures, without a browser: well-formed, complete, and nothing loaded from
//! elsewhere.

mod common;

use serde_json::Value;

/// Elements that have no end in HTML.
const VOID: [&str; 3] = ["meta", "link", "br"];

/// The names of a page's tags, an end with its slash, without what stands between them. Fails on a
/// stray `<`.
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
    for tag in tags(&common::rendered(&common::report()).page) {
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
    let rendered = common::rendered(&common::report());
    for word in ["http:", "https:", "src=", "@import", "url(", "<script", "onload", "//cdn"] {
        assert!(!rendered.page.contains(word), "the page has `{word}`");
    }
    for (id, text) in rendered.plots {
        let svg = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for word in ["http:", "https:", "href", "@import", "url(", "<script"] {
            assert!(!svg.contains(word), "{id} has `{word}`");
        }
    }
}

#[test]
fn every_row_is_on_the_page() {
    let report = common::report();
    let common::Rendered { page, text, .. } = common::rendered(&report);
    assert_eq!(page.matches("data-row").count(), common::rows(&report).len());
    for row in common::rows(&report) {
        let target = row["target"].as_str().unwrap();
        let name = target.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(page.contains(&name), "{target}");
    }
    let warnings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    assert!(!warnings.is_empty());
    for warning in warnings {
        assert!(page.contains(&warning[1..]), "{warning}");
    }
    assert!(page.contains("icc-bench --scenario all") && page.contains("Linux 6.18"));
    assert!(!page.contains("was interrupted"));
    assert!(page.contains("no steady round"), "a row without figures says so");
}

#[test]
fn where_another_library_is_best_the_page_says_so() {
    let mut report = common::report();
    let page = common::rendered(&report).page;
    let ahead = page.split("Where others are ahead</h2>").nth(1).expect("there is such a section");
    assert!(ahead.contains("<td>other"), "{ahead}");
    common::retain(&mut report, |row| row["target"].as_str().unwrap().starts_with("icc-"));
    assert!(common::rendered(&report).page.contains("No other library was measured"));
}

#[test]
fn an_interrupted_run_and_an_empty_one_have_pages() {
    let mut report = common::report();
    report["interrupted"] = true.into();
    assert!(common::rendered(&report).page.contains("This run was interrupted"));
    common::retain(&mut report, |_| false);
    let empty = common::rendered(&report);
    assert!(empty.page.contains("This run was interrupted"));
    assert!(empty.plots.is_empty());
}

#[test]
fn each_picture_is_well_formed_has_marks_and_says_what_it_is() {
    let plots = common::rendered(&common::report()).plots;
    for (id, text) in &plots {
        let svg = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{id}: {error}"));
        let root = svg.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let title =
            svg.descendants().find(|node| node.attribute("class") == Some("title")).and_then(|node| node.text());
        let title = title.unwrap_or_else(|| panic!("{id} has no title"));
        assert!(root.attribute("aria-label").is_some_and(|label| label.contains(title)));
        let of_class = |class: &str| {
            svg.descendants()
                .filter(|node| node.attribute("class").is_some_and(|all| all.split(' ').any(|name| name == class)))
                .count()
        };
        assert!(of_class("mark") + of_class("heat") >= 2, "{id} has no marks");
        assert!(svg.descendants().any(|node| node.has_tag_name((root.tag_name().namespace().unwrap(), "title"))));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{id}");
    }
    let ids: Vec<&str> = plots.iter().map(|(id, _)| id.as_str()).collect();
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
    // Two plots of one name would be one file.
    let on_page = common::rendered(&common::report()).page.matches("<figure id=").count();
    assert_eq!(ids.len(), on_page, "{ids:?}");
}

#[test]
fn every_pair_of_cores_is_in_the_heat_map_both_ways() {
    let report = common::report();
    let pairs = common::rows(&report).iter().filter(|row| row.get("cores").is_some()).count();
    let plots = common::rendered(&report).plots;
    let (_, text) = plots.iter().find(|(id, _)| id == "core-matrix").unwrap();
    assert_eq!(text.matches("class=\"cell heat\"").count(), 2 * pairs);
}

#[test]
fn files_of_an_earlier_run_are_made_from_its_json() {
    let mut report = common::report();
    let rendered = common::rendered(&report);
    assert!(rendered.errors.contains("has no figures"));
    let mut json: Value = serde_json::from_str(&rendered.json).unwrap();
    let floors = json["results"].as_array_mut().unwrap().iter_mut();
    let floors = floors.filter_map(|row| row.as_object_mut().unwrap().remove("ratio_to_floor")).count();
    assert!(floors > 20, "{floors} rows have a ratio to their floor");
    // Not `assert_eq`: nobody reads two reports in a terminal.
    assert!(json == without_absent(&report), "the JSON differs");
    let again = common::rendered(&json);
    assert!(again.json == rendered.json, "the JSON differs");
    assert!(again.page == rendered.page, "the page differs");
    assert!(again.plots == rendered.plots, "the plots differ");
    common::retain(&mut report, common::has_figures);
    for line in common::rendered(&report).text.lines().filter(|line| !line.starts_with("note:")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

/// The report as the program writes it: what a row without figures has beside them is gone.
fn without_absent(report: &Value) -> Value {
    let mut report = report.clone();
    for row in report["results"].as_array_mut().unwrap().iter_mut().filter(|row| !common::has_figures(row)) {
        let keys = ["received_per_second", "share_received", "share_of_lost_told"];
        row.as_object_mut().unwrap().retain(|key, _| !keys.contains(&&**key) && key != "thread_ns");
    }
    report
}

/// A point of fewer than three rounds is hollow, stands apart from its line, and the tables say of how many it is.
#[test]
fn few_rounds_are_seen_as_such() {
    let mut report = common::report();
    let hollow = |report: &Value| common::rendered(report).page.matches("mark open").count();
    assert_eq!(hollow(&report), 0);
    assert!(!common::rendered(&report).page.contains("Hollow marks"));
    let rows = report["results"].as_array_mut().unwrap();
    let row = rows.iter_mut().find(|row| row["target"] == "icc-queue spmc" && row["payload_bytes"] == 56).unwrap();
    row["rounds"] = 2.into();
    let plots = common::rendered(&report).plots;
    let (_, before) =
        common::rendered(&common::report()).plots.into_iter().find(|(id, _)| id == "latency-ratio-queue").unwrap();
    let (_, after) = plots.iter().find(|(id, _)| id == "latency-ratio-queue").unwrap();
    let steps = |plot: &str| plot.matches("M").count();
    assert_eq!(steps(&before) - steps(after), 2, "the steps to it and from it are gone");
    let page = common::rendered(&report).page;
    assert!(hollow(&report) >= 4 && page.contains("Hollow marks are of fewer than three rounds"));
    assert!(page.contains("2 rounds</span>"));
}

/// What sorts, what is starred and what stands first is one figure.
#[test]
fn the_best_stands_first_with_the_figure_that_counts() {
    let mut report = common::report();
    common::retain(&mut report, |row| {
        row["scenario"] == "one_way_latency" && row["payload_bytes"] == 56 && row["kind"] != "latest_value"
    });
    // The best by the ratio has the longest median.
    for row in report["results"].as_array_mut().unwrap() {
        let is_best = row["target"] == "icc-queue mpmc";
        common::set_ratios(row, if is_best { [1.0, 1.01, 1.02] } else { [1.5, 1.6, 1.7] });
        row["p50_ns"] = if is_best { 80.0 } else { 60.0 }.into();
    }
    let common::Rendered { page, plots, .. } = common::rendered(&report);
    assert!(page.contains("<b>1.01 ×</b><span>icc-queue mpmc, 56 B"), "the tile");
    assert!(page.contains("★ 1.01 ×</span>"), "the table");
    let (_, plot) = plots.iter().find(|(id, _)| id == "latency").unwrap();
    let place = |name: &str| plot.find(&format!(">{name}</text>")).unwrap();
    assert!(place("icc-queue mpmc") < place("icc-queue spmc"), "the plot");
}
