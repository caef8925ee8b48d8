//! NumPy reads the text, and a live queue by it. Skipped where Python has no NumPy.

#![cfg(target_os = "linux")]

use bytemuck::{Pod, Zeroable};
use icc_queue::{Options, Queue};
use icc_schema::{Describe, DescribeOptions as _, Values};
use icc_testing::Name;
use std::process::Command;

#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
struct Leg {
    price: f64,
    size: u32,
    _padding: u32,
}

/// Everything that a field can be.
#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
struct Message {
    #[describe(time = "ns")]
    at: i64,
    #[describe(decimals = 4, unit = "USD")]
    limit: i64,
    legs: [Leg; 2],
    #[describe(text)]
    symbol: [u8; 6],
    #[describe(values = Side)]
    side: u8,
    #[describe(bytes)]
    tag: [u8; 1],
    sizes: [[u16; 2]; 2],
}

#[derive(Values)]
#[allow(dead_code)]
enum Side {
    Buy = 1,
    Sell = 2,
}

/// As the guide has it.
const READ: &str = r#"
import json, mmap, struct, sys
import numpy as np

def dtype(schema):
    """NumPy wants a tuple where JSON has a list: a format and its shape."""
    if isinstance(schema, list):
        return (dtype(schema[0]), tuple(schema[1]))
    if isinstance(schema, dict):
        return np.dtype({"names": schema["names"], "formats": [dtype(of) for of in schema["formats"]],
                         "offsets": schema["offsets"], "itemsize": schema["itemsize"]})
    return np.dtype(schema)

with open(sys.argv[1], "rb") as file:
    memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
size, align, _, length, stride, slots = struct.unpack_from("=6Q", memory, 72)
offset, schema_len = struct.unpack_from("=2Q", memory, 144)
message = dtype(json.loads(memory[offset : offset + schema_len]))
assert message.itemsize == size
slot = np.dtype({"names": ["version", "message"], "formats": ["<u8", message], "offsets": [0, max(8, align)], "itemsize": stride})
ring = np.frombuffer(memory, dtype=slot, count=length, offset=slots)
"#;

const CHECK: &str = r#"
assert list(ring["version"]) == [2, 2, 0, 0], ring["version"]
one = ring["message"][1]
assert one["at"] == np.datetime64("2023-11-14T22:13:20.000000001", "ns"), one
assert one["limit"] == -12345 and one["symbol"] == b"EURUSD" and one["side"] == 2, one
assert list(one["legs"]["price"]) == [1.5, 2.5] and list(one["legs"]["size"]) == [7, 8], one
assert one["sizes"].tolist() == [[1, 2], [3, 4]], one
print("read")
"#;

#[test]
fn numpy_reads_a_queue_by_its_schema() {
    let has_numpy =
        Command::new("python3").args(["-c", "import numpy"]).output().is_ok_and(|done| done.status.success());
    if !has_numpy {
        eprintln!("skipped: `python3 -c 'import numpy'` fails; `pip install numpy` where it may be missing");
        return;
    }
    let name = Name::new("numpy");
    let queue = Queue::<Message>::create(&name, 4, &Options::new().describe::<Message>()).unwrap();
    let mut producer = queue.producer().unwrap();
    let leg = |price, size| Leg { price, size, _padding: 0 };
    producer.produce(&Message::zeroed());
    producer.produce(&Message {
        at: 1_700_000_000_000_000_001,
        limit: -12_345,
        legs: [leg(1.5, 7), leg(2.5, 8)],
        symbol: *b"EURUSD",
        side: 2,
        tag: [0xff],
        sizes: [[1, 2], [3, 4]],
    });
    let done = Command::new("python3").arg("-c").arg(format!("{READ}{CHECK}")).arg(name.path()).output().unwrap();
    let says = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && done.stdout == b"read\n", "{says}");
}

/// The guide shows the very program that was run here.
#[test]
fn the_guide_has_this_program() {
    let guide = include_str!("../../../docs/schema.md");
    assert!(guide.contains(READ.trim()), "docs/schema.md has another program");
}
