//! The one line by which a person knows an incident.

use braid_alert::{EntityKind, Phase};

/// What a title is made of.
pub(crate) struct Subject<'a> {
    /// Phases in the order of the kill chain.
    pub(crate) phases: &'a [Phase],
    /// The title of the gravest alert, the earliest of them if there are several.
    pub(crate) gravest: &'a str,
    /// How many alerts there are.
    pub(crate) alerts: usize,
    /// The entities that it is about, kind and name.
    pub(crate) entities: &'a [(&'a EntityKind, &'a str)],
}

/// `Multi-stage incident: reconnaissance and lateral movement on 3 hosts`, or the gravest alert's own title.
pub(crate) fn title(subject: &Subject<'_>) -> Box<str> {
    let place = place_words(subject.entities);
    let what = match (subject.phases.len(), subject.alerts) {
        (2.., 2..) => format!("Multi-stage incident: {}", listed(subject.phases)),
        (_, 1) => subject.gravest.to_owned(),
        (_, 2) => format!("{} and 1 more alert", subject.gravest),
        (_, alerts) => format!("{} and {} more alerts", subject.gravest, alerts - 1),
    };
    format!("{what}{place}").into()
}

/// How many phases are named; of more, the rest is counted.
const PHASES_NAMED_MAX: usize = 4;

fn listed(phases: &[Phase]) -> String {
    let mut words: Vec<String> = phases.iter().take(PHASES_NAMED_MAX).map(|p| p.words().to_owned()).collect();
    match phases.len().saturating_sub(PHASES_NAMED_MAX) {
        0 => {}
        1 => words.push("1 more phase".into()),
        more => words.push(format!("{more} more phases")),
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Where it happened: the host or how many, else the users, the devices, the mailboxes.
fn place_words(entities: &[(&EntityKind, &str)]) -> String {
    let of = |kinds: &[EntityKind]| -> Vec<&str> {
        entities.iter().filter(|(kind, _)| kinds.contains(kind)).map(|&(_, name)| name).collect()
    };
    let places = [
        (vec![EntityKind::Host], "on", "hosts"),
        (vec![EntityKind::MobileDevice], "on", "mobile devices"),
        (vec![EntityKind::User, EntityKind::Mailbox], "involving", "users"),
        (vec![EntityKind::CloudResource], "on", "cloud resources"),
    ];
    for (kinds, preposition, plural) in places {
        match of(&kinds)[..] {
            [] => {}
            [one] => return format!(" {preposition} {one}"),
            ref many => return format!(" {preposition} {} {plural}", many.len()),
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_what_and_where() {
        let hosts =
            [(&EntityKind::Host, "victimpc"), (&EntityKind::Host, "adminpc"), (&EntityKind::User, "jeffl")];
        let phases = [Phase::Reconnaissance, Phase::LateralMovement, Phase::DomainDominance];
        let of = |phases, alerts, entities| title(&Subject { phases, gravest: "Mimikatz", alerts, entities });
        assert_eq!(
            &*of(&phases, 9, &hosts),
            "Multi-stage incident: reconnaissance, lateral movement and domain dominance on 2 hosts"
        );
        assert_eq!(&*of(&phases[..1], 1, &hosts[..1]), "Mimikatz on victimpc");
        assert_eq!(&*of(&[], 3, &hosts[2..]), "Mimikatz and 2 more alerts involving jeffl");
        assert_eq!(&*of(&[], 2, &[]), "Mimikatz and 1 more alert");
    }
}
