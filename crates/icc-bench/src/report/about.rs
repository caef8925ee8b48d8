//! What each scenario measures, in words for people who look at figures.

/// A scenario's heading and what it measures, by its name.
pub(crate) fn scenario(name: &'static str) -> (&'static str, &'static str) {
    match name {
        "one_way_latency" => (
            "One-way latency",
            "Two pinned threads pass one message to and fro, and poll without a pause. Half of each round trip is a sample.",
        ),
        "spaced_latency" => (
            "Spaced latency",
            "The producer sends a message every few microseconds with its time stamp inside, the consumer polls: as such \
             systems run in practice.",
        ),
        "copy_cost" => (
            "Copy cost",
            "One operation on a cell on one core, nobody else near, beside a plain copy of the same bytes.",
        ),
        "produce_cost" => (
            "Produce cost",
            "What a message costs its producer, each message filled anew; beside a plain ring that tells nobody anything.",
        ),
        "stream" => (
            "Stream",
            "Producer and consumer at full speed. A lossy queue never waits and tells what was lost; a lossless one waits \
             for its consumer. Best is whose consumer receives most.",
        ),
        "multi_producer" => (
            "Two producers",
            "Two producers on two cores into one queue, nobody polling: what a message costs each of them, beside two \
             cores that add to one bare atomic word.",
        ),
        "fan_out" => (
            "Fan-out",
            "A producer at full speed, and more and more consumers in one thread on another core: what they cost the \
             producer.",
        ),
        "vector_read_all" => {
            ("Reading a whole vector", "Every slot of a vector read once, beside a copy of as many bytes.")
        }
        "core_matrix" => (
            "Core to core",
            "One-way latency of every pair of cores. Pin a producer and its consumer to a pair that is near.",
        ),
        other => (other, ""),
    }
}

/// The method, a paragraph an item.
pub(crate) const METHOD: [&str; 6] = [
    "Each thread is pinned to its core, and the pin verified. The first samples of a round are dropped, the cost of reading \
     the clock is taken off, every message is checked in full, and every wait is bounded.",
    "Rounds of all targets take turns. Each stands between two rounds of a reference (two bare atomics, a plain copy): its \
     ratio is to those two, and it is dropped if they differ by more than 15 %.",
    "A figure is the median of the rounds that count. A range in brackets is the smallest and the largest ratio of any of \
     them. Percentiles are of the samples within a round.",
    "Times hold for this machine on this day. Ratios carry further, since both sides were measured in the same seconds.",
    "★ marks the best of its kind at one size; ≈ one at most a tenth behind, whose median lies within the range of the best: \
     run again, it might be ahead. References do less than any target and are not ranked.",
    "All targets are polled without a pause and sit in one process. What each rival promises, and what it does not, is in \
     the comment at the top of its file in the project's folder for rivals.",
];
