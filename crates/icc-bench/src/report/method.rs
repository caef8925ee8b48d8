//! The method, in words for people who look at figures.

/// The method, a paragraph an item.
pub(crate) const METHOD: [&str; 9] = [
    "Each thread is pinned to its core, and the pin verified. The first samples of a round are dropped, the cost of reading \
     the clock is taken off, every message is checked in full, and every wait is bounded.",
    "Rounds of all targets take turns. Each stands between two rounds of a reference (two bare atomics, a plain copy): its \
     ratio is to those two, and it is dropped if they differ by more than 15 %.",
    "Each round has fresh memory in another place, and its threads' stacks at another depth. The order of the targets is drawn \
     anew for each pass, and the two cores exchange their roles from pass to pass. So no row stands on one placement's luck.",
    "Two figures with a bar between them (1.13 | 1.62) are of a row whose rounds fall into two groups: their widest gap is more \
     than a tenth, and 1.5 times as wide as either group. Its median shows only which group was met more often.",
    "A figure is the median of the rounds that count. A range in brackets is the smallest and the largest ratio of any of \
     them. Percentiles are of the samples within a round.",
    "Times hold for this machine on this day. Ratios carry further, since both sides were measured in the same seconds.",
    "Floors are hand-written best cases, which leave out all that a row does not exercise: the lines of a message and its number \
     last, a ticket first where there are many producers. “1.05 f” is a target's ratio to the floor of its row. A plain copy, a \
     plain slice and a plain ring are floors as well as references.",
    "★ marks the best of its kind at one size; ≈ one at most a tenth behind, whose median lies within the range of the best: \
     run again, it might be ahead. References and floors are not ranked.",
    "All targets are polled without a pause and sit in one process. What each rival promises, and what it does not, is in \
     the comment at the top of its file in the project's folder for rivals.",
];
