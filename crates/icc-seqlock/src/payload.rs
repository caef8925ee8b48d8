//! What a cell can hold.

use bytemuck::{AnyBitPattern, NoUninit};

/// A type that a [`Seqlock`](crate::Seqlock) can hold: plain bytes, none of them padding, every bit
/// pattern valid.
///
/// Implemented for every type that is both [`NoUninit`] and [`AnyBitPattern`], which includes every
/// [`bytemuck::Pod`]. Both matter. A reader may copy while a writer writes, so its copy can be any
/// mixture of bytes before it drops it: every mixture has to be a value. A writer copies all bytes:
/// none may be uninitialised padding.
///
/// # Examples
///
/// Derive it for your own types. `repr(C)` fixes the layout, so that the derive can check it:
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use icc_seqlock::Seqlock;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
/// #[repr(C)]
/// struct Quote {
///     bid: f64,
///     ask: f64,
///     size: u32,
///     flags: u32,
/// }
///
/// let cell = Seqlock::new(Quote { bid: 99.5, ask: 100.5, size: 7, flags: 0 });
/// assert_eq!(cell.read().size, 7);
/// ```
///
/// A type with padding does not compile:
///
/// ```compile_fail,E0080
/// use bytemuck::{Pod, Zeroable};
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Padded {
///     price: f64,
///     size: u32, // four bytes of padding follow, to keep the next `price` aligned
/// }
/// ```
///
/// The error says that `derive(Pod)` was applied to a type with padding, or, with an older
/// `bytemuck`, that it cannot transmute between types of different sizes. The fix is to declare the
/// padding as a field:
///
/// ```
/// use bytemuck::{Pod, Zeroable};
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Explicit {
///     price: f64,
///     size: u32,
///     _padding: u32,
/// }
/// ```
///
/// A type with invalid bit patterns (`bool`, `char`, most enums, references) does not compile
/// either; store a `u8` or `u32` and convert after the read:
///
/// ```compile_fail,E0277
/// icc_seqlock::Seqlock::new(true); // `bool` cannot be shared between cores as plain bytes
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shared between cores as plain bytes: it may have padding or invalid bit patterns",
    label = "not a `Payload`",
    note = "derive `bytemuck::Pod` and `bytemuck::Zeroable` on a `#[repr(C)]` struct without padding"
)]
pub trait Payload: NoUninit + AnyBitPattern {}

#[diagnostic::do_not_recommend]
impl<T: NoUninit + AnyBitPattern> Payload for T {}
