//! Where a message goes: a slice, or a vector that grows.

use core::mem::MaybeUninit;

pub(super) trait Sink {
    /// Room for so many bytes, if there is; whatever it held may be gone then.
    fn place(&mut self, len: usize) -> Option<&mut [MaybeUninit<u8>]>;

    /// Makes room for so many bytes, if it can.
    fn grow(&mut self, len: usize) -> bool;

    /// It holds a message of so many bytes now.
    ///
    /// # Safety
    ///
    /// [`place`](Self::place) gave room for them, and all were written.
    unsafe fn filled(&mut self, len: usize);
}

impl Sink for &mut [u8] {
    #[inline(always)]
    fn place(&mut self, len: usize) -> Option<&mut [MaybeUninit<u8>]> {
        let place = core::ptr::from_mut(self.get_mut(..len)?);
        // SAFETY: the same bytes, borrowed as long. Whoever gets them writes initialised bytes alone: this
        // module's callers, by copies of a slot.
        Some(unsafe { &mut *(place as *mut [MaybeUninit<u8>]) })
    }

    fn grow(&mut self, _len: usize) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn filled(&mut self, _len: usize) {}
}

impl Sink for Vec<u8> {
    #[inline(always)]
    fn place(&mut self, len: usize) -> Option<&mut [MaybeUninit<u8>]> {
        if len > self.capacity() {
            return None;
        }
        self.clear();
        self.spare_capacity_mut().get_mut(..len)
    }

    #[cold]
    fn grow(&mut self, len: usize) -> bool {
        self.clear();
        self.reserve(len);
        true
    }

    #[inline(always)]
    unsafe fn filled(&mut self, len: usize) {
        // SAFETY: by the caller, so many were written.
        unsafe { self.set_len(len) }
    }
}
