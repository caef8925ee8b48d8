//! Everything that goes through shared memory, in one place.
//!
//! All are plain data in a fixed layout without padding. A program that attaches with another size,
//! alignment or type name is refused. Each says what its fields are, so that the command `icc` shows
//! them: `icc tail icc-trading-demo/market`.

use bytemuck::{Pod, Zeroable};
use icc_schema::{Describe, Values};

/// The instruments, by number.
pub const INSTRUMENTS: usize = 8;

/// What they are called.
pub const NAMES: [&str; INSTRUMENTS] = ["ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL"];

/// The levels of each side of a book.
pub const LEVELS: usize = 5;

/// One level of one side of a book, as it is from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct MarketUpdate {
    /// When the feed sent it, by the clock of the system's hops.
    #[describe(unit = "ns")]
    pub sent_at: u64,
    /// When it happened at the venue: nanoseconds since its day began.
    #[describe(unit = "ns")]
    pub venue_at: u64,
    /// The venue's own number of this update, from 0.
    pub venue_sequence: u64,
    /// In ticks, which are hundredths of a unit of money.
    #[describe(decimals = 2)]
    pub price: i64,
    /// Lots offered at this price.
    #[describe(unit = "lots")]
    pub quantity: u32,
    /// Which instrument, less than [`INSTRUMENTS`].
    pub instrument: u16,
    /// Which level, 0 being the best, less than [`LEVELS`].
    pub level: u8,
    /// [`BID`](Self::BID) or [`ASK`](Self::ASK).
    #[describe(values = Side)]
    pub side: u8,
    /// Not 0 on the last update of an event: only then is the book whole again.
    pub last: u32,
    /// Orders that make up the quantity.
    pub orders: u32,
}

/// What the sides are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Values)]
#[repr(u8)]
pub enum Side {
    /// [`MarketUpdate::BID`].
    Bid = MarketUpdate::BID,
    /// [`MarketUpdate::ASK`].
    Ask = MarketUpdate::ASK,
}

impl MarketUpdate {
    /// The side of those who want to buy.
    pub const BID: u8 = 0;
    /// The side of those who want to sell.
    pub const ASK: u8 = 1;
}

/// What a model wants to have of an instrument: a slot of the vector of ideal positions, which that
/// model alone writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Ideal {
    /// Lots; below 0 to be short.
    pub quantity: i64,
    /// The middle of the market when the model decided so, in half ticks.
    pub middle: i64,
    /// When the feed sent the market update that made the model decide so.
    #[describe(unit = "ns")]
    pub decided_on: u64,
}

/// A request to buy or sell at once what can be had, and to forget the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct OrderRequest {
    /// Chosen by who sends it, to know the report by.
    pub id: u64,
    /// Lots to buy; below 0 to sell.
    pub quantity: i64,
    /// The worst price that will do, in ticks.
    #[describe(decimals = 2)]
    pub limit: i64,
    /// Which instrument.
    pub instrument: u32,
    /// [`OVERSEER`](Self::OVERSEER) or [`OPERATOR`](Self::OPERATOR).
    #[describe(values = Sender)]
    pub sender: u32,
}

/// What the senders are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Values)]
#[repr(u32)]
pub enum Sender {
    /// [`OrderRequest::OVERSEER`].
    Overseer = OrderRequest::OVERSEER,
    /// [`OrderRequest::OPERATOR`].
    Operator = OrderRequest::OPERATOR,
}

impl OrderRequest {
    /// The overseer sent it.
    pub const OVERSEER: u32 = 1;
    /// A person sent it, by `trading_system order`.
    pub const OPERATOR: u32 = 2;
}

/// What the account handler made of an order request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Report {
    /// Of the request.
    pub id: u64,
    /// Lots bought; below 0 if sold; 0 if nothing came of it.
    pub filled: i64,
    /// In ticks, if something was filled.
    #[describe(decimals = 2)]
    pub price: i64,
    /// Which instrument.
    pub instrument: u32,
    /// Why nothing was filled: one of the codes of [`Refusal`], 0 if something was.
    #[describe(values = Refusal)]
    pub refusal: u32,
}

/// Why an order request came to nothing. Stored as a number, since not every number is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Values)]
#[repr(u32)]
pub enum Refusal {
    /// No such instrument, or a quantity of 0.
    Invalid = 1,
    /// More lots than one order may have.
    OrderTooLarge = 2,
    /// The position would be larger than it may be.
    PositionTooLarge = 3,
    /// The account handler does not know the whole book yet, or any more.
    NoMarket = 4,
    /// The market is not at the limit.
    NotAtLimit = 5,
}

/// What the account has of an instrument: a slot of the vector of live positions, which the account
/// handler alone writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Position {
    /// Lots; below 0 if short.
    pub quantity: i64,
    /// What was received for sales less what was paid, in ticks times lots.
    pub cash: i64,
    /// The orders filled so far.
    pub fills: u64,
    /// The middle of the market at the last fill, in half ticks.
    pub middle: i64,
}

/// How a process is: a slot of the vector of statuses, which that process alone writes, some fifty
/// times a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Status {
    /// When it was written, by [`clock::now`](crate::clock::now). A process that has not written
    /// for long is not well.
    #[describe(unit = "ns")]
    pub alive_at: u64,
    /// When this process began.
    #[describe(unit = "ns")]
    pub started_at: u64,
    /// Messages that it received since, from its main input.
    pub received: u64,
    /// Messages of its main input that it lost since.
    pub lost: u64,
    /// Messages or values that it sent since.
    pub sent: u64,
    /// Messages in its main input that it had not read yet.
    pub lag: u64,
    /// Its process id, to show. (Never to decide by: ids are given out again.)
    pub pid: u32,
    /// How many processes have had this part so far, itself included.
    pub starts: u32,
}
