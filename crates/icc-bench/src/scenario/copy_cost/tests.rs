use super::*;
use crate::harness::test_setup::TestSetup;
use crate::targets::plain::{PlainRead, PlainWrite};

const LENGTH: Duration = Duration::from_millis(2);

#[test]
fn a_larger_copy_takes_longer() {
    let setup = TestSetup::on_one_core();
    let [mut small, mut large] = [f64::INFINITY; 2];
    // The least of each: something else may have the core in any of them.
    for _ in 0..5 {
        small = small.min(round::<[u64; 1], PlainRead>(&setup, LENGTH).unwrap().p50_ns);
        large = large.min(round::<[u64; 8192], PlainRead>(&setup, LENGTH).unwrap().p50_ns);
    }
    assert!(small > 0.0 && large > small, "{large} ns against {small}");
}

/// An operation that copies nothing.
struct Nothing<const IS_WRITE: bool>;

impl<const IS_WRITE: bool> Operation for Nothing<IS_WRITE> {
    const NAME: &'static str = "nothing";
    const DIRECTION: Direction = if IS_WRITE { Direction::Write } else { Direction::Read };
    type Cell<T: Message> = T;
    type Handle<'cell, T: Message> = ();

    fn cell<T: Message>(value: T) -> T {
        value
    }
    fn handle<T: Message>(_: &mut T) {}
    fn run<T: Message>((): &mut (), _: &mut T) {}
    fn value<T: Message>(cell: &mut T) -> T {
        *cell
    }
}

#[test]
fn an_operation_that_copies_nothing_is_found_out() {
    let setup = TestSetup::on_one_core();
    let rounds = [round::<[u64; 7], Nothing<false>>(&setup, LENGTH), round::<[u64; 7], Nothing<true>>(&setup, LENGTH)];
    for round in rounds {
        assert!(matches!(round, Err(RoundError::Garbled(_))), "{round:?}");
    }
}

#[test]
fn both_plain_copies_copy() {
    round::<[u64; 15], PlainRead>(&TestSetup::on_one_core(), LENGTH).unwrap();
    round::<[u64; 15], PlainWrite>(&TestSetup::on_one_core(), LENGTH).unwrap();
}

#[test]
fn buffer_and_cell_lie_where_they_are_said_to() {
    let buffer = Box::new(Buffer([0_u64; 7]));
    let mut place = Place::new(PlainRead::cell([0_u64; 7]));
    let payload = PlainRead::handle(&mut place.cell).payload();
    assert_eq!((&raw const buffer.0).addr() % 4096, 0);
    assert_eq!(payload.addr() % 4096, 2048 + 8);
    assert_eq!(place.before[0], 0);
}
