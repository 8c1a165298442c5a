//! Which addresses the operator lets webhooks reach, though they are not public.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Networks that webhooks may reach in either mode, over plain HTTP too. Default: none.
///
/// Parsed from networks in CIDR notation and single addresses, parted by commas: `10.20.0.0/16, fd12::/48, 127.0.0.1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowNets(Vec<IpNet>);

impl AllowNets {
    /// Whether webhooks may reach this address on the operator's word.
    ///
    /// An IPv4-mapped IPv6 address is the IPv4 address that it maps: `::/0` does not open `::ffff:127.0.0.1`, and
    /// `127.0.0.0/8` does.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

impl FromStr for AllowNets {
    type Err = AllowNetsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(parse_net)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Why a list of networks cannot be read. Its text names the entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowNetsError {
    /// The entry is neither a network nor an address.
    #[error("`{0}` is not a network such as 10.20.0.0/16 or fd12::/48, nor an address")]
    NotANetwork(String),
    /// The entry has bits beyond its prefix: it may have meant the network, or the one address.
    #[error(
        "`{entry}` has bits beyond its prefix: say {net} for the network, or the address alone"
    )]
    NotTheFirst {
        /// The entry.
        entry: String,
        /// The network that holds it.
        net: IpNet,
    },
    /// The entry names IPv4-mapped addresses, which count as the IPv4 addresses that they map.
    #[error("`{0}` names IPv4 addresses in IPv6: say the IPv4 network itself")]
    Mapped(String),
}

fn parse_net(entry: &str) -> Result<IpNet, AllowNetsError> {
    let net = match entry.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => entry
            .parse::<IpNet>()
            .map_err(|_| AllowNetsError::NotANetwork(entry.to_owned()))?,
    };
    if net.addr() != net.network() {
        return Err(AllowNetsError::NotTheFirst {
            entry: entry.to_owned(),
            net: net.trunc(),
        });
    }
    // Such an entry would never match, and an operator should know at the start.
    match net.addr() {
        IpAddr::V6(address) if net.prefix_len() >= 96 && address.to_ipv4_mapped().is_some() => {
            Err(AllowNetsError::Mapped(entry.to_owned()))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => Ok(net),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_parted_by_commas() {
        let nets: AllowNets = "10.20.0.0/16, fd12::/48,127.0.0.1,,::1 ".parse().unwrap();
        for inside in [
            "10.20.255.1",
            "fd12::9",
            "127.0.0.1",
            "::1",
            "::ffff:10.20.0.1",
        ] {
            assert!(nets.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "10.21.0.0",
            "fd13::",
            "127.0.0.2",
            "::2",
            "::ffff:10.21.0.1",
        ] {
            assert!(!nets.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        for empty in ["", " ", ",", " , "] {
            assert_eq!(empty.parse(), Ok(AllowNets::default()), "{empty:?}");
        }
        assert!(!AllowNets::default().contains(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn all_of_ipv6_does_not_open_what_ipv4_keeps_closed() {
        let nets: AllowNets = "::/0".parse().unwrap();
        assert!(nets.contains("::1".parse().unwrap()));
        assert!(!nets.contains("::ffff:127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_wrong_entry_is_named_with_what_would_be_right() {
        let why = |text: &str| text.parse::<AllowNets>().unwrap_err().to_string();
        assert_eq!(
            why("10.0.0.0/8,example.com"),
            "`example.com` is not a network such as 10.20.0.0/16 or fd12::/48, nor an address"
        );
        assert_eq!(
            why("10.1.2.3/8"),
            "`10.1.2.3/8` has bits beyond its prefix: say 10.0.0.0/8 for the network, or the address alone"
        );
        assert_eq!(
            why("::ffff:10.0.0.0/104"),
            "`::ffff:10.0.0.0/104` names IPv4 addresses in IPv6: say the IPv4 network itself"
        );
        for wrong in [
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/-1",
            "*",
            "10.0.0.0/8;::1",
        ] {
            assert!(why(wrong).contains(wrong), "{wrong}");
        }
    }
}
