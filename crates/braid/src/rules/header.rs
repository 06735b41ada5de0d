use braid_alert::{Phase, Severity, Technique};

use super::Place;
use super::document::{Notes, Part};
use crate::config::fault::near_miss;

/// What both kinds of rules have: what they are called, how grave it is, what it is about.
pub(super) struct Header {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) title: String,
    pub(super) severity: Option<Severity>,
    pub(super) phase: Option<Phase>,
    pub(super) techniques: Vec<Technique>,
    /// What faults of the rule as a whole are told at.
    pub(super) place: Place,
}

const OF_DETECTIONS: [&str; 19] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "logsource",
    "detection",
    "fields",
    "falsepositives",
    "level",
    "tags",
    "scope",
];

const OF_CORRELATIONS: [&str; 18] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "correlation",
    "falsepositives",
    "level",
    "tags",
    "scope",
    "generate",
];

const STATUS: [&str; 5] = ["stable", "test", "experimental", "deprecated", "unsupported"];
const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
/// The fields are braid's own; that they are written in Sigma's notation makes neither name wrong.
const TAXONOMIES: [&str; 2] = ["sigma", "braid"];
const TITLE_CHARACTERS_MAX: usize = 256;

/// ATT&CK's tactics as tags name them.
const TACTICS: [&str; 14] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

impl Header {
    pub(super) fn read(document: &Part<'_>, is_correlation: bool, notes: &mut Notes) -> Self {
        let known: &[&str] = if is_correlation { &OF_CORRELATIONS } else { &OF_DETECTIONS };
        document.check_keys(known, true, notes);
        let text = |key: &str, notes: &mut Notes| {
            document.get(key).and_then(|part| part.text_or("it is what others refer to the rule by", notes))
        };
        let (id, name) = (text("id", notes), text("name", notes));
        if id.is_none() && name.is_none() && document.get("id").is_none() && document.get("name").is_none() {
            notes.missing(document, "id", "a rule needs an id or a name: by it, it is known after a restart");
        }
        for (key, words) in [("status", &STATUS[..]), ("taxonomy", &TAXONOMIES[..])] {
            document.get(key).and_then(|part| part.word(words, notes));
        }
        let level = document.get("level").and_then(|part| part.word(&LEVELS, notes));
        let mut header = Self {
            id,
            name,
            title: title_of(document, notes),
            severity: level.map(Severity::from_text),
            phase: None,
            techniques: Vec::new(),
            place: document.place().clone(),
        };
        for tag in document.get("tags").iter().flat_map(Part::one_or_more) {
            header.take_tag(&tag, notes);
        }
        header
    }

    /// What it is known by.
    pub(super) fn key(&self) -> &str {
        self.id.as_deref().or(self.name.as_deref()).unwrap_or_default()
    }

    /// Whether a reference means this rule.
    pub(super) fn is_called(&self, reference: &str) -> bool {
        [&self.id, &self.name].into_iter().flatten().any(|called| called == reference)
    }

    /// `attack.t1078`, `attack.credential-access`; other name spaces are nobody's business here.
    fn take_tag(&mut self, part: &Part<'_>, notes: &mut Notes) {
        let Some(tag) = part.text_or("a tag is a text such as attack.t1078", notes) else { return };
        let Some((space, word)) = tag.split_once('.') else {
            return notes.at(part, "a tag is a name space, a dot and a word: attack.t1078");
        };
        match space {
            "attack" => self.take_attack(word, part, notes),
            "braid" => match Phase::from_text(&word.replace(['-', '_'], "")) {
                Phase::Other(_) => {
                    notes.at(part, "a tag of braid's names a phase, such as braid.domain-dominance")
                }
                phase => self.reach(phase),
            },
            _ => {}
        }
    }

    fn take_attack(&mut self, word: &str, part: &Part<'_>, notes: &mut Notes) {
        if let Some(technique) = Technique::find(word) {
            self.techniques.push(technique);
            self.techniques.sort();
            self.techniques.dedup();
            return;
        }
        let tactic = word.replace('_', "-").to_lowercase();
        match Phase::from_text(&tactic.replace('-', "")) {
            Phase::Other(_) => {
                // Groups, software and whatever else ATT&CK numbers have no place on an alert.
                if !is_numbered(&tactic) {
                    notes.at(part, no_tactic(word, &tactic));
                }
            }
            phase => self.reach(phase),
        }
    }

    /// An alert has one phase: of several tactics the one that is furthest on.
    fn reach(&mut self, phase: Phase) {
        self.phase = self.phase.take().max(Some(phase));
    }
}

/// `g0016`, `s0002`, `ds0009`: a letter or two and four digits.
fn is_numbered(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_lowercase());
    (1..=2).contains(&(word.len() - digits.len()))
        && digits.len() == 4
        && digits.bytes().all(|b| b.is_ascii_digit())
}

fn no_tactic(word: &str, tactic: &str) -> String {
    match near_miss(tactic, TACTICS) {
        Some(near) => format!("there is no tactic `{word}`; did you mean `attack.{near}`?"),
        None => format!("there is no tactic `{word}`; there are {}", TACTICS.join(", ")),
    }
}

fn title_of(document: &Part<'_>, notes: &mut Notes) -> String {
    let title = document
        .need_text("title", "it is the title of the alerts that the rule raises", notes)
        .unwrap_or_default();
    if title.chars().count() > TITLE_CHARACTERS_MAX
        && let Some(part) = document.get("title")
    {
        notes.at(&part, format!("a title has at most {TITLE_CHARACTERS_MAX} characters"));
    }
    title
}
