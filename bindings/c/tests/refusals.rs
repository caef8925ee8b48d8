//! What the library refuses, with which status and text.

#![cfg(all(target_os = "linux", not(miri)))]

use icc_c::{
    Payload, Producer, QueueSpec, Status, VectorSpec, Writer, icc_bytes_create, icc_bytes_producer_close,
    icc_bytes_producer_longest, icc_bytes_producer_next, icc_bytes_producer_open, icc_bytes_producer_produce,
    icc_bytes_producer_try_produce, icc_error_text, icc_producer_close, icc_producer_message_size, icc_producer_next,
    icc_producer_open, icc_producer_produce, icc_producer_produce_at, icc_producer_produce_batch,
    icc_producer_try_produce, icc_queue_create, icc_remove, icc_vector_create, icc_writer_close, icc_writer_open,
    icc_writer_slots, icc_writer_write,
};
use icc_testing::Name;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

const SPEC: QueueSpec =
    QueueSpec { capacity: 8, first: 0, max_producers: 0, wakeable: false, seen: false, gaps: false };

fn payload(size: u64, align: u64, name: &'static CStr) -> Payload {
    Payload { size, align, type_name: name.as_ptr(), schema: null() }
}

fn path(name: &Name) -> CString {
    CString::new(name.path().to_str().unwrap()).unwrap()
}

/// The text of the last error.
fn text() -> String {
    // SAFETY: it is a text, which stays until the next error in this thread.
    unsafe { CStr::from_ptr(icc_error_text()) }.to_str().unwrap().to_owned()
}

fn refused(status: Status, expected: Status, says: &str) {
    assert_eq!(status, expected, "{}", text());
    assert!(text().contains(says), "{}", text());
}

fn open(name: &CString, payload: *const Payload) -> (Status, *mut Producer) {
    let mut producer = null_mut();
    // SAFETY: all are valid, or null.
    (unsafe { icc_producer_open(name.as_ptr(), payload, &mut producer) }, producer)
}

#[test]
fn queues() {
    let name = Name::new("c-refusals");
    let (file, words) = (path(&name), payload(16, 8, c"[u64; 2]"));
    let create = |payload: &Payload, spec: &QueueSpec| {
        // SAFETY: all are valid.
        unsafe { icc_queue_create(file.as_ptr(), payload, spec, null()) }
    };
    refused(open(&file, null()).0, Status::NotFound, "start its creator");
    refused(create(&words, &QueueSpec { capacity: 7, ..SPEC }), Status::Invalid, "power of two");
    refused(create(&payload(12, 8, c"x"), &SPEC), Status::Invalid, "12");
    let schema = Payload { schema: c"{".as_ptr(), ..words };
    refused(create(&schema, &SPEC), Status::Invalid, "schema");
    assert_eq!(create(&words, &SPEC), Status::Ok);
    refused(create(&words, &SPEC), Status::AlreadyExists, "exists");

    for other in [payload(16, 8, c"[i64; 2]"), payload(8, 8, c"[u64; 2]"), payload(16, 4, c"[u64; 2]")] {
        refused(open(&file, &other).0, Status::Other, "[u64; 2]");
    }
    let nameless = Payload { type_name: null(), ..payload(24, 8, c"") };
    refused(open(&file, &nameless).0, Status::Other, "24");

    let (status, producer) = open(&file, &words);
    assert_eq!(status, Status::Ok);
    refused(open(&file, &words).0, Status::Taken, "producer");
    let mut sequence = 7;
    let messages = [[1_u64, 2]; 9];
    // SAFETY: the producer is one, the messages are as long as they need be, or null.
    unsafe {
        assert_eq!((icc_producer_message_size(producer), icc_producer_next(producer)), (16, 0));
        refused(icc_producer_produce(producer, null(), null_mut()), Status::Invalid, "null pointer");
        refused(icc_producer_produce(null_mut(), null(), null_mut()), Status::Invalid, "the producer");
        assert_eq!(icc_producer_produce(producer, messages.as_ptr().cast(), &mut sequence), Status::Ok);
        assert_eq!((sequence, icc_producer_next(producer)), (0, 1));
        let batch = |count| icc_producer_produce_batch(producer, messages.as_ptr().cast(), count, null_mut());
        refused(batch(9), Status::Invalid, "9");
        refused(batch(usize::MAX), Status::Invalid, "batch");
        assert_eq!((batch(0), batch(8)), (Status::Ok, Status::Ok));
        refused(icc_producer_produce_at(producer, 99, messages.as_ptr().cast()), Status::Invalid, "gaps");
        assert_eq!(icc_producer_next(producer), 9);
        // A child has a copy, which is not its own; the parent's goes on.
        assert!(icc_testing::in_forked_child(|| {
            let all = [
                icc_producer_produce(producer, messages.as_ptr().cast(), null_mut()),
                icc_producer_try_produce(producer, messages.as_ptr().cast(), null_mut()),
                batch(2),
            ];
            all == [Status::Forked; 3]
        }));
        assert_eq!(icc_producer_produce(producer, messages.as_ptr().cast(), &mut sequence), Status::Ok);
        assert_eq!(sequence, 9);
        icc_producer_close(producer);
        icc_producer_close(null_mut());
    }
    let (status, producer) = open(&file, null());
    assert_eq!(status, Status::Ok);
    // SAFETY: one that was opened; the name is a text.
    unsafe {
        icc_producer_close(producer);
        assert_eq!(icc_remove(file.as_ptr()), Status::Ok);
        refused(icc_remove(file.as_ptr()), Status::NotFound, "start its creator");
        refused(icc_remove(null()), Status::Invalid, "null");
    }
}

#[test]
fn queues_of_bytes() {
    let name = Name::new("c-refusals-bytes");
    let file = path(&name);
    let create = |slot_size, spec: &QueueSpec| {
        // SAFETY: all are valid.
        unsafe { icc_bytes_create(file.as_ptr(), spec, slot_size, null()) }
    };
    let open_bytes = || {
        let mut producer = null_mut();
        // SAFETY: all are valid.
        (unsafe { icc_bytes_producer_open(file.as_ptr(), &mut producer) }, producer)
    };
    refused(open_bytes().0, Status::NotFound, "start its creator");
    refused(create(36, &SPEC), Status::Invalid, "multiple of 8");
    refused(create(u64::MAX, &SPEC), Status::Invalid, "multiple of 8");
    refused(create(40, &QueueSpec { capacity: 7, ..SPEC }), Status::Invalid, "power of two");
    assert_eq!(create(40, &SPEC), Status::Ok);
    refused(create(40, &SPEC), Status::AlreadyExists, "exists");
    refused(as_queue(&file), Status::Other, "bytes");

    let (status, producer) = open_bytes();
    assert_eq!(status, Status::Ok);
    refused(open_bytes().0, Status::Taken, "producer");
    let (message, mut slot) = ([7_u8; 17], 9);
    // SAFETY: the producer is one, the message is as long as is said, or null.
    unsafe {
        let produce = |size| icc_bytes_producer_produce(producer, message.as_ptr().cast(), size, null_mut());
        assert_eq!((icc_bytes_producer_longest(producer), icc_bytes_producer_next(producer)), (16, 0));
        refused(produce(17), Status::Invalid, "longer than the longest of 16");
        refused(produce(usize::MAX), Status::Invalid, "longer than the longest of 16");
        refused(icc_bytes_producer_produce(producer, null(), 1, null_mut()), Status::Invalid, "null pointer");
        refused(icc_bytes_producer_produce(null_mut(), null(), 0, null_mut()), Status::Invalid, "the producer");
        assert_eq!(icc_bytes_producer_produce(producer, null(), 0, &mut slot), Status::Ok);
        assert_eq!((slot, produce(16), icc_bytes_producer_next(producer)), (0, Status::Ok, 3));
        let tried = icc_bytes_producer_try_produce(producer, message.as_ptr().cast(), 3, &mut slot);
        assert_eq!((tried, slot), (Status::Ok, 3));
        assert!(icc_testing::in_forked_child(|| {
            let tried = icc_bytes_producer_try_produce(producer, message.as_ptr().cast(), 1, null_mut());
            [produce(1), tried] == [Status::Forked; 2]
        }));
        icc_bytes_producer_close(producer);
        icc_bytes_producer_close(null_mut());
        assert_eq!((icc_bytes_producer_longest(null()), icc_bytes_producer_next(null())), (0, 0));
    }
    let (status, producer) = open_bytes();
    assert_eq!(status, Status::Ok);
    // SAFETY: one that was opened.
    unsafe { icc_bytes_producer_close(producer) };
}

#[test]
fn vectors() {
    let name = Name::new("c-refusals-vector");
    let (file, number) = (path(&name), payload(8, 8, c"u64"));
    let keys: [*const c_char; 3] = [c"a".as_ptr(), c"b".as_ptr(), c"c".as_ptr()];
    let spec = VectorSpec { len: 3, single_writer: true, tracked: true, wakeable: false, keys: keys.as_ptr() };
    let open = |first, end| {
        let mut writer: *mut Writer = null_mut();
        // SAFETY: all are valid.
        (unsafe { icc_writer_open(file.as_ptr(), &number, first, end, &mut writer) }, writer)
    };
    // SAFETY: all are valid.
    unsafe { assert_eq!(icc_vector_create(file.as_ptr(), &number, &spec, null()), Status::Ok) };
    let vector = icc_vector::VectorReader::<u64>::open(&name, &icc_vector::Options::new()).unwrap();
    assert_eq!((vector.find("b"), vector.is_tracked()), (Some(1), true));
    refused(as_queue(&file), Status::Other, "vector");
    refused(open(2, 4).0, Status::OutOfRange, "4");
    let (status, writer) = open(1, 3);
    assert_eq!(status, Status::Ok);
    refused(open(0, 0).0, Status::Taken, "1..3");
    let (value, mut version, mut first, mut end) = (7_u64, 0, 0, 0);
    let from = (&raw const value).cast();
    // SAFETY: the writer is one, and all else valid or null.
    unsafe {
        assert_eq!(icc_writer_write(writer, 1, from, &mut version), Status::Ok);
        assert_eq!((version, vector.read(1)), (2, Ok(7)));
        refused(icc_writer_write(writer, 0, from, null_mut()), Status::OutOfRange, "1..3");
        refused(icc_writer_write(writer, u64::MAX, from, null_mut()), Status::OutOfRange, "3 slots");
        refused(icc_writer_write(writer, 1, null(), null_mut()), Status::Invalid, "null");
        assert_eq!((icc_writer_slots(writer, &mut first, &mut end), first, end), (Status::Ok, 1, 3));
        assert!(icc_testing::in_forked_child(|| icc_writer_write(writer, 1, from, null_mut()) == Status::Forked));
        icc_writer_close(writer);
    }
    let (status, writer) = open(0, 0);
    assert_eq!(status, Status::Ok);
    // SAFETY: one that was opened.
    unsafe { icc_writer_close(writer) };
}

/// A vector opened as a queue.
fn as_queue(file: &CString) -> Status {
    open(file, null()).0
}
