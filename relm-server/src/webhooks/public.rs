//! Is an address somebody's on the internet, or does it mean something nearer?
//!
//! The tables are IANA's special-purpose registries, which every such address is entered in (RFC 6890):
//! <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>, with multicast from the registries of address space.
//! IPv6 is decided the other way round as well: outside 2000::/3 nothing has been given to anybody
//! (<https://www.iana.org/assignments/ipv6-address-space>), which closes the ranges that embed IPv4 addresses together
//! with those that do not exist yet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Whether an address is a public one: unicast, globally reachable, and not another address in disguise.
///
/// Where the registries leave doubt the answer is no: a webhook that cannot be sent is seen, a request into a private
/// network is not.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            UNICAST_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
        }
    }
}

const SPECIAL_V4: [Ipv4Net; 18] = [
    v4([0, 0, 0, 0], 8),        // "this network", the unspecified address (RFC 791)
    v4([10, 0, 0, 0], 8),       // private (RFC 1918)
    v4([100, 64, 0, 0], 10),    // shared behind carrier-grade NAT (RFC 6598)
    v4([127, 0, 0, 0], 8),      // loopback (RFC 1122)
    v4([168, 63, 129, 16], 32), // public by number, and the platform's agent on each virtual machine of Azure
    v4([169, 254, 0, 0], 16),   // link-local, the metadata services of clouds (RFC 3927)
    v4([172, 16, 0, 0], 12),    // private (RFC 1918)
    v4([192, 0, 0, 0], 24),     // IETF protocol assignments (RFC 6890)
    v4([192, 0, 2, 0], 24),     // documentation (RFC 5737)
    v4([192, 31, 196, 0], 24),  // AS112, answered by whoever is near (RFC 7535)
    v4([192, 52, 193, 0], 24),  // AMT relays, likewise (RFC 7450)
    v4([192, 88, 99, 0], 24),   // 6to4 relays (RFC 7526)
    v4([192, 168, 0, 0], 16),   // private (RFC 1918)
    v4([192, 175, 48, 0], 24),  // AS112 (RFC 7534)
    v4([198, 18, 0, 0], 15),    // benchmarking (RFC 2544)
    v4([198, 51, 100, 0], 24),  // documentation (RFC 5737)
    v4([203, 0, 113, 0], 24),   // documentation (RFC 5737)
    v4([224, 0, 0, 0], 3),      // multicast, reserved and broadcast (RFC 5771, RFC 1112, RFC 919)
];

const UNICAST_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

const SPECIAL_V6: [Ipv6Net; 6] = [
    v6([0x2001, 0, 0], 23), // IETF protocol assignments: Teredo, ORCHID, benchmarking (RFC 2928)
    v6([0x2001, 0xdb8, 0], 32), // documentation (RFC 3849)
    v6([0x2002, 0, 0], 16), // 6to4: an IPv4 address inside (RFC 3056)
    v6([0x2620, 0x4f, 0x8000], 48), // AS112 (RFC 7534)
    v6([0x3ffe, 0, 0], 16), // the 6bone, given back (RFC 3701)
    v6([0x3fff, 0, 0], 20), // documentation (RFC 9637)
];

const fn v4(first: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = first;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: [u16; 3], prefix: u8) -> Ipv6Net {
    let [a, b, c] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn both_ends_of_each_range_are_closed_and_their_neighbours_open() {
        for (first, last) in [
            ("100.64.0.0", "100.127.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let neighbours: [IpAddr; 2] = match (first.parse().unwrap(), last.parse().unwrap()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => [
                    Ipv4Addr::from_bits(first.to_bits() - 1).into(),
                    Ipv4Addr::from_bits(last.to_bits() + 1).into(),
                ],
                (IpAddr::V6(first), IpAddr::V6(last)) => [
                    Ipv6Addr::from_bits(first.to_bits() - 1).into(),
                    Ipv6Addr::from_bits(last.to_bits() + 1).into(),
                ],
                mixed => unreachable!("{mixed:?}"),
            };
            assert!(!public(first) && !public(last), "{first}-{last}");
            // Below 2001:: lies 2000:ffff…, and above 2002:ffff… lies 2003::, both given to somebody.
            assert!(neighbours.into_iter().all(is_public), "{neighbours:?}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "2606:4700::1111",
            "2a00:1450::5",
        ] {
            assert!(public(address), "{address}");
        }
    }

    /// What std itself, and the ranges that it does not name yet, call other than public.
    fn plainly_special_v4(address: Ipv4Addr) -> bool {
        let [a, b, c, _] = address.octets();
        address.is_unspecified()
            || address.is_loopback()
            || address.is_private()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation()
            || a == 0
            || a >= 240
            || (a == 100 && (b & 0xc0) == 64)
            || (a, b, c) == (192, 0, 0)
            || (a == 198 && (b & 0xfe) == 18)
    }

    fn plainly_special_v6(address: Ipv6Addr) -> bool {
        address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || address.is_unique_local()
            || address.is_unicast_link_local()
            || address.to_ipv4().is_some()
            || address.segments()[..2] == [0x2001, 0xdb8]
            || address.segments()[0] == 0x2002
            || (address.segments()[0] & 0xe000) != 0x2000
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn no_ipv4_address_that_std_calls_special_is_public(bits in any::<u32>()) {
            let address = Ipv4Addr::from_bits(bits);
            prop_assert!(!(plainly_special_v4(address) && is_public(address.into())));
        }

        #[test]
        fn no_ipv4_address_near_a_special_one_is_judged_otherwise(
            first in prop::sample::select(vec![0, 10, 100, 127, 169, 172, 192, 198, 203, 224, 240, 255_u8]),
            second in prop::sample::select(vec![0, 16, 18, 31, 51, 64, 88, 127, 128, 168, 254, 255_u8]),
            rest in any::<[u8; 2]>(),
        ) {
            let address = Ipv4Addr::new(first, second, rest[0], rest[1]);
            prop_assert!(!(plainly_special_v4(address) && is_public(address.into())));
        }

        #[test]
        fn no_ipv6_address_that_std_calls_special_is_public(bits in any::<u128>(), high in any::<bool>()) {
            // Half of the addresses lie in 2000::/3, where the other rules decide.
            let bits = if high { bits } else { bits >> 3 | 1 << 125 };
            let address = Ipv6Addr::from_bits(bits);
            prop_assert!(!(plainly_special_v6(address) && is_public(address.into())));
        }

        #[test]
        fn no_ipv4_address_is_public_inside_ipv6(bits in any::<u32>()) {
            let v4 = u128::from(bits);
            let prefixes = [0, 0xffff << 32, 0x64_ff9b << 96, 0x64_ff9b_0001 << 80, 0x2002 << 112 | v4 << 80];
            for prefix in prefixes {
                let address = Ipv6Addr::from_bits(prefix | v4);
                prop_assert!(!is_public(address.into()), "{}", address);
            }
        }
    }
}
