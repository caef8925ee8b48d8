//! Describing a buffer's payload where it is created or opened.

use crate::difference::compare_texts;
use crate::{Describe, Schema};
use icc_buffer::{Options, SchemaText};

/// [`describe`](Self::describe) for [`Options`].
pub trait DescribeOptions {
    /// With the schema of `T`, the payload's type: written into a buffer that is created, and compared
    /// with that of one that is opened.
    ///
    /// If both sides describe their type, the two match if their fields do: also those of two programs
    /// that define the same struct each for itself, under whatever name. If not, the error
    /// ([`BufferError::OtherSchema`](icc_buffer::BufferError::OtherSchema)) says how they differ. If
    /// one side does not describe its type, names, sizes and alignments are compared as usual.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytemuck::{Pod, Zeroable};
    /// use icc_queue::{Options, Queue, QueueReader};
    /// use icc_schema::{Describe, DescribeOptions as _};
    ///
    /// #[derive(Clone, Copy, Pod, Zeroable, Describe)]
    /// #[repr(C)]
    /// struct Quote {
    ///     bid: f64,
    ///     ask: f64,
    /// }
    ///
    /// let name = format!("icc-schema-example-{}", std::process::id());
    /// let feed = Queue::<Quote>::create(&name, 8, &Options::new().describe::<Quote>())?;
    ///
    /// // In another program, which took the two fields for each other:
    /// mod other {
    ///     # use bytemuck::{Pod, Zeroable};
    ///     # use icc_schema::Describe;
    ///     #[derive(Clone, Copy, Pod, Zeroable, Describe)]
    ///     #[repr(C)]
    ///     pub struct Quote {
    ///         ask: f64,
    ///         bid: f64,
    ///     }
    /// }
    /// let refused = QueueReader::<other::Quote>::open(&name, &Options::new().describe::<other::Quote>()).unwrap_err();
    /// assert!(refused.to_string().contains("`ask` is at 8, not at 0; `bid` is at 0, not at 8"), "{refused}");
    /// icc_queue::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    fn describe<T: Describe>(self) -> Self;
}

impl DescribeOptions for Options {
    fn describe<T: Describe>(self) -> Self {
        // If it is wrong, such as too long, creating a buffer fails with a typed error.
        self.schema(Schema::unchecked(T::describe()).into())
    }
}

impl From<Schema> for SchemaText {
    /// For [`Options::schema`].
    fn from(schema: Schema) -> Self {
        Self::new(schema.text(), schema.hash(), schema.size(), compare_texts)
    }
}
