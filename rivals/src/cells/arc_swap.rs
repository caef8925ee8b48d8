//! `arc-swap`: a pointer to a value of which the writer makes a new one each time.
//!
//! Promises: the newest value, one process, many writers and readers. No data race: values never
//! change. Made for what is read often and written seldom; each write allocates. Read through its
//! `Cache`, its fastest way to look again.

use std::sync::Arc;

use ::arc_swap::{ArcSwap, Cache};
use icc_bench::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::Seen;

pub(crate) struct ArcSwapped;

impl Target for ArcSwapped {
    const NAME: &'static str = "arc-swap";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = ArcLink<T>;

    fn open<T: Message>() -> Result<ArcLink<T>, OpenError> {
        Ok(ArcLink(Arc::new(ArcSwap::from_pointee(T::zeroed()))))
    }
}

pub(crate) struct ArcLink<T>(Arc<ArcSwap<T>>);

pub(crate) struct ArcSender<T>(Arc<ArcSwap<T>>);

pub(crate) struct ArcReceiver<T> {
    cache: Cache<Arc<ArcSwap<T>>, Arc<T>>,
    seen: Seen,
}

impl<T: Message> Link<T> for ArcLink<T> {
    type Sender<'link> = ArcSender<T>;
    type Receiver<'link> = ArcReceiver<T>;

    fn ends(&mut self) -> Result<(ArcSender<T>, ArcReceiver<T>), OpenError> {
        let cache = Cache::new(Arc::clone(&self.0));
        Ok((ArcSender(Arc::clone(&self.0)), ArcReceiver { cache, seen: Seen::default() }))
    }
}

impl<T: Message> Sender<T> for ArcSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.store(Arc::new(*message));
    }
}

impl<T: Message> Receiver<T> for ArcReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        let value: &T = self.cache.load();
        if !self.seen.is_news(value) {
            return Polled::Empty;
        }
        *into = *value;
        Polled::Message
    }
}
