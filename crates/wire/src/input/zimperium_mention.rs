use std::net::IpAddr;

use braid_alert::{EntityKind, Evidence, Identifier, IdentifierKind, Role, Verdict};

use super::evidence_list::{self, TAGS_MAX};
use super::json::Object;
use super::naming::{self, AccountNames};

/// What the console says of a phone.
#[derive(Default)]
pub(super) struct Phone<'a> {
    pub(super) id: Option<&'a str>,
    /// Model, system and the like, for people.
    pub(super) words: Vec<&'a str>,
    /// Its number in whatever manages it. Told, and no name of it: a phone has one of the console's own ids, under any
    /// management or none, and no other product calls it by these.
    pub(super) managed_as: Option<&'a str>,
    pub(super) is_jailbroken: bool,
    pub(super) tags: Vec<&'a str>,
}

impl Phone<'_> {
    /// The phone that a threat was found on. Its addresses and the networks that it was in are not among its names:
    /// everybody in a café shares them.
    pub(super) fn evidence(&self) -> Evidence {
        let managed = self.managed_as.map(|id| format!("managed as {id}"));
        let words: Vec<&str> = self.words.iter().copied().chain(managed.as_deref()).collect();
        let jailbroken = self.is_jailbroken.then_some("jailbroken");
        let mut tags: Vec<Box<str>> =
            self.tags.iter().copied().chain(jailbroken).take(TAGS_MAX).map(Into::into).collect();
        tags.sort();
        tags.dedup();
        Evidence {
            identifiers: self
                .id
                .and_then(|id| Identifier::new(IdentifierKind::MobileDeviceId, id))
                .into_iter()
                .collect(),
            label: evidence_list::label(&words.join(", ")),
            tags,
            ..Evidence::new(EntityKind::MobileDevice, Role::Impacted)
        }
    }
}

/// Whose phone it is: what joins it to what the other products say about the same person.
pub(super) fn owner(mail: Option<&str>, name: &str) -> Evidence {
    let name = name.trim();
    let names = AccountNames {
        upn: mail,
        display_name: Some(name).filter(|name| !name.is_empty()),
        ..AccountNames::default()
    };
    Evidence { identifiers: names.identifiers(), ..Evidence::new(EntityKind::User, Role::Impacted) }
}

/// A web address.
pub(super) fn url(address: &str) -> Evidence {
    let mut url = Evidence::new(EntityKind::Url, Role::Related);
    url.identifiers.extend(Identifier::new(IdentifierKind::Url, address));
    url
}

/// An address that means the same everywhere. One of a local network, such as that of whoever listens in on it, is
/// somebody else's in every other network.
pub(super) fn public_address(text: &str, role: Role) -> Evidence {
    let mut address = Evidence::new(EntityKind::Address, role);
    let public = text.trim().parse().ok().filter(naming::is_public);
    address.identifiers.extend(public.and_then(|ip: IpAddr| Identifier::address(&ip.to_string())));
    address
}

/// An application's file: its hash names it, its package tells people what it is. `None` if nothing is said of one.
pub(super) fn application(
    record: &Object<'_>,
    hashes: &[&str],
    paths: &[&str],
    names: &[&str],
) -> Option<Evidence> {
    let hash = record.text_of(hashes).and_then(|hash| naming::hash_by_length(&hash));
    let written = record.text_of(paths);
    let path = written.as_deref().filter(|path| path.contains('/'));
    let name = record.text_of(names).or_else(|| written.clone());
    let mut file = Evidence::new(EntityKind::File, Role::Related);
    file.identifiers.extend(hash);
    file.identifiers.extend(path.and_then(|path| Identifier::new(IdentifierKind::FilePath, path)));
    file.label = name.as_deref().and_then(evidence_list::label);
    (!file.identifiers.is_empty() || file.label.is_some()).then_some(file)
}

/// A program that ran, by name: a name is nobody's own.
pub(super) fn process(name: &str) -> Evidence {
    Evidence { label: evidence_list::label(name), ..Evidence::new(EntityKind::Process, Role::Related) }
}

/// A network, for people. It has no name that joins.
pub(super) fn network(ssid: Option<&str>, bssid: Option<&str>) -> Option<Evidence> {
    let words: Vec<&str> = [ssid, bssid].into_iter().flatten().collect();
    let label = evidence_list::label(&words.join(" "))?;
    let kind = EntityKind::Other("wirelessNetwork".into());
    Some(Evidence { label: Some(label), ..Evidence::new(kind, Role::Related) })
}

/// What the console thinks of an application: it names a family of malware, or suspects it without.
pub(super) fn verdict(names_malware: bool, is_suspected: bool) -> Option<Verdict> {
    match (names_malware, is_suspected) {
        (true, _) => Some(Verdict::Malicious),
        (false, true) => Some(Verdict::Suspicious),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_local_network_is_nobody_s() {
        for local in [
            "192.168.1.1",
            "10.0.0.7",
            "172.20.1.1",
            "100.64.3.4",
            "169.254.1.1",
            "fe80::1",
            "fd00::1",
            "::1",
            "x",
        ] {
            assert!(public_address(local, Role::Source).identifiers.is_empty(), "{local}");
        }
        for public in ["181.72.252.145", "2a00:1450::200e"] {
            assert_eq!(public_address(public, Role::Source).identifiers.len(), 1, "{public}");
        }
    }
}
