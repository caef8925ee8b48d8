//! `get` and `watch`.

use crate::feed;
use crate::run::{Running, json, refusal, stdout};
use icc_testing::{Name, wait_until};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

#[test]
fn values() {
    let directory = Name::directory("get");
    let path = directory.path().join("table");
    let _table = feed::start("table", &path, &[("CAPACITY", 4), ("COUNT", 6)]);
    wait_until("the values", || stdout(["get".as_ref(), path.as_os_str(), "1".as_ref()]).starts_with("1  [0]=5.0"));
    assert_eq!(
        stdout(["get".as_ref(), path.as_os_str()]),
        "0  [0]=4.0 [1]=0.5\n1  [0]=5.0 [1]=0.5\n2  [0]=2.0 [1]=0.5\n3  [0]=3.0 [1]=0.5\n"
    );
    assert_eq!(
        stdout([
            "get".as_ref(),
            path.as_os_str(),
            "3".as_ref(),
            "0..2".as_ref(),
            "--csv".as_ref(),
            "--fields=[0]".as_ref()
        ]),
        "slot,[0]\n3,3.0\n0,4.0\n1,5.0\n"
    );
    assert_eq!(
        json(["get".as_ref(), path.as_os_str(), "2".as_ref(), "--json".as_ref()]),
        json!({ "slot": 2, "message": [2.0, 0.5] })
    );
    let (code, said) = refusal(["get".as_ref(), path.as_os_str(), "4".as_ref()]);
    assert!(code == Some(3) && said.contains("the vector has 4 slots, and no `4`"), "{code:?} {said}");
    let queue = directory.path().join("quotes");
    let _feed = feed::with_messages(&queue, 4, 1);
    let (code, said) = refusal(["get".as_ref(), queue.as_os_str()]);
    assert!(code == Some(1) && said.contains("`icc tail`"), "{code:?} {said}");
}

/// Slots that the creator gave names.
#[test]
fn keys() {
    let directory = Name::directory("keys-of");
    let path = directory.path().join("rates");
    let options = icc_vector::Options::new().keys(["EURUSD", "USD,JPY", "a \"b\""]);
    let vector = icc_vector::SeqlockVector::<u64>::create(&path, 3, &options).unwrap();
    let mut writer = vector.writer().unwrap();
    (0..3).for_each(|n| _ = writer.write(n, &(10 * n as u64)).unwrap());
    let get = |more: &[&str]| {
        let args = ["get".as_ref(), path.as_os_str()].into_iter().chain(more.iter().map(std::ffi::OsStr::new));
        stdout(args)
    };
    assert_eq!(get(&[]), "0  EURUSD  0\n1  USD,JPY  10\n2  a \"b\"  20\n");
    assert_eq!(get(&["USD,JPY", "--csv"]), "slot,key,value\n1,\"USD,JPY\",10\n");
    assert_eq!(
        json(["get".as_ref(), path.as_os_str(), "EURUSD".as_ref(), "--json".as_ref()]),
        json!({ "slot": 0, "key": "EURUSD", "message": 0 })
    );
    let stat = json(["stat".as_ref(), path.as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    assert_eq!(stat["keys"], json!(["EURUSD", "USD,JPY", "a \"b\""]));
    let (code, said) = refusal(["get".as_ref(), path.as_os_str(), "GBPUSD".as_ref()]);
    assert!(code == Some(3) && said.contains("give a number or name"), "{code:?} {said}");
}

#[test]
fn changes() {
    let directory = Name::directory("watch");
    let path = directory.path().join("table");
    let _table = feed::start("table", &path, &[("CAPACITY", 4), ("RATE", 100)]);
    let args = [
        "watch".as_ref(),
        path.as_os_str(),
        "1".as_ref(),
        "3".as_ref(),
        "--count=6".as_ref(),
        "--interval=1ms".as_ref(),
    ];
    let mut watch = Running::start(args, Stdio::piped());
    let lines: Vec<_> = BufReader::new(watch.0.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert_eq!(watch.end(), (Some(0), String::new()));
    let slots: Vec<_> = lines.iter().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(slots.len() == 6 && slots.iter().all(|slot| *slot == "1" || *slot == "3"), "{lines:?}");
    let all = stdout(["watch".as_ref(), path.as_os_str(), "--all".as_ref(), "--count=4".as_ref(), "--csv".as_ref()]);
    assert_eq!(all.lines().count(), 5, "{all}");
}
