//! Predicted beside measured, as text.

use std::fmt::Write;

use super::run::Prediction;
use crate::report::text_table;

/// The constants, then a row for each prediction.
pub(crate) fn render(prediction: &Prediction) -> String {
    let mut text = String::new();
    let constants = &prediction.constants;
    let [kept, passes] = prediction.passes;
    let _ = writeln!(text, "constants, in nanoseconds: median of {kept} passes of {passes}\n");
    for (name, value, meaning) in [
        ("hand-over", constants.hand_over, "a full line, written here until another core that polls it has read it"),
        ("line", constants.line, "each further line there and back: written, and read by the other core"),
        ("store", constants.store, "each further store while such lines are on their way"),
        ("copy", constants.copy, "a line copied to the next place in this core's caches"),
        ("ticket", constants.ticket, "a locked addition to a word that nobody else wants"),
    ] {
        let _ = writeln!(text, "  {name:<10} {value:>6.2}   {meaning}");
    }
    if kept == 0 {
        text.push_str("\nthe distance of the cores changed during each pass: try again on a quieter machine\n");
        return text;
    }
    let _ = writeln!(text);
    let rows = prediction.rows.iter().map(|row| {
        [
            row.scenario.to_owned(),
            row.target.clone(),
            row.payload.to_string(),
            format!("{:.1}", row.predicted),
            format!("{:.1}", row.measured),
            format!("{:.2}", row.ratio),
            if row.is_within_a_fifth() { String::new() } else { "off".to_owned() },
        ]
    });
    let headings = ["scenario", "target", "bytes", "predicted", "measured", "ratio", ""];
    let _ = writeln!(text, "{}", text_table(headings, rows, 2..=5));
    let right = |crosses: bool| {
        let rows = || prediction.rows.iter().filter(|row| row.crosses() == crosses);
        format!("{} of {}", rows().filter(|row| row.is_within_a_fifth()).count(), rows().count())
    };
    let (crossing, others) = (right(true), right(false));
    let _ = writeln!(
        text,
        "within 20 %: {crossing} rows in which lines go between the cores, {others} others\n\
         times in nanoseconds a message; ratio: of measured to predicted"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::super::formula::Constants;
    use super::super::run::Predicted;
    use super::*;

    #[test]
    fn rows_that_are_off_say_so() {
        let row = Predicted {
            scenario: "one_way_latency",
            target: "icc-queue spmc".to_owned(),
            payload: 56,
            predicted: 70.0,
            measured: 77.0,
            ratio: 1.1,
        };
        let off = Predicted { payload: 1024, ratio: 1.3, ..row.clone() };
        let prediction = Prediction { constants: Constants::default(), rows: vec![row, off], passes: [9, 10] };
        let text = render(&prediction);
        assert!(
            text.contains("within 20 %: 1 of 2 rows in which") && text.contains("median of 9 passes of 10"),
            "{text}"
        );
        let line = |bytes: &str| text.lines().find(|line| line.contains(&format!(" {bytes} "))).unwrap().to_owned();
        assert!(!line("56").contains("off") && line("1024").contains("off"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(render(&Prediction { passes: [0, 10], ..prediction }).contains("quieter machine"));
    }
}
