//! What the messages or values are.

use crate::error::Failure;
use crate::pointers::text;
use icc_buffer::{ElementType, Options};
use icc_schema::Schema;
use std::ffi::c_char;
use std::path::Path;

/// What the messages or values are.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Payload {
    /// Bytes of each: sizeof.
    pub size: u64,
    /// Its alignment: _Alignof.
    pub align: u64,
    /// The type's name, in UTF-8; or NULL. A program in Rust that does not describe its type opens only what has the
    /// name that Rust gives it, such as "u64", "[f64; 3]" or "feed::Quote".
    pub type_name: *const c_char,
    /// What its fields are: NumPy's dtype dictionary as JSON, such as
    /// `{"names":["bid","ask"],"formats":["<f8","<f8"],"offsets":[0,8],"itemsize":16}`; or NULL. Where both sides have a
    /// schema, these are compared in place of the names.
    pub schema: *const c_char,
}

/// What a payload is, checked.
pub(crate) struct Described {
    pub(crate) element: ElementType,
    pub(crate) options: Options,
}

impl Payload {
    /// For a buffer that is created.
    ///
    /// # Safety
    ///
    /// As the module `pointers` says.
    pub(crate) unsafe fn for_new(self, options: Options) -> Result<Described, Failure> {
        // SAFETY: passed on from the caller.
        let (name, options) = unsafe { (text(self.type_name, "the type's name")?, self.described(options)?) };
        let name = name.unwrap_or("unnamed");
        Ok(Described { element: ElementType::new(name, self.size, self.align), options })
    }

    /// For a buffer that is opened: without a name, one of any name will do.
    ///
    /// # Safety
    ///
    /// As the module `pointers` says.
    pub(crate) unsafe fn for_opening(self, path: &Path) -> Result<Described, Failure> {
        // SAFETY: passed on from the caller.
        let (name, options) = unsafe { (text(self.type_name, "the type's name")?, self.described(Options::new())?) };
        let element = match name {
            Some(name) => ElementType::new(name, self.size, self.align),
            None => ElementType { size: self.size, align: self.align, ..icc_buffer::inspect(path)?.element },
        };
        Ok(Described { element, options })
    }

    /// # Safety
    ///
    /// As the module `pointers` says.
    unsafe fn described(&self, options: Options) -> Result<Options, Failure> {
        // SAFETY: passed on from the caller.
        let Some(schema) = (unsafe { text(self.schema, "the schema") })? else { return Ok(options) };
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        Ok(options.schema(Schema::parse(schema, size)?.into()))
    }
}
