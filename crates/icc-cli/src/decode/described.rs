//! What a buffer's header says of its payload.

use super::Fields;
use icc_buffer::Inspected;

impl Fields {
    /// By the schema where there is one, else by the type's name.
    pub(crate) fn of(inspected: &Inspected) -> Self {
        Self::of_type(&inspected.element.name, inspected.element.size as usize)
    }
}
