//! Who a Defender for Identity message names that the CEF extension does not: above all the target, for which the
//! format has no field.
//!
//! Only wordings that the manual documents are read, each for the alert types that use it: a guessed name would join
//! what has nothing to do with each other.

use braid_alert::Role::{self, Impacted, Related, Source, Target};

use Part::{Host, Text, User};

/// Someone or something that a message names.
#[derive(Debug, PartialEq)]
pub(super) struct Mention<'a> {
    pub(super) is_host: bool,
    pub(super) name: &'a str,
    pub(super) role: Role,
}

enum Part {
    Text(&'static str),
    Host(Role),
    User(Role),
}

/// Wordings with the external ids of the types that use them. A text that follows a name must follow it at once.
static WORDINGS: &[(&[u16], &[Part])] = &[
    (&[2002, 2033, 2034, 2035], &[Text("authenticate from "), Host(Source), Text(" against "), Host(Target)]),
    // ATA told of one that had succeeded.
    (
        &[2002],
        &[
            User(Source),
            Text(" successfully authenticated from "),
            Host(Source),
            Text(" against "),
            Host(Target),
        ],
    ),
    (&[2003, 2007], &[Text("originating from "), Host(Source)]),
    (&[2003], &[Text("successfully guessed "), User(Target)]),
    (&[2004], &[Text("was attempted on "), User(Target), Text(" from "), Host(Source)]),
    (&[2006, 2012], &[Text("performed by "), User(Source), Text(", from ")]),
    (&[2006, 2012], &[Text(" from "), Host(Source), Text(" against "), Host(Target)]),
    (&[2007, 2013], &[Text(" against "), Host(Target)]),
    (&[2008, 2010], &[Text(" message from "), Host(Source)]),
    (&[2009], &[Text(", from "), Host(Source), Text(", to access ")]),
    (&[2010], &[Text("Skeleton Key on "), Host(Impacted)]),
    (&[2013], &[User(Source), Text(" failed to escalate privileges ")]),
    (&[2013], &[User(Source), Text(" escalated privileges ")]),
    (&[2013], &[User(Source), Text(" attempted to escalate privileges ")]),
    (&[2013], &[Text(" from "), Host(Source), Text(" by using forged ")]),
    (&[2014], &[Text("Logged in to "), Host(Target), Text(" via "), Host(Related)]),
    (&[2017], &[Text(" used from "), Host(Source)]),
    (&[2018], &[Text(" stolen from "), Host(Impacted), Text(" to "), Host(Source), Text(" and used ")]),
    (&[2019], &[Text(" performed on "), Host(Target), Text(" from "), Host(Source)]),
    (&[2019, 2021], &[Text(" by "), User(Source)]),
    (&[2020], &[User(Source), Text(" performed ")]),
    (&[2020], &[Text(" attempts from "), Host(Source), Text(" to retrieve ")]),
    (&[2020], &[Text(" backup key from "), Host(Target)]),
    (&[2021], &[Text(" attempted against "), Host(Target), Text(" from "), Host(Source)]),
    (&[2023], &[Text(" detected from "), Host(Source)]),
    (&[2026], &[User(Source), Text(" created ")]),
    (&[2026], &[Text(" commands on "), Host(Impacted)]),
    (&[2028], &[Text(" registered as a domain controller on "), Host(Target)]),
    (&[2029], &[Text(" sent changes to directory objects on "), Host(Target)]),
    (&[2030], &[User(Source), Text(" on "), Host(Target), Text(" copied ")]),
    (&[2032], &[Text(" Kerberos ticket from "), Host(Source), Text(" to access ")]),
    (&[2036], &[Text(" commands remotely on "), Host(Source), Text(" from "), Host(Target)]),
    (&[2038], &[Text(" actor on "), Host(Source), Text(" sent suspicious LDAP queries to "), Host(Target)]),
    (&[2039], &[Text(" accounts on "), Host(Source)]),
];

/// The mentions in a message of an alert type, in the order of the wordings.
pub(super) fn mentions(external_id: u16, message: &str) -> Vec<Mention<'_>> {
    let wordings = WORDINGS.iter().filter(|(types, _)| types.contains(&external_id));
    wordings.filter_map(|(_, parts)| find(parts, message)).flatten().collect()
}

/// The first place where all parts fit.
fn find<'a>(parts: &[Part], message: &'a str) -> Option<Vec<Mention<'a>>> {
    match parts.first()? {
        Text(text) => {
            message.match_indices(text).find_map(|(at, _)| read(&parts[1..], &message[at + text.len()..]))
        }
        _ => read(parts, message),
    }
}

/// The mentions of a text that fits the parts from its beginning.
fn read<'a>(parts: &[Part], text: &'a str) -> Option<Vec<Mention<'a>>> {
    let mut rest = text;
    let mut mentions = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Text(text) => rest = rest.strip_prefix(text)?,
            Host(role) => {
                let name = host_name(rest)?;
                rest = &rest[name.len()..];
                mentions.push(Mention { is_host: true, name, role: role.clone() });
            }
            User(role) => {
                let next = if let Some(Text(text)) = parts.get(at + 1) { Some(*text) } else { None };
                let span = user_span(rest, next)?;
                rest = &rest[span.len()..];
                mentions.push(Mention { is_host: false, name: user_name(span)?, role: role.clone() });
            }
        }
    }
    Some(mentions)
}

/// A host's name at the beginning of a text, and nothing that merely looks like one.
fn host_name(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    // "2 computers" is a number of hosts, "an unknown computer" is none.
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.bytes().all(|b| b.is_ascii_digit())
        && !is_ordinary_word(name);
    is_name.then_some(name)
}

/// The text that names a user: up to the wording's next part, else to the end of its clause.
fn user_span<'a>(text: &'a str, next: Option<&str>) -> Option<&'a str> {
    let line = text.lines().next()?;
    let end = match next {
        Some(next) => line.find(next)?,
        None => [", ", " (", ". "].iter().filter_map(|stop| line.find(stop)).min().unwrap_or(line.len()),
    };
    Some(line[..end].trim_end_matches('.'))
}

/// A user's name in such a text, without the job title behind it.
fn user_name(span: &str) -> Option<&str> {
    let name = span.split(" (").next()?.trim();
    let first = name.split(' ').next()?;
    let is_name = !name.is_empty()
        && name.split(' ').count() <= 4
        && !first.bytes().all(|b| b.is_ascii_digit())
        && !is_ordinary_word(first);
    is_name.then_some(name)
}

fn is_ordinary_word(word: &str) -> bool {
    const ORDINARY: [&str; 21] = [
        "a",
        "all",
        "an",
        "another",
        "at",
        "computer",
        "computers",
        "different",
        "domain",
        "in",
        "many",
        "multiple",
        "one",
        "other",
        "remote",
        "several",
        "some",
        "the",
        "this",
        "unknown",
        "various",
    ];
    ORDINARY.iter().any(|ordinary| word.eq_ignore_ascii_case(ordinary))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(external_id: u16, message: &str) -> String {
        let mentions = mentions(external_id, message);
        let read =
            |m: &Mention<'_>| format!("{}:{}={}", m.role, if m.is_host { "host" } else { "user" }, m.name);
        mentions.iter().map(read).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_target_is_read_from_the_documented_wordings() {
        let dcsync = "Malicious replication requests were successfully performed by RonHD, from VictimPC against ContosoDC.";
        assert_eq!(read_all(2006, dcsync), "source:user=RonHD source:host=VictimPC target:host=ContosoDC");
        let ticket = "Samira Abbasi (Admin)'s Kerberos tickets were stolen from AdminPC to VictimPC and used to access krbtgt/X.";
        assert_eq!(read_all(2018, ticket), "impacted:host=AdminPC source:host=VictimPC");
        let skeleton = "This may be a result of a Skeleton Key on ContosoDC.";
        assert_eq!(read_all(2010, skeleton), "impacted:host=ContosoDC");
        let dpapi = "Jeff L (Sales) performed 3 successful attempts from PC-7 to retrieve DPAPI domain backup key from DC9.";
        assert_eq!(read_all(2020, dpapi), "source:user=Jeff L source:host=PC-7 target:host=DC9");
    }

    #[test]
    fn a_number_of_hosts_is_no_host() {
        assert_eq!(read_all(2002, "attempts to authenticate from PC1 against 2 computers using"), "");
        assert_eq!(
            read_all(2007, "observed, originating from an unknown computer against DC1."),
            "target:host=DC1"
        );
        assert_eq!(read_all(2020, "2 users performed 3 attempts"), "");
    }

    #[test]
    fn a_wording_of_another_type_is_not_read() {
        assert_eq!(read_all(2024, "performed by RonHD, from VictimPC against ContosoDC."), "");
    }
}
