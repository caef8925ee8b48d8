//! Frames as they come: what becomes of each, and what has to be asked for.

use super::bytes::BytesMirror;
use super::options::ImportOptions;
use super::place::ahead;
use super::queue::QueueMirror;
use super::totals::Imported;
use super::vector::VectorMirror;
use crate::about::{About, Kind};
use crate::error::{BridgeError, FrameError};
use crate::event::Event;
use crate::frame::{Body, Frame};
use crate::keys::encode_place;
use crossbeam_channel::Sender;
use icc_buffer::{Options, UntypedBuffer};
use icc_queue::bytes::BytesQueueReader;
use icc_queue::untyped::QueueReader;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most bytes of frames that wait until it is known what they are of.
const MOST_WAITING: usize = 4 << 20;
/// So many events wait to be told.
const MOST_EVENTS: usize = 64;
/// After so many signs of life in a row that are behind what the source can send, a frame from elsewhere has led
/// the mirror astray.
const BEATS_BEHIND: u32 = 5;
/// After so long without a frame the other side is said to be silent; and frames that are refused are told no more
/// often.
const SILENCE: Duration = Duration::from_secs(1);

/// What frames are put into.
pub(super) enum Mirror {
    Queue(QueueMirror),
    Bytes(BytesMirror),
    Vector(VectorMirror),
}

/// What has to be done beside taking frames.
pub(super) struct Wishes {
    pub(super) events: Vec<Event>,
    /// Ask what the source is.
    pub(super) about: bool,
    /// Ask for all values.
    pub(super) state: bool,
}

pub(super) struct Inbox {
    name: PathBuf,
    /// Rings when there is something to do.
    ring: Sender<()>,
    mirror: Option<(u64, Mirror)>,
    /// How many messages the source keeps.
    source_len: u64,
    /// Frames of a source that is not known yet.
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// Whether another source was here before.
    follows: bool,
    totals: Imported,
    events: Vec<Event>,
    heard_at: Option<Instant>,
    refused_at: Option<Instant>,
    silent: bool,
    /// The mirror here is beyond its source: it must be made anew.
    astray: bool,
    /// Signs of life in a row that say so. One alone may be late.
    beats_behind: u32,
}

impl Inbox {
    pub(super) fn new(name: &Path, ring: Sender<()>) -> Self {
        Self {
            name: name.to_owned(),
            ring,
            mirror: None,
            source_len: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            follows: false,
            totals: Imported::default(),
            events: Vec::new(),
            heard_at: None,
            refused_at: None,
            silent: false,
            astray: false,
            beats_behind: 0,
        }
    }

    pub(super) fn totals(&self) -> Imported {
        self.totals
    }

    /// Where the mirror is, as it is sent to whoever asks. Of a vector there is nothing to tell.
    pub(super) fn place(&self) -> Option<Vec<u8>> {
        let Some((instance, mirror)) = self.mirror.as_ref() else { return place_of_earlier(&self.name) };
        let next = match mirror {
            Mirror::Queue(mirror) => mirror.next(),
            Mirror::Bytes(mirror) => mirror.next(),
            Mirror::Vector(_) => return None,
        };
        Some(encode_place(*instance, next))
    }

    /// Takes a frame from the network. Never waits for it.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.totals.frames += 1;
        self.heard_at = Some(Instant::now());
        match Frame::decode(bytes) {
            Ok(frame) => self.take_frame(&frame, bytes),
            Err(error) => self.refuse(error),
        }
    }

    fn take_frame(&mut self, frame: &Frame<'_>, bytes: &[u8]) {
        match &mut self.mirror {
            Some((instance, mirror)) if *instance == frame.instance => {
                match is_beyond(mirror, &frame.body, self.source_len) {
                    Some(true) => self.beats_behind += 1,
                    Some(false) => self.beats_behind = 0,
                    None => {}
                }
                if self.beats_behind >= BEATS_BEHIND {
                    (self.mirror, self.astray, self.beats_behind) = (None, true, 0);
                    self.tell(Event::Astray { path: self.name.clone() });
                    return;
                }
                if let Err(error) = mirror.take(&frame.body, &mut self.totals) {
                    self.refuse(error);
                } else if let Body::Ended { next } = frame.body {
                    self.end(next);
                } else if matches!(mirror, Mirror::Vector(vector) if vector.wants_state()) {
                    self.call();
                }
            }
            // Nothing of it was seen, and nothing more comes.
            _ if matches!(frame.body, Body::Ended { .. }) => {}
            _ => {
                self.waiting_bytes += bytes.len();
                self.waiting.push_back(bytes.to_vec());
                while self.waiting_bytes > MOST_WAITING {
                    let oldest = self.waiting.pop_front();
                    self.waiting_bytes -= oldest.map_or(0, |oldest| oldest.len());
                }
                self.call();
            }
        }
    }

    /// The mirror stays as it is, and nobody writes it any more.
    fn end(&mut self, next: u64) {
        if let Some((instance, _)) = self.mirror.take() {
            self.follows = true;
            self.tell(Event::Ended { instance, next });
        }
    }

    fn refuse(&mut self, error: FrameError) {
        self.totals.refused += 1;
        if self.refused_at.is_none_or(|at| at.elapsed() > SILENCE) {
            self.refused_at = Some(Instant::now());
            self.tell(Event::Refused(error));
        }
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        }
        self.call();
    }

    fn call(&self) {
        // If it is full, it rings already.
        let _ = self.ring.try_send(());
    }

    /// What there is to do. `check` asks, too, whether the name still stands for the mirror.
    pub(super) fn wishes(&mut self, check: bool) -> Wishes {
        let silent = self.heard_at.is_some_and(|at| at.elapsed() > SILENCE);
        if silent != self.silent {
            self.silent = silent;
            self.tell(if silent { Event::Silent } else { Event::Heard });
        }
        if check && self.mirror.as_ref().is_some_and(|(_, mirror)| !mirror.is_current()) {
            self.mirror = None;
            self.tell(Event::Removed { path: self.name.clone() });
        }
        let state = matches!(&self.mirror, Some((_, Mirror::Vector(vector))) if vector.wants_state());
        Wishes { events: std::mem::take(&mut self.events), about: !self.waiting.is_empty(), state }
    }

    /// Where a mirror of this source begins, if frames of it wait for one. Nobody writes the last one any more.
    pub(super) fn expects(&mut self, about: &About) -> Result<Option<u64>, BridgeError> {
        let known = self.mirror.as_ref().is_some_and(|(instance, _)| *instance == about.instance);
        let mut frames = self.waiting.iter().filter_map(|bytes| Frame::decode(bytes).ok());
        let first = frames.find(|frame| frame.instance == about.instance).map(|frame| first_of(&frame.body));
        let Some(first) = first.filter(|_| !known) else {
            // They are of another one, which is gone.
            self.waiting.clear();
            self.waiting_bytes = 0;
            return Ok(None);
        };
        self.follows |= self.mirror.take().is_some();
        if std::mem::take(&mut self.astray) {
            icc_buffer::remove(&self.name)?;
        }
        // What was sent before the first frame is told as lost by whoever was here before.
        Ok(Some(if self.follows { about.start } else { first }))
    }

    /// Whether there is a mirror; then what waits, which is of others, is dropped.
    pub(super) fn ignores_others(&mut self) -> bool {
        if self.mirror.is_some() {
            self.waiting.clear();
            self.waiting_bytes = 0;
        }
        self.mirror.is_some()
    }

    /// Puts into this mirror what has come meanwhile, and what comes.
    pub(super) fn adopt(&mut self, about: &About, mirror: Mirror, resumed: bool) {
        let from = match &mirror {
            Mirror::Queue(mirror) => mirror.next(),
            Mirror::Bytes(mirror) => mirror.next(),
            Mirror::Vector(_) => 0,
        };
        (self.source_len, self.beats_behind) = (about.len, 0);
        self.totals.instances += 1;
        self.mirror = Some((about.instance, mirror));
        self.tell(Event::Repeats { path: self.name.clone(), instance: about.instance, from, resumed });
        self.waiting_bytes = 0;
        for bytes in std::mem::take(&mut self.waiting) {
            if let Ok(frame) = Frame::decode(&bytes) {
                self.take_frame(&frame, &bytes);
            }
        }
    }

    /// All values are asked for. If a frame is missed from now on, they are asked for again.
    pub(super) fn asks_state(&mut self) {
        if let Some((_, Mirror::Vector(mirror))) = &mut self.mirror {
            mirror.set_wants_state(false);
        }
    }

    /// Takes what answers a question for all values: frames with numbers from 0 on, and how many these are.
    pub(super) fn take_state(&mut self, answers: &[Vec<u8>]) {
        let (mut came, mut all) = (BTreeSet::new(), None);
        for bytes in answers {
            let done = match (Frame::decode(bytes), &mut self.mirror) {
                (Ok(Frame { instance, body }), Some((own, Mirror::Vector(mirror)))) if instance == *own => {
                    if let Body::Beat { next } = body {
                        all = Some(next);
                        continue;
                    }
                    mirror.take_state(&body, &mut self.totals).map(|serial| _ = came.insert(serial))
                }
                (Ok(_), _) => Ok(()),
                (Err(error), _) => Err(error),
            };
            if let Err(error) = done {
                self.refuse(error);
            }
        }
        if let Some((_, Mirror::Vector(mirror))) = &mut self.mirror
            && all != Some(came.len() as u64)
        {
            mirror.set_wants_state(true);
        }
    }
}

/// Of a frame that says what the source sends: whether the mirror is further than the source can be. A source
/// goes back by no more than it keeps.
fn is_beyond(mirror: &Mirror, body: &Body<'_>, source_len: u64) -> Option<bool> {
    let next = match mirror {
        Mirror::Queue(mirror) => mirror.next(),
        Mirror::Bytes(mirror) => mirror.next(),
        Mirror::Vector(_) => return None,
    };
    match *body {
        Body::Beat { next: sent } => Some(ahead(sent, next).is_some_and(|far| far > source_len)),
        Body::Messages { first, .. } | Body::Bytes { first, .. } => ahead(next, first).map(|_| false),
        _ => None,
    }
}

/// Where the mirror is that an earlier bridge has left here, if there is one.
fn place_of_earlier(name: &Path) -> Option<Vec<u8>> {
    let buffer = UntypedBuffer::open(name, &Options::new()).ok()?;
    let (instance, is_bytes) = (buffer.source(), buffer.inspected().kind.to_string() == "bytes");
    let next = if is_bytes {
        BytesQueueReader::over(&buffer).ok()?.produced()
    } else {
        QueueReader::over(buffer).ok()?.produced()
    };
    (instance != 0).then(|| encode_place(instance, next))
}

/// Where a mirror begins whose first frame this is.
fn first_of(body: &Body<'_>) -> u64 {
    match *body {
        Body::Messages { first, .. } | Body::Bytes { first, .. } => first,
        Body::Lost { first, .. } => first,
        Body::Beat { next } | Body::Ended { next } => next,
        Body::Values { .. } => 0,
    }
}

impl Mirror {
    /// And whether there was one already.
    pub(super) fn make(
        about: &About,
        key: &str,
        name: &Path,
        from: u64,
        options: &ImportOptions,
    ) -> Result<(Self, bool), BridgeError> {
        Ok(match about.kind {
            Kind::Queue => {
                let (mirror, resumed) = QueueMirror::make(about, key, name, from, options)?;
                (Self::Queue(mirror), resumed)
            }
            Kind::Bytes => {
                let (mirror, resumed) = BytesMirror::make(about, key, name, from, options)?;
                (Self::Bytes(mirror), resumed)
            }
            Kind::Vector => {
                let (mirror, resumed) = VectorMirror::make(about, key, name, options)?;
                (Self::Vector(mirror), resumed)
            }
        })
    }

    fn take(&mut self, body: &Body<'_>, totals: &mut Imported) -> Result<(), FrameError> {
        match self {
            Self::Queue(mirror) => mirror.take(body, totals),
            Self::Bytes(mirror) => mirror.take(body, totals),
            Self::Vector(mirror) => mirror.take(body, totals),
        }
    }

    fn is_current(&self) -> bool {
        match self {
            Self::Queue(mirror) => mirror.is_current(),
            Self::Bytes(mirror) => mirror.is_current(),
            Self::Vector(mirror) => mirror.is_current(),
        }
    }
}
