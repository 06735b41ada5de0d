//! How well what belongs together comes together: on an invented set, and on what lies in `samples` beside the
//! repository.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Files, alert};

/// Which incident each alert is in.
type Assignment = BTreeMap<String, String>;

/// Agreement of an assignment with the truth, from 0 to 1.
#[derive(Debug)]
struct Score {
    /// F1 over pairs of alerts: are two that belong together, together?
    pairwise: f64,
    /// B³ F1: of an alert's incident, how much is right?
    b_cubed: f64,
}

fn counts<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, f64> {
    let mut counts = HashMap::new();
    keys.for_each(|key| *counts.entry(key).or_insert(0.0) += 1.0);
    counts
}

fn pairs<K>(counts: &HashMap<K, f64>) -> f64 {
    counts.values().map(|n| n * (n - 1.0) / 2.0).sum()
}

fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}

/// An alert that is missing from the assignment counts as alone.
fn score(truth: &Assignment, found: &Assignment) -> Score {
    let in_both: Vec<(&str, String)> = truth
        .iter()
        .map(|(alert, incident)| {
            (incident.as_str(), found.get(alert).cloned().unwrap_or(format!("?{alert}")))
        })
        .collect();
    let trues = counts(in_both.iter().map(|(t, _)| *t));
    let founds = counts(in_both.iter().map(|(_, f)| f.as_str()));
    let both = counts(in_both.iter().map(|(t, f)| (*t, f.as_str())));
    let right = pairs(&both);
    let share = |of: &dyn Fn(&(&str, String)) -> f64| {
        in_both.iter().map(|one| both[&(one.0, one.1.as_str())] / of(one)).sum::<f64>() / in_both.len() as f64
    };
    let (precision, recall) = (share(&|one| founds[one.1.as_str()]), share(&|one| trues[one.0]));
    Score {
        pairwise: f1(right / pairs(&founds).max(1.0), right / pairs(&trues).max(1.0)),
        b_cubed: f1(precision, recall),
    }
}

/// The two columns of a CSV file behind its head.
fn read_csv(text: &str) -> Assignment {
    let rows = text.lines().skip(1).filter_map(|row| row.split_once(','));
    rows.map(|(alert, incident)| (alert.to_owned(), incident.trim().to_owned())).collect()
}

fn assignment(pairs: &[(&str, &str)]) -> Assignment {
    pairs.iter().map(|(alert, incident)| (alert.to_string(), incident.to_string())).collect()
}

#[test]
fn the_score_is_what_one_reckons_by_hand() {
    let truth = assignment(&[("1", "a"), ("2", "a"), ("3", "a"), ("4", "b")]);
    let same = score(&truth, &assignment(&[("1", "x"), ("2", "x"), ("3", "x"), ("4", "y")]));
    assert_eq!((same.pairwise, same.b_cubed), (1.0, 1.0));
    // Of two pairs found one is right, of three true ones one is found: P = 1/2, R = 1/3, F1 = 0.4.
    // B³: P = (1 + 1 + 1/2 + 1/2) / 4 = 3/4, R = (2/3 + 2/3 + 1/3 + 1) / 4 = 2/3, F1 = 12/17.
    let half = score(&truth, &assignment(&[("1", "x"), ("2", "x"), ("3", "y"), ("4", "y")]));
    assert!((half.pairwise - 0.4).abs() < 1e-9 && (half.b_cubed - 12.0 / 17.0).abs() < 1e-9, "{half:?}");
    assert_eq!(score(&truth, &Assignment::new()).pairwise, 0.0, "missing alerts are alone");
}

#[test]
fn two_attacks_at_the_same_time_come_apart_and_each_together() {
    let files = Files::new();
    let (mut lines, mut truth) = (Vec::new(), Assignment::new());
    for step in 0..8 {
        for (attack, host, user) in [("a", "client1", "ann"), ("b", "client2", "bob")] {
            let id = format!("{attack}{step}");
            // The attacker moves on to a second host with the same user.
            let host = if step < 4 { host.to_owned() } else { format!("{host}-next") };
            lines.push(alert(&id, step * 12, &host, user));
            truth.insert(format!("row-{id}"), attack.to_owned());
        }
    }
    files.write("a.jsonl", lines.join("\n"));
    files.braid("replay -f braid-json a.jsonl --assignment out.csv").good();
    let score = score(&truth, &read_csv(&files.read("out.csv")));
    assert_eq!((score.pairwise, score.b_cubed), (1.0, 1.0));
}

/// The directory of the real samples, if it is there.
fn samples() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/defender-xdr");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// What replay makes of a set in a directory, with the defaults.
fn replay(directory: &Path) -> (Assignment, Assignment) {
    let files = Files::new();
    let alerts = directory.join("alerts.jsonl");
    let command = format!("replay -f sentinel-security-alert {} --assignment out.csv", alerts.display());
    files.braid(&command).good();
    let labels =
        std::fs::read_to_string(directory.join("labels.csv")).expect("the labels lie beside the alerts");
    (read_csv(&labels), read_csv(&files.read("out.csv")))
}

#[test]
fn the_real_alerts_come_together_as_the_vendor_s_analysts_have_them() {
    let Some(samples) = samples() else { return };
    let (truth, found) = replay(&samples);
    assert_eq!((truth.len(), found.len()), (163, 163), "no alert is lost");
    let score = score(&truth, &found);
    assert!(score.pairwise >= 0.97 && score.b_cubed >= 0.95, "{score:?}");
}

#[test]
fn the_largest_real_attack_shows_how_the_ransomware_came_to_its_hosts() {
    let Some(samples) = samples() else { return };
    let files = Files::new();
    let alerts = samples.join("alerts.jsonl");
    let told = files
        .braid(&format!("replay -f sentinel-security-alert {} --output incidents", alerts.display()))
        .good();
    let incidents = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let largest =
        incidents.max_by_key(|i| i["alerts"].as_array().map_or(0, Vec::len)).expect("there are some");
    let names: HashMap<String, &str> = array(&largest["entities"])
        .iter()
        .map(|entity| (entity["id"].to_string(), entity["name"].as_str().unwrap_or_default()))
        .collect();
    let name = |id: &Value| names[&id.to_string()].split(['.', '@']).next().unwrap_or_default();
    let hops: Vec<String> = array(&largest["lateral_movement"])
        .iter()
        .map(|hop| format!("{}: {} -> {}", name(&hop["user"]), name(&hop["from"]), name(&hop["to"])))
        .collect();
    let reached = ["vnevado-win11t", "vnevado-win11u", "vnevado-win10s", "vnevado-win10r"];
    assert_eq!(hops, reached.map(|host| format!("dp5hn: vnevado-win10v -> {host}")));
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn the_same_attacks_on_somebody_else_minutes_later_stay_apart() {
    let Some(samples) = samples() else { return };
    let (truth, found) = replay(&samples);
    let own = score(&truth, &found);
    for shift in ["60", "420", "3600", "420 private"] {
        let Some(twin) = twin(&samples, shift) else { return };
        let (truth, found) = replay(twin.path());
        let score = score(&truth, &found);
        let lower = (own.pairwise - score.pairwise).max(own.b_cubed - score.b_cubed);
        assert!(lower <= 0.01, "{shift} s later: {score:?} beside {own:?}");
        let mut halves: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
        for (alert, incident) in &truth {
            let half = usize::from(incident.starts_with("twin-"));
            halves.entry(&found[alert]).or_default()[half] = true;
        }
        let spanning: Vec<_> = halves.iter().filter(|(_, halves)| halves[0] && halves[1]).collect();
        assert!(spanning.is_empty(), "{shift} s later these span both halves: {spanning:?}");
    }
}

/// The set and its twin, made by the script that lies beside the samples.
fn twin(samples: &Path, shift: &str) -> Option<tempfile::TempDir> {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let mut python = Command::new("python3");
    python.arg(samples.join("twin.py")).args([samples.join("alerts.jsonl"), samples.join("labels.csv")]);
    match python.arg(directory.path()).args(shift.split(' ')).output() {
        Ok(made) if made.status.success() => Some(directory),
        Ok(made) => panic!("{}", String::from_utf8_lossy(&made.stderr)),
        Err(error) => {
            eprintln!("skipped: python3 does not start ({error})");
            None
        }
    }
}
