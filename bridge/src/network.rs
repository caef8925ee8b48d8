//! zenoh: the network that bridges use.

use crate::error::WireError;
use crate::wire::{Answer, Congestion, Guard, MOST_ANSWERED, OnFrame, Sender, Wire};
use std::fmt::Display;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use zenoh::Wait as _;
use zenoh::pubsub::Publisher;
use zenoh::qos::{CongestionControl, Priority};
use zenoh::query::{ConsolidationMode, QueryTarget};
use zenoh::sample::Sample;
use zenoh::{Config, Session};

/// How this process takes part in the network.
///
/// It is a zenoh peer: it needs no server. Unless told otherwise it listens on the loopback interface alone,
/// looks for nobody, and connects to nobody.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Network {
    /// Where it listens, as `tcp/0.0.0.0:7447`; on a free port of the loopback interface if there is none.
    pub listen: Vec<String>,
    /// Whom it connects to, as `tcp/feed.example.org:7447`. It tries until they are there, and again whenever
    /// a connection breaks.
    pub connect: Vec<String>,
    /// The interface on which it looks for other peers by multicast, as `eth0`; on none if not given.
    pub discover: Option<String>,
    /// A file of zenoh's own configuration, which says everything that is not said here: TLS, users and
    /// passwords, routers.
    pub config: Option<PathBuf>,
}

/// A connection to the network, over zenoh.
///
/// Frames are sent *express* (zenoh does not wait for more to put into one batch, since a bridge does that
/// itself), at zenoh's priority *interactive high*, and are dropped for whoever is too slow unless
/// [`Congestion::Wait`] is asked for. A peer that is not heard for two seconds is taken for gone, and tried
/// again up to ten times a second.
pub struct Zenoh {
    session: Session,
    addresses: Vec<String>,
}

fn failed(doing: impl Into<String>) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> WireError {
    let doing = doing.into();
    move |error| WireError { doing, reason: error.to_string() }
}

/// A setting that a bridge has and the file of zenoh's configuration may change.
const SETTINGS: [(&str, &str); 6] = [
    ("mode", "\"peer\""),
    ("scouting/multicast/enabled", "false"),
    ("connect/retry", "{ period_init_ms: 100, period_max_ms: 500, period_increase_factor: 1.5 }"),
    ("transport/link/tx/lease", "2000"),
    ("transport/unicast/open_timeout", "2000"),
    ("transport/unicast/accept_timeout", "2000"),
];

impl Network {
    /// And where it will listen, as far as it is said here.
    fn zenoh(&self) -> Result<(Config, Vec<String>), WireError> {
        let mut config = match &self.config {
            Some(file) => Config::from_file(file).map_err(failed(format!("cannot read {}", file.display())))?,
            None => Config::default(),
        };
        let mut set = |key: &str, value: &str| {
            let doing = format!("cannot set {key} of zenoh to {value}");
            config.insert_json5(key, value).map_err(|error| failed(doing)(error.to_string().into()))
        };
        if self.config.is_none() {
            for (key, value) in SETTINGS {
                set(key, value)?;
            }
        }
        if let Some(interface) = &self.discover {
            set("scouting/multicast/enabled", "true")?;
            set("scouting/multicast/interface", &quoted(interface))?;
        }
        if !self.connect.is_empty() {
            set("connect/endpoints", &list(&self.connect))?;
        }
        let mut addresses = self.listen.clone();
        if addresses.is_empty() && self.config.is_none() {
            addresses.push(free()?);
        }
        if !addresses.is_empty() {
            set("listen/endpoints", &list(&addresses))?;
        }
        Ok((config, addresses))
    }
}

/// An address of the loopback interface that is free now.
fn free() -> Result<String, WireError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let address = bound.map_err(|error| failed("cannot listen on the loopback interface")(error.into()))?;
    Ok(format!("tcp/{address}"))
}

fn quoted(text: impl Display) -> String {
    serde_json::Value::String(text.to_string()).to_string()
}

fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

impl Zenoh {
    /// Takes part in the network.
    ///
    /// # Errors
    ///
    /// [`WireError`] if an address cannot be listened on or a setting is none. Whom it cannot connect to, it
    /// goes on trying.
    pub fn open(network: &Network) -> Result<Self, WireError> {
        let (config, addresses) = network.zenoh()?;
        let session = zenoh::open(config).wait().map_err(failed("cannot take part in the network"))?;
        Ok(Self { session, addresses })
    }

    /// Where it listens, unless only a file of zenoh's configuration says that.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.addresses.clone()
    }
}

struct ZenohSender(Publisher<'static>);

impl Sender for ZenohSender {
    fn send(&mut self, frame: Vec<u8>) -> Result<(), WireError> {
        self.0.put(frame).wait().map_err(failed("cannot send"))
    }
}

impl Wire for Zenoh {
    fn sender(&self, key: &str, congestion: Congestion) -> Result<Box<dyn Sender>, WireError> {
        let control = match congestion {
            Congestion::Drop => CongestionControl::Drop,
            Congestion::Wait => CongestionControl::Block,
        };
        let publisher = self
            .session
            .declare_publisher(key.to_owned())
            .congestion_control(control)
            .priority(Priority::InteractiveHigh)
            .express(true)
            .wait()
            .map_err(failed(format!("cannot send under {key}")))?;
        Ok(Box::new(ZenohSender(publisher)))
    }

    fn listen(&self, key: &str, on_frame: OnFrame) -> Result<Guard, WireError> {
        let on_frame = Mutex::new(on_frame);
        let subscriber = self
            .session
            .declare_subscriber(key.to_owned())
            .callback(move |sample| {
                // Several links may bring frames at once.
                let mut on_frame = on_frame.lock().unwrap_or_else(PoisonError::into_inner);
                on_frame(&sample.payload().to_bytes());
            })
            .wait()
            .map_err(failed(format!("cannot listen under {key}")))?;
        Ok(Box::new(subscriber))
    }

    fn answer(&self, key: &str, answer: Answer) -> Result<Guard, WireError> {
        let own = key.to_owned();
        let queryable = self
            .session
            .declare_queryable(key.to_owned())
            .complete(true)
            .callback(move |query| {
                let question = query.payload().map(|bytes| bytes.to_bytes().into_owned()).unwrap_or_default();
                for bytes in answer(&question) {
                    // Whoever asked may be gone: then nobody misses the answer.
                    let _ = query.reply(own.as_str(), bytes).express(true).wait();
                }
            })
            .wait()
            .map_err(failed(format!("cannot answer under {key}")))?;
        Ok(Box::new(queryable))
    }

    fn ask(&self, key: &str, question: &[u8], timeout: Duration) -> Result<Vec<Vec<u8>>, WireError> {
        let replies = self
            .session
            .get(key)
            .payload(question.to_vec())
            .target(QueryTarget::All)
            .consolidation(ConsolidationMode::None)
            .timeout(timeout)
            .wait()
            .map_err(failed(format!("cannot ask under {key}")))?;
        // It ends when all have answered, or the time is over.
        let samples = std::iter::from_fn(|| replies.recv().ok()).filter_map(|reply| reply.into_result().ok());
        let mut left = MOST_ANSWERED;
        let within = |sample: &Sample| {
            let fits = left.checked_sub(sample.payload().len());
            fits.map(|rest| left = rest).is_some()
        };
        let taken = samples.take_while(within).map(|sample| sample.payload().to_bytes().into_owned());
        Ok(taken.collect())
    }
}
