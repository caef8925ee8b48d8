//! Any bytes as a frame between machines, or as the description of a source: a typed error, or something that is within
//! the bytes and can be written again as it was.

#![no_main]

use icc_bridge::About;
use icc_bridge::frame::{Body, Frame, lengths, values};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(frame) = Frame::decode(data) {
        assert_eq!(frame.encode(), data);
        match frame.body {
            Body::Bytes { count, bytes, .. } => {
                if let Ok(messages) = lengths(bytes, count) {
                    assert_eq!(messages.map(|message| message.len() + 4).sum::<usize>(), bytes.len());
                }
            }
            Body::Values { count, bytes, .. } => {
                if let Ok(values) = values(bytes, count, 8) {
                    assert_eq!(values.map(|(.., value)| value.len() + 16).sum::<usize>(), bytes.len());
                }
            }
            _ => {}
        }
    }
    if let Ok(about) = About::decode(data, "key") {
        assert_eq!(About::decode(&about.encode(), "key").ok().as_ref(), Some(&about));
    }
});
