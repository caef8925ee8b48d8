//! All values in order.

use crate::{Mode, MultiWriter, ReadError, VectorReader};
use icc_buffer::{Padded, Placement};
use icc_seqlock::Payload;

/// The values of all slots, from [`VectorReader::iter`].
#[derive(Debug)]
pub struct Iter<'a, T, M: Mode = MultiWriter, P: Placement = Padded> {
    vector: &'a VectorReader<T, M, P>,
    next: usize,
}

impl<'a, T, M: Mode, P: Placement> Iter<'a, T, M, P> {
    pub(crate) fn new(vector: &'a VectorReader<T, M, P>) -> Self {
        Self { vector, next: 0 }
    }
}

impl<T: Payload, M: Mode, P: Placement> Iterator for Iter<'_, T, M, P> {
    type Item = Result<T, ReadError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        if index == self.vector.len() {
            return None;
        }
        self.next += 1;
        Some(self.vector.read(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.vector.len() - self.next;
        (left, Some(left))
    }
}

impl<T: Payload, M: Mode, P: Placement> ExactSizeIterator for Iter<'_, T, M, P> {}
