//! What `flatc --rust` makes of this schema, by hand and in short:
//!
//! ```text
//! table Book { symbol: string (required); bids: [long] (required); }
//! ```

use flatbuffers::{FlatBufferBuilder, Follow, ForwardsUOffset, InvalidFlatbuffer, Table, Vector, Verifiable, Verifier};

/// A table that the verifier accepted, or somebody vouched for.
pub(crate) struct Book<'a>(Table<'a>);

type Symbol<'a> = ForwardsUOffset<&'a str>;
type Bids<'a> = ForwardsUOffset<Vector<'a, i64>>;

// Where a table says at which offset each field lies: two bytes each, behind four of its own.
const SYMBOL: u16 = 4;
const BIDS: u16 = 6;

impl<'a> Book<'a> {
    pub(crate) fn finish(builder: &mut FlatBufferBuilder<'_>, symbol: &str, bids: &[i64]) {
        let (symbol, bids) = (builder.create_string(symbol), builder.create_vector(bids));
        let table = builder.start_table();
        builder.push_slot_always(SYMBOL, symbol);
        builder.push_slot_always(BIDS, bids);
        let book = builder.end_table(table);
        builder.finish_minimal(book);
    }

    pub(crate) fn symbol(&self) -> &'a str {
        // SAFETY: there is a table as below, by the invariant of `Book`.
        unsafe { self.0.get::<Symbol<'a>>(SYMBOL, None) }.unwrap_or_default()
    }

    pub(crate) fn bids(&self) -> Vector<'a, i64> {
        // SAFETY: as above.
        unsafe { self.0.get::<Bids<'a>>(BIDS, None) }.unwrap_or_default()
    }
}

impl Verifiable for Book<'_> {
    fn run_verifier(verifier: &mut Verifier<'_, '_>, at: usize) -> Result<(), InvalidFlatbuffer> {
        let table = verifier.visit_table(at)?.visit_field::<Symbol<'_>>("symbol", SYMBOL, true)?;
        table.visit_field::<Bids<'_>>("bids", BIDS, true)?.finish();
        Ok(())
    }
}

impl<'a> Follow<'a> for Book<'a> {
    type Inner = Self;

    unsafe fn follow(buf: &'a [u8], loc: usize) -> Self {
        // SAFETY: the caller vouches for a `Book` there.
        Self(unsafe { Table::new(buf, loc) })
    }
}
