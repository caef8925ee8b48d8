//! `rm`.

use crate::feed::with_messages;
use crate::run::{output, refusal, stdout};
use icc_queue::{Options, QueueReader};
use icc_testing::Name;
use std::fs;

#[test]
fn what_is_in_use_or_is_no_buffer_stays() {
    let directory = Name::directory("rm");
    let (path, notes) = (directory.path().join("quotes"), directory.path().join("notes.txt"));
    let mut feed = with_messages(&path, 8, 5);
    fs::write(&notes, "x".repeat(1_000)).unwrap();
    let (code, said) = refusal(["rm".as_ref(), path.as_os_str()]);
    assert!(code == Some(4) && said.contains("has 1 living producer or writer") && path.exists(), "{code:?} {said}");
    for force in ["--dry-run", "--force"] {
        let (code, said) = refusal(["rm".as_ref(), notes.as_os_str(), force.as_ref()]);
        assert!(notes.exists() && (force == "--dry-run" || said.contains("not a buffer")), "{said}");
        assert_eq!(code, Some(4), "{force}: {said}");
    }
    assert_eq!(refusal(["rm".as_ref(), directory.path().join("none").as_os_str()]).0, Some(3));

    // The one does not keep the other.
    let both = output(["rm".as_ref(), "--force".as_ref(), notes.as_os_str(), path.as_os_str()]);
    assert_eq!((both.status.code(), path.exists(), notes.exists()), (Some(4), false, true));

    feed.kill();
    let feed = with_messages(&path, 8, 5);
    drop(feed);
    assert_eq!(stdout(["rm".as_ref(), path.as_os_str()]), format!("removed {}\n", path.display()));
    assert!(!path.exists());
}

#[test]
fn what_nobody_has() {
    let directory = Name::directory("rm-dead");
    let path = |name: &str| directory.path().join(name);
    let _alive = with_messages(&path("alive"), 8, 5);
    drop(with_messages(&path("dead"), 8, 5));
    drop(with_messages(&path("read"), 8, 5));
    let _reader = QueueReader::<[u64; 7]>::open(path("read"), &Options::new()).unwrap();
    fs::write(path("notes.txt"), "").unwrap();
    // As a process leaves it that is killed while it removes a queue: the ring is gone.
    drop(icc_queue::Queue::<u64>::create(path("left"), icc_queue::QueueSpec::new(8).seen(), &Options::new()).unwrap());
    fs::remove_file(path("left")).unwrap();
    let beside = || {
        fs::read_dir(directory.path())
            .unwrap()
            .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "readers"))
            .count()
    };
    assert_eq!(beside(), 1);
    let args = |more: &str| ["rm".into(), "--dead".into(), directory.path().as_os_str().to_owned(), more.into()];
    // It may say that some processes are hidden.
    let would = output(args("--dry-run"));
    assert_eq!(
        String::from_utf8(would.stdout).unwrap(),
        format!("{} left a file of readers\nwould remove {}\n", path("left").display(), path("dead").display())
    );
    assert!(path("dead").exists() && beside() == 1);
    let removed = output(args("--force"));
    let said = String::from_utf8(removed.stdout).unwrap();
    assert!(said.ends_with(&format!("removed {}\n", path("dead").display())) && beside() == 0, "{said}");
    assert!(path("alive").exists() && path("read").exists() && path("notes.txt").exists());
}
