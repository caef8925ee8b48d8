//! Two machines: network namespaces with a cable between them, and what goes wrong on it.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Two network namespaces and a pair of virtual interfaces; gone with the test.
pub(crate) struct Machines {
    tag: String,
    net: u8,
}

impl Machines {
    /// None where this may not be done, with the reason printed.
    pub(crate) fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let tag = format!("{}x{number}", std::process::id());
        let machines = Self { net: (number % 200) as u8 + 1, tag };
        let [a, b] = [machines.name(0), machines.name(1)];
        let steps = [
            format!("netns add {a}"),
            format!("netns add {b}"),
            format!("-n {a} link add eth type veth peer name eth netns {b}"),
            format!("-n {a} addr add {}/24 dev eth", machines.address(0)),
            format!("-n {b} addr add {}/24 dev eth", machines.address(1)),
            format!("-n {a} link set eth up"),
            format!("-n {b} link set eth up"),
            format!("-n {a} link set lo up"),
            format!("-n {b} link set lo up"),
        ];
        for step in steps {
            match ip(&step) {
                Some(output) if output.status.success() => {}
                found => {
                    let reason = found.map_or("there is no `ip`".to_owned(), |output| {
                        String::from_utf8_lossy(&output.stderr).trim().to_owned()
                    });
                    println!("skipped: no network namespaces here ({reason})");
                    return None;
                }
            }
        }
        Some(machines)
    }

    fn name(&self, which: usize) -> String {
        format!("icc{}{}", self.tag, ["a", "b"][which])
    }

    pub(crate) fn address(&self, which: usize) -> String {
        format!("10.77.{}.{}", self.net, which + 1)
    }

    /// What one of the two has sent, with all headers.
    pub(crate) fn sent_bytes(&self, which: usize) -> u64 {
        let mut command = self.command(which, Path::new("cat"));
        let output = command.arg("/sys/class/net/eth/statistics/tx_bytes").output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
    }

    /// A command that will run on one of the two.
    pub(crate) fn command(&self, which: usize, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(which)]).arg(program);
        command
    }

    /// A bridge on one of the two.
    pub(crate) fn bridge(&self, which: usize, arguments: &[&str]) -> Bridge {
        let mut command = self.command(which, Path::new(env!("CARGO_BIN_EXE_icc-bridge")));
        command.args(arguments);
        Bridge::start(command)
    }

    /// A relay on the second machine, at this port, to that of the first.
    pub(crate) fn relay(&self, protocol: &str, port: u16, to: u16) -> Relay {
        let mut command = self.command(1, &std::env::current_exe().unwrap());
        command.args(["--exact", "relay_process", "--ignored", "--nocapture"]);
        let (listen, to) = (format!("{}:{port}", self.address(1)), format!("{}:{to}", self.address(0)));
        command.env("ICC_RELAY", format!("{protocol} {listen} {to}"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !lines.next().unwrap().unwrap().contains("relay is ready") {}
        // What else it says nobody reads; but it must be able to.
        thread::spawn(move || lines.for_each(drop));
        Relay { child }
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for which in 0..2 {
            let _ = ip(&format!("netns del {}", self.name(which)));
        }
    }
}

fn ip(arguments: &str) -> Option<Output> {
    Command::new("ip").args(arguments.split(' ')).output().ok()
}

/// A bridge that runs in a process of its own.
pub(crate) struct Bridge {
    child: Child,
    told: Receiver<String>,
    heard: Vec<String>,
}

impl Bridge {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, told) = mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        Self { child, told, heard: Vec::new() }
    }

    /// Waits until it says something of this kind, and returns the line.
    pub(crate) fn says(&mut self, part: &str) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            match self.told.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => self.heard.push(line),
                Err(_) => panic!("it did not say {part:?}, but {:?}", self.heard),
            }
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as Ctrl-C does, and returns the numbers of its last line.
    pub(crate) fn end(mut self) -> Vec<u64> {
        // `ip netns exec` becomes the bridge, so it is the same process.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let line = self.says(" messages of ");
        assert!(self.child.wait().unwrap().success(), "{:?}", self.heard);
        let (_, numbers) = line.split_once(": ").unwrap();
        numbers
            .split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().unwrap())
            .collect()
    }

    /// Waits until it fails, and returns why.
    pub(crate) fn fails(mut self) -> String {
        assert!(!self.child.wait().unwrap().success());
        thread::sleep(Duration::from_millis(50));
        self.heard.extend(self.told.try_iter());
        self.heard.join("\n")
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on what comes, and loses or delays some of it, in a process of its own.
pub(crate) struct Relay {
    child: Child,
}

impl Relay {
    /// From now on so many thousandths of the datagrams are lost, each waits for so many milliseconds, and
    /// nothing passes at all if `cut`.
    pub(crate) fn set(&mut self, lost: u64, delay: u64, cut: bool) {
        use std::io::Write as _;
        writeln!(self.child.stdin.as_mut().unwrap(), "{lost} {delay} {}", u64::from(cut)).unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Rules {
    lost: AtomicU64,
    delay: AtomicU64,
    cut: AtomicBool,
}

/// What runs in the process of a [`Relay`].
pub(crate) fn relay() {
    let Ok(asked) = std::env::var("ICC_RELAY") else { return };
    let words: Vec<_> = asked.split(' ').map(str::to_owned).collect();
    let [protocol, listen, to] = &words[..] else { panic!("{asked}") };
    let rules = Arc::new(Rules::default());
    let (ruling, listen, to) = (Arc::clone(&rules), listen.clone(), to.clone());
    if protocol == "tcp" {
        let listener = TcpListener::bind(listen).unwrap();
        thread::spawn(move || tcp(&listener, &to, &ruling));
    } else {
        let socket = UdpSocket::bind(listen).unwrap();
        thread::spawn(move || udp(socket, &to, &ruling));
    }
    println!("relay is ready");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        rules.lost.store(numbers[0], Ordering::Relaxed);
        rules.delay.store(numbers[1], Ordering::Relaxed);
        rules.cut.store(numbers[2] != 0, Ordering::Relaxed);
    }
}

/// While it is cut, bytes are kept back, and nothing is closed: as when a cable is pulled.
fn tcp(listener: &TcpListener, to: &str, rules: &Arc<Rules>) {
    for one in listener.incoming() {
        let one = one.unwrap();
        if rules.cut.load(Ordering::Relaxed) {
            continue;
        }
        let Ok(other) = TcpStream::connect(to) else { continue };
        let pairs = [(one.try_clone().unwrap(), other.try_clone().unwrap()), (other, one)];
        for (mut from, mut to) in pairs {
            let rules = Arc::clone(rules);
            thread::spawn(move || {
                use std::io::{Read as _, Write as _};
                from.set_nodelay(true).unwrap();
                let mut bytes = vec![0; 1 << 16];
                while let Ok(count @ 1..) = from.read(&mut bytes) {
                    while rules.cut.load(Ordering::Relaxed) {
                        thread::sleep(Duration::from_millis(1));
                    }
                    let delay = rules.delay.load(Ordering::Relaxed);
                    if delay > 0 {
                        thread::sleep(Duration::from_millis(delay));
                    }
                    if to.write_all(&bytes[..count]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    }
}

/// One that speaks to it is the client; it is known by the first datagram.
fn udp(socket: UdpSocket, to: &str, rules: &Arc<Rules>) {
    let towards = Arc::new(UdpSocket::bind("0.0.0.0:0").unwrap());
    towards.connect(to).unwrap();
    let socket = Arc::new(socket);
    let client = Arc::new(Mutex::new(None));
    let (back, answer, knows, ruling) =
        (Arc::clone(&towards), Arc::clone(&socket), Arc::clone(&client), Arc::clone(rules));
    thread::spawn(move || {
        let (mut bytes, mut random) = (vec![0; 1 << 16], fastrand::Rng::with_seed(1));
        loop {
            // Refused while nobody listens there.
            let Ok(count) = back.recv(&mut bytes) else { continue };
            let to = *knows.lock().unwrap();
            if let (true, Some(to)) = (passes(&ruling, &mut random), to) {
                let _ = answer.send_to(&bytes[..count], to);
            }
        }
    });
    let (mut bytes, mut random) = (vec![0; 1 << 16], fastrand::Rng::with_seed(2));
    loop {
        let Ok((count, from)) = socket.recv_from(&mut bytes) else { continue };
        *client.lock().unwrap() = Some(from);
        if passes(rules, &mut random) {
            let _ = towards.send(&bytes[..count]);
        }
    }
}

fn passes(rules: &Rules, random: &mut fastrand::Rng) -> bool {
    let delay = rules.delay.load(Ordering::Relaxed);
    if delay > 0 {
        thread::sleep(Duration::from_millis(delay));
    }
    !rules.cut.load(Ordering::Relaxed) && random.u64(..1000) >= rules.lost.load(Ordering::Relaxed)
}
