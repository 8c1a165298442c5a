//! How the members of an object that have several values are declared, once: for stores, and for whoever builds filters of them.

/// Declares the lists of an object, and of each what [filters](crate::record::filter::Filterable) are built with. A list of something else
/// than texts says what reads its values, and what gives a record those of another.
///
/// ```text
/// lists! { Deal:
///     tags: TAGS;
///     links: LINKS, |it: &Self, out: &mut dyn FnMut(&str)| …, |it: &mut Self, other: &Self| …;
/// }
/// ```
///
/// expands to
///
/// ```text
/// impl Lists for Deal {
///     const LISTS: &'static [ListOf<Self>] = &[ListOf::new(TAGS, …, …), ListOf::new(LINKS, …, …)];
/// }
/// impl Deal {
///     pub const fn tags() -> Filterable<ListValue> { Filterable::column("tags") }
///     pub const fn links() -> Filterable<ListValue> { Filterable::column("links") }
/// }
/// ```
macro_rules! lists {
    ($record:ident: $($name:ident $(as $shown:literal)?: $member:expr $(, $read:expr, $unite:expr)?;)+) => {
        impl $crate::record::list::Lists for $record {
            const LISTS: &'static [$crate::record::list::ListOf<Self>] = &[
                $(lists!(@of $name $member $(, $read, $unite)?)),+
            ];
        }

        /// What lists are filtered by.
        impl $record {
            $(
                #[doc = concat!("Filters by the values of `", lists!(@shown $name $($shown)?), "`.")]
                pub const fn $name() -> $crate::record::filter::Filterable<$crate::record::filter::ListValue> {
                    $crate::record::filter::Filterable::column(lists!(@shown $name $($shown)?))
                }
            )+
        }
    };
    (@shown $name:ident) => { stringify!($name) };
    (@shown $name:ident $shown:literal) => { $shown };
    (@of $name:ident $member:expr) => {
        $crate::record::list::ListOf::new(
            $member,
            |it: &Self, out: &mut dyn FnMut(&str)| it.$name.iter().for_each(|text| out(text)),
            |it: &mut Self, other: &Self| $crate::record::list::add_texts(&mut it.$name, &other.$name),
        )
    };
    (@of $name:ident $member:expr, $read:expr, $unite:expr) => {
        $crate::record::list::ListOf::new($member, $read, $unite)
    };
}

/// The postal addresses of an object among its lists, and the parts of them that it is filtered by.
macro_rules! lists_with_addresses {
    ($record:ident: $($rest:tt)+) => {
        lists! { $record:
            $($rest)+
            addresses: ADDRESSES, |it: &Self, out: &mut dyn FnMut(&str)| {
                postal::each(&it.addresses, ADDRESSES.name, out);
            }, |it: &mut Self, other: &Self| postal::unite(&mut it.addresses, other.addresses.clone());
            addresses_city as "addresses.city": ADDRESS_CITIES, |it: &Self, out: &mut dyn FnMut(&str)| {
                postal::each(&it.addresses, ADDRESS_CITIES.name, out);
            }, |_: &mut Self, _: &Self| {};
            addresses_region as "addresses.region": ADDRESS_REGIONS, |it: &Self, out: &mut dyn FnMut(&str)| {
                postal::each(&it.addresses, ADDRESS_REGIONS.name, out);
            }, |_: &mut Self, _: &Self| {};
            addresses_postal_code as "addresses.postal_code": ADDRESS_POSTAL_CODES, |it: &Self, out: &mut dyn FnMut(&str)| {
                postal::each(&it.addresses, ADDRESS_POSTAL_CODES.name, out);
            }, |_: &mut Self, _: &Self| {};
            addresses_country as "addresses.country": ADDRESS_COUNTRIES, |it: &Self, out: &mut dyn FnMut(&str)| {
                postal::each(&it.addresses, ADDRESS_COUNTRIES.name, out);
            }, |_: &mut Self, _: &Self| {};
        }
    };
}
pub(super) use lists;
pub(super) use lists_with_addresses;
