use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network of addresses, as its first address and the bits that its addresses have in common: `10.0.24.0/22` (RFC
/// 4632), `fd00::/8`. An address alone is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkError {
    /// What stands before the slash is no address.
    Address,
    /// What stands behind it is no number of bits, or more than the address has.
    Bits,
    /// The address has bits beyond those that count, so it is not the first of its network: probably a slip.
    NotFirst,
}

impl Network {
    /// Whether the address is one of the network's. One of the other version never is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                masked(first.to_bits().into(), self.bits, 32)
                    == masked(address.to_bits().into(), self.bits, 32)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                masked(first.to_bits(), self.bits, 128) == masked(address.to_bits(), self.bits, 128)
            }
            _ => false,
        }
    }
}

/// The first `bits` of a number that has `of` bits.
fn masked(number: u128, bits: u8, of: u8) -> u128 {
    number.checked_shr(u32::from(of - bits)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first: IpAddr = first.trim().parse().map_err(|_| NetworkError::Address)?;
        let (number, of) = match first {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let bits = bits.map_or(Ok(of), |bits| bits.trim().parse().map_err(|_| NetworkError::Bits))?;
        if bits > of {
            return Err(NetworkError::Bits);
        }
        let prefix = masked(number, bits, of);
        let is_first = prefix.checked_shl(u32::from(of - bits)).unwrap_or(0) == number;
        if is_first { Ok(Self { first, bits }) } else { Err(NetworkError::NotFirst) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "no address before the slash",
            Self::Bits => "no number of bits behind the slash, or more than the address has",
            Self::NotFirst => "not the first address of its network",
        })
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_contains_the_addresses_that_share_its_bits() {
        let is_in = |net: &str, address: &str| network(net).contains(address.parse().unwrap());
        assert!(is_in("10.0.24.0/22", "10.0.27.255") && !is_in("10.0.24.0/22", "10.0.28.0"));
        assert!(is_in("10.0.24.5", "10.0.24.5") && !is_in("10.0.24.5", "10.0.24.6"));
        assert!(is_in("0.0.0.0/0", "203.0.113.9") && !is_in("0.0.0.0/0", "2001:db8::1"));
        assert!(is_in("fd00::/8", "fd12::1") && is_in("::/0", "2001:db8::1"));
        assert!(is_in("10.0.0.0/8", "::ffff:10.1.2.3"), "the same address in the other spelling");
    }

    #[test]
    fn what_is_no_network_is_said_to_be_none() {
        let error = |text: &str| text.parse::<Network>().unwrap_err();
        assert_eq!(error("ten/8"), NetworkError::Address);
        assert_eq!((error("10.0.0.0/33"), error("10.0.0.0/x")), (NetworkError::Bits, NetworkError::Bits));
        assert_eq!(error("10.0.24.5/22"), NetworkError::NotFirst);
        assert_eq!(network("10.0.24.5").to_string(), "10.0.24.5/32");
    }
}
