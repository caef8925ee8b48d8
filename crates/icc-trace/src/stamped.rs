//! Messages with stamps.

use crate::stamps::Stamps;
use crate::{Mode, On};
use bytemuck::{Pod, Zeroable};
use core::fmt;
use icc_schema::{Describe, Field, Number, Struct, Type};

/// A message, and where it came from: when its cause entered the system, when it was published itself,
/// and by which hop.
///
/// A payload as `T` is, 24 bytes longer; with [`Off`](crate::Off) not a byte longer. Made by
/// [`Hop::pass`](crate::Hop::pass), or without stamps by [`unstamped`](Self::unstamped).
///
/// A message that is not sampled has no stamps, nor has one that no single cause led to.
///
/// # Examples
///
/// ```
/// use icc_trace::{Off, Stamped};
///
/// let message = Stamped::<u64>::unstamped(7);
/// assert_eq!((message.payload, message.origin()), (7, None));
/// assert_eq!((size_of::<Stamped<u64>>(), size_of::<Stamped<u64, Off>>()), (32, 8));
/// ```
// `packed(8)`, so that there is no padding whatever `T` is: see the SAFETY comment of `Pod`. A type with an
// alignment of up to 8 is aligned all the same, since it comes first.
#[derive(Clone, Copy)]
#[repr(C, packed(8))]
pub struct Stamped<T, M: Mode = On> {
    /// The message itself.
    pub payload: T,
    pub(crate) stamps: M::Stamps,
}

// SAFETY: zeros are a `T`, and are `M::Stamps`, which is `Pod`.
unsafe impl<T: Pod, M: Mode> Zeroable for Stamped<T, M> {}

// SAFETY: both fields are `Pod`, it is `repr(C)`, and there is no padding. `M::Stamps` has an alignment of 1 and a
// size that is a multiple of 8, which the assertions beside the sealed trait `Mode` check for both modes. So it stands directly behind
// the payload, and the struct's alignment is the least of the payload's and 8: a power of two that divides the
// payload's size, which is a multiple of its alignment, and that of the stamps. The struct is `Copy` and `'static`
// as they are.
unsafe impl<T: Pod, M: Mode> Pod for Stamped<T, M> {}

impl<T: Pod, M: Mode> Stamped<T, M> {
    /// A message without stamps: hops pass it on without looking at a clock.
    #[inline(always)]
    pub fn unstamped(payload: T) -> Self {
        Self { payload, stamps: M::Stamps::zeroed() }
    }
}

impl<T: Copy> Stamped<T> {
    /// When the cause entered the system, by the [`Clock`](crate::Clock) of its hop; none if it has no stamps.
    #[must_use]
    pub fn origin(&self) -> Option<u64> {
        (self.stamps.origin != 0).then_some(self.stamps.origin)
    }

    /// When it was published; none if it has no stamps.
    #[must_use]
    pub fn published(&self) -> Option<u64> {
        self.origin().map(|_| self.stamps.published)
    }
}

impl<T: Copy + fmt::Debug, M: Mode> fmt::Debug for Stamped<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payload, stamps } = *self;
        f.debug_struct("Stamped").field("payload", &payload).field("stamps", &stamps).finish()
    }
}

impl<T: Pod + PartialEq, M: Mode> PartialEq for Stamped<T, M> {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (self.payload, other.payload);
        let (mine, theirs) = (self.stamps, other.stamps);
        one == two && bytemuck::bytes_of(&mine) == bytemuck::bytes_of(&theirs)
    }
}

impl<T: Pod, M: Mode> Default for Stamped<T, M> {
    fn default() -> Self {
        Self::zeroed()
    }
}

/// The payload under the name `payload`, and the stamps beside it.
impl<T: Describe + Pod, M: Mode> Describe for Stamped<T, M> {
    const DEPTH: usize = 1 + T::DEPTH;

    fn describe() -> Type {
        let mut fields = vec![Field::new("payload", 0, T::describe())];
        if size_of::<M::Stamps>() == size_of::<Stamps>() {
            let at = |offset| size_of::<T>() + offset;
            let number = |name: &str, offset, number| Field::new(name, at(offset), Type::Number(number));
            let ns = |field: Field| Field { unit: Some("ns".to_owned()), ..field };
            fields.push(ns(number("origin", core::mem::offset_of!(Stamps, origin), Number::U64)));
            fields.push(ns(number("published", core::mem::offset_of!(Stamps, published), Number::U64)));
            fields.push(number("every", core::mem::offset_of!(Stamps, every), Number::U32));
            fields.push(number("hop", core::mem::offset_of!(Stamps, hop), Number::U32));
        }
        Type::Struct(Struct { fields, size: size_of::<Self>(), doc: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Off;
    use icc_schema::Schema;

    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C, align(16))]
    struct Wide([u8; 16]);

    /// No byte between or behind: each is written through `Pod`, whatever the payload's alignment.
    #[test]
    fn there_is_no_padding() {
        fn check<T: Pod>() {
            assert_eq!(size_of::<Stamped<T>>(), size_of::<T>() + 24, "{}", core::any::type_name::<T>());
            assert_eq!(size_of::<Stamped<T, Off>>(), size_of::<T>());
            assert_eq!(align_of::<Stamped<T>>(), align_of::<T>().min(8));
            let message = Stamped::<T>::unstamped(T::zeroed());
            assert!(bytemuck::bytes_of(&message).iter().all(|&byte| byte == 0));
        }
        check::<u8>();
        check::<[u8; 3]>();
        check::<u16>();
        check::<u32>();
        check::<[u64; 7]>();
        check::<u128>();
        check::<Wide>();
    }

    #[test]
    fn it_says_what_it_is() {
        let text = Schema::of::<Stamped<u32>>().text();
        assert!(text.starts_with(r#"{"names":["payload","origin","published","every","hop"]"#), "{text}");
        assert!(text.contains(r#""offsets":[0,4,12,20,24],"itemsize":28"#), "{text}");
        assert!(!Schema::of::<Stamped<u32, Off>>().text().contains("origin"));
    }
}
