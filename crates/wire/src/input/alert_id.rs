use braid_alert::AlertId;

/// The two letters that Defender's portal, Graph and the streaming tables put before a provider's own id.
const FEED_PREFIXES: [&str; 7] = ["aa", "ad", "ca", "da", "dc", "fa", "sn"];

/// The provider's own id, whichever feed carries it.
///
/// A prefix is taken off only where the rest proves that it is one: a GUID (`aa` of Defender for Identity), a GUID
/// with a suffix (`da…_1`), Defender for Cloud's ticks and GUID, the 24 hex digits of Cloud Apps. Defender for
/// Endpoint's other ids (`da637578995287051192_756343937`) keep theirs, for there every feed carries it.
pub(super) fn canonical(id: &str) -> AlertId {
    let bare = id
        .get(..2)
        .filter(|prefix| FEED_PREFIXES.contains(prefix))
        .map(|prefix| (prefix, &id[2..]))
        .filter(|(prefix, rest)| is_providers_own(prefix, rest))
        .map_or(id, |(_, rest)| rest);
    // GUIDs are compared by value everywhere else; here the id is compared as text.
    if starts_with_guid(bare) { AlertId::new(&bare.to_ascii_lowercase()) } else { AlertId::new(bare) }
}

fn is_providers_own(prefix: &str, rest: &str) -> bool {
    match prefix {
        "ca" => starts_with_guid(rest) || (rest.len() == 24 && rest.bytes().all(|b| b.is_ascii_hexdigit())),
        "dc" => starts_with_guid(rest) || ticks_and_guid(rest),
        _ => starts_with_guid(rest),
    }
}

fn ticks_and_guid(text: &str) -> bool {
    text.split_once('_').is_some_and(|(ticks, guid)| {
        !ticks.is_empty() && ticks.bytes().all(|b| b.is_ascii_digit()) && starts_with_guid(guid)
    })
}

/// Whether a text is a GUID, or one followed by `_` and more. The last group may be short: the manual has one of 11
/// digits, and it is the first group's eight that tell a prefix from the GUID's own first letters.
fn starts_with_guid(text: &str) -> bool {
    let guid = text.split('_').next().unwrap_or(text);
    let mut groups = guid.split('-');
    let mut group = |lengths: std::ops::RangeInclusive<usize>| {
        groups.next().is_some_and(|g| lengths.contains(&g.len()) && g.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let whole = group(8..=8) && group(4..=4) && group(4..=4) && group(4..=4) && group(1..=12);
    whole && groups.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alert_has_one_id_in_every_feed() {
        let guid = "cb95648e-1b6f-4d3b-81b9-7605532787d7";
        assert_eq!(canonical(&format!("aa{guid}")), canonical(guid));
        assert_eq!(canonical(&format!("aa{}", guid.to_uppercase())), canonical(guid));
        assert_eq!(canonical(&format!("da{guid}_1")), canonical(&format!("{guid}_1")));
        assert_eq!(canonical("ca6673f98cb9f35a1e3beaa2cb").as_str(), "6673f98cb9f35a1e3beaa2cb");
        let ticks = "2517184898549829577_cb95648e-1b6f-4d3b-81b9-7605532787d7";
        assert_eq!(canonical(&format!("dc{ticks}")), canonical(ticks));
    }

    #[test]
    fn letters_that_belong_to_the_id_stay() {
        for own in [
            "da637578995287051192_756343937",
            "ra638542321004119648_-95996168",
            "aa95648e-1b6f-4d3b-81b9-7605532787d7",
            "ca73f98cb9f35a1e3beaa2cb",
            "aa",
            "é1",
        ] {
            assert_eq!(canonical(own).as_str(), own);
        }
    }
}
