//! Letting the executor run now and then.

/// How many items a stream yields in a row.
const MOST: u32 = 64;

/// Counts items in a row.
#[derive(Debug, Default)]
pub(crate) struct Turns(u32);

impl Turns {
    /// Whether it is somebody else's turn; then counting begins again.
    pub(crate) fn is_over(&mut self) -> bool {
        let is_over = self.0 >= MOST;
        if is_over {
            self.0 = 0;
        }
        is_over
    }

    pub(crate) fn item(&mut self) {
        self.0 += 1;
    }

    /// There was nothing to yield.
    pub(crate) fn ended(&mut self) {
        self.0 = 0;
    }
}
