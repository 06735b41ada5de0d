//! Values that an alert may name and threat intelligence speaks of.

use std::net::IpAddr;

use braid_alert::{Identifier, IdentifierKind};

use super::naming;

/// The shortest prefix of a network that is an indicator of anything, and of one that every site has for itself.
const PREFIX_MIN_V4: u8 = 8;
const PREFIX_MIN_V6: u8 = 16;
const PREFIX_MIN_PRIVATE: u8 = 24;

/// Hashes of a file without content, which every host has: MD5, SHA-1, SHA-256.
pub(super) const EMPTY_FILE: [&str; 3] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// A value that an alert may name, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observable {
    /// What kind of value it is.
    pub kind: ObservableKind,
    /// The value.
    pub value: Box<str>,
}

/// The kinds of values that patterns are answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObservableKind {
    /// A network address, in the canonical text of `std::net::IpAddr`.
    Address,
    /// A network: its first address, a slash, the length of its prefix.
    Network,
    /// A domain name, lower case.
    Domain,
    /// A URL, as [`IdentifierKind::Url`] has it.
    Url,
    /// A file's hash, lower-case hex; its length says which.
    File,
}

impl Observable {
    /// The first address of the network of this prefix that an address stands in. `None` if it has none so long.
    pub fn first_address(address: IpAddr, prefix: u8) -> Option<IpAddr> {
        match address {
            IpAddr::V4(v4) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Some(std::net::Ipv4Addr::from(u32::from(v4) & mask).into())
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Some(std::net::Ipv6Addr::from(u128::from(v6) & mask).into())
            }
            _ => None,
        }
    }

    /// The network of this prefix that an address stands in. `None` if it has none so long.
    pub fn network_of(address: IpAddr, prefix: u8) -> Option<Self> {
        let first = Self::first_address(address, prefix)?;
        Some(Self { kind: ObservableKind::Network, value: format!("{first}/{prefix}").into() })
    }

    /// The first address and the prefix of a network; `None` if it is none.
    pub fn network(&self) -> Option<(IpAddr, u8)> {
        let (first, prefix) = self.value.rsplit_once('/').filter(|_| self.kind == ObservableKind::Network)?;
        Some((first.parse().ok()?, prefix.parse().ok()?))
    }

    /// What an alert names by an identifier: a URL names its domain as well. Most identifiers name nothing that
    /// intelligence speaks of.
    pub fn named_by(identifier: &Identifier) -> Vec<Self> {
        let of = |kind, value: &str| Self { kind, value: value.into() };
        match identifier.kind {
            IdentifierKind::Address => vec![of(ObservableKind::Address, &identifier.value)],
            IdentifierKind::Sha256 | IdentifierKind::Sha1 | IdentifierKind::Md5 => {
                vec![of(ObservableKind::File, &identifier.value)]
            }
            IdentifierKind::Fqdn => vec![of(ObservableKind::Domain, &identifier.value)],
            IdentifierKind::Url => named_by_url(&identifier.value),
            _ => Vec::new(),
        }
    }

    /// The value that a text is: an address, a network, a hash, a domain or a URL. `None` if it is none of them.
    pub fn told(text: &str) -> Option<Self> {
        let text = text.trim();
        let of = |kind, name: Identifier| Self { kind, value: name.value };
        if text.split_once('/').is_some_and(|(first, _)| first.trim().parse::<IpAddr>().is_ok()) {
            return network(text);
        }
        Identifier::address(text)
            .map(|name| of(ObservableKind::Address, name))
            .or_else(|| naming::hash_by_length(text).map(|name| of(ObservableKind::File, name)))
            .or_else(|| domain(text).filter(|_| !is_numeric(text)))
            .or_else(|| url(text))
    }

    pub(super) fn address_or_network(text: &str) -> Option<Self> {
        let Some((address, prefix)) = text.split_once('/') else {
            let value = Identifier::address(text)?.value;
            let names_somebody = |address: IpAddr| !address.is_unspecified() && !address.is_loopback();
            let tells = value.parse().is_ok_and(names_somebody);
            return tells.then_some(Self { kind: ObservableKind::Address, value });
        };
        let (address, prefix): (IpAddr, u8) = (address.trim().parse().ok()?, prefix.trim().parse().ok()?);
        let (address, prefix) = match address {
            // As alerts name such addresses.
            IpAddr::V6(v6) if prefix >= 96 => match v6.to_ipv4_mapped() {
                Some(v4) => (v4.into(), prefix - 96),
                None => (address, prefix),
            },
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => return None,
            _ => (address, prefix),
        };
        let whole = if address.is_ipv4() { 32 } else { 128 };
        match prefix {
            _ if prefix < prefix_min(address) => None,
            _ if prefix == whole => Self::address_or_network(&address.to_string()),
            _ => Self::network_of(address, prefix),
        }
    }
}

/// What is wider would be met by everybody's alerts: half of all addresses, or a network that stands in every office.
fn prefix_min(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if v4.is_private() || v4.is_loopback() || v4.is_link_local() => PREFIX_MIN_PRIVATE,
        IpAddr::V4(_) => PREFIX_MIN_V4,
        IpAddr::V6(_) => PREFIX_MIN_V6,
    }
}

/// A network of whatever length; its whole addresses are such.
fn network(text: &str) -> Option<Observable> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.trim().parse().ok()?;
    Observable::network_of(address, prefix.trim().parse().ok()?)
}

/// A URL that an alert could name: one whose host is a name or an address, so that nothing made harmless for people
/// (`hxxp://evil[.]example/`) is taken for one.
pub(super) fn url(text: &str) -> Option<Observable> {
    let url = Identifier::url(text).filter(|_| text.contains('/'))?;
    let names_its_host = named_by_url(&url.value).len() > 1;
    let is_harmless = text.len() > 4 && text.as_bytes()[..4].eq_ignore_ascii_case(b"hxxp");
    (names_its_host && !is_harmless).then_some(Observable { kind: ObservableKind::Url, value: url.value })
}

/// An address that none is, such as `1.2.3.400`, is no name either.
pub(super) fn is_numeric(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn named_by_url(url: &str) -> Vec<Observable> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = if host.starts_with('[') {
        host.trim_start_matches('[').split(']').next().unwrap_or(host)
    } else {
        host.split(':').next().unwrap_or(host)
    };
    let named = match host.parse::<IpAddr>() {
        Ok(address) => {
            let value = address.to_canonical().to_string().into();
            Some(Observable { kind: ObservableKind::Address, value })
        }
        Err(_) => domain(host),
    };
    let whole = Observable { kind: ObservableKind::Url, value: url.into() };
    std::iter::once(whole).chain(named).collect()
}

pub(super) fn domain(name: &str) -> Option<Observable> {
    let name = name.trim().trim_end_matches('.');
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_name = name.contains('.') && name.chars().all(fits) && name.len() <= 253;
    is_name.then(|| Observable { kind: ObservableKind::Domain, value: name.to_lowercase().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_domain_or_its_address() {
        let named = |url: &str| {
            let url = Identifier::url(url).expect("it is one");
            let named = Observable::named_by(&url);
            named[1..].iter().map(|value| format!("{:?} {}", value.kind, value.value)).collect::<Vec<_>>()
        };
        assert_eq!(named("https://me@Evil.Example:8443/a?b"), ["Domain evil.example"]);
        assert_eq!(named("evil.example"), ["Domain evil.example"]);
        assert_eq!(named("http://[2001:db8::1]:80/"), ["Address 2001:db8::1"]);
        assert_eq!(named("http://203.0.113.9/x"), ["Address 203.0.113.9"]);
    }

    #[test]
    fn a_text_is_the_value_that_it_looks_like_or_none() {
        let told =
            |text: &str| Observable::told(text).map(|value| format!("{:?} {}", value.kind, value.value));
        for (text, wanted) in [
            ("203.0.113.9", "Address 203.0.113.9"),
            ("10.1.2.3/8", "Network 10.0.0.0/8"),
            ("2001:DB8::1/32", "Network 2001:db8::/32"),
            ("4475064C5F6A5474E31F2F3DFAFC22ED", "File 4475064c5f6a5474e31f2f3dfafc22ed"),
            ("Evil.Example.", "Domain evil.example"),
            ("HTTPS://Evil.Example/A", "Url https://evil.example/A"),
            ("evil.example/a", "Url evil.example/a"),
        ] {
            assert_eq!(told(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "1.2.3.400",
            "203.0.113.0/33",
            "hxxp://evil[.]example/a",
            "hxxps://evil.example/a",
            "nonsense",
            "https",
            "",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_in_its_networks() {
        let of = |address: &str, prefix| {
            let address = address.parse().expect("it is one");
            Observable::network_of(address, prefix).map(|network| network.value.into_string())
        };
        assert_eq!(of("198.51.100.77", 24).as_deref(), Some("198.51.100.0/24"));
        assert_eq!(of("2001:db8:1:2::9", 48).as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(of("198.51.100.77", 33), None);
    }
}
