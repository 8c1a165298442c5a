//! Filters that are built of columns and members of metadata.

use super::*;

#[test]
fn filters_are_built_of_columns_and_members_of_metadata() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let c = "c@x.org";
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        let all = &["c@x.org", "b@x.org", "a@x.org"][..];
        for (filter, expected) in [
            (Contact::email().eq("C@X.org"), &[c][..]),
            (Contact::email().is_in([c, "a@x.org"]), &[c, "a@x.org"]),
            (Contact::email().is_in(Vec::<String>::new()), &[]),
            (Contact::email().ilike("A@%"), &["a@x.org"]),
            (Contact::phone().is_null(), all),
            (Contact::phone().is_not_null(), &[]),
            (Contact::created_at().gt(Timestamp::now() - week), all),
            (Contact::created_at().gt(Timestamp::now() + week), &[]),
            (
                Metadata::field("plan").is_in(["pro", "a,b"]),
                &[c, "a@x.org"],
            ),
            (Metadata::field("plan").ne("pro"), &["b@x.org"]),
            (Metadata::field("seats").gte(5), &[c, "a@x.org"]),
            (Metadata::field("absent").is_null(), all),
            (Contact::tags().is_null(), all),
            (Contact::tags().eq("vip"), &[]),
            (Contact::tags().ne("vip"), &[]),
            (Contact::tags().is_in(["a,b", "vip"]), &[]),
        ] {
            let request = ListRequest::default().filter(filter.clone());
            let found = live.contacts().list(&request).await?;
            assert_eq!(emails(found), expected, "{filter:?}");
        }
        Ok(())
    })
}

#[test]
fn amounts_days_and_ids_are_filtered_by_as_what_they_are() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let acme = CompanyInput {
            name: "Acme, Inc.".into(),
            ..Default::default()
        };
        let company = live.companies().create(acme).await?;
        let engine = DealInput {
            title: "Engine".into(),
            value_cents: 12_000.into(),
            close_date: "2026-07-02".parse::<Date>()?.into(),
            company_id: company.id.into(),
            ..Default::default()
        };
        let deal = live.deals().create(engine).await?;
        let request = ListRequest::default()
            .filter(Deal::value_cents().gt(10_000))
            .filter(Deal::value_cents().lte(12_000))
            .filter(Deal::close_date().lt("2027-01-01".parse::<Date>()?))
            .filter(Deal::company_id().eq(company.id))
            .filter(Deal::id().is_in([deal.id, company.id]));
        assert_eq!(live.deals().list(&request).await?.data, [deal]);
        // None of no values, of whatever type they would be.
        let of_none = ListRequest::default().filter(Deal::value_cents().is_in([0_i64; 0]));
        assert_eq!(live.deals().list(&of_none).await?.data, []);
        // A comma in a value is none between values.
        let by_name = ListRequest::default().filter(Company::name().is_in(["Acme, Inc."]));
        assert_eq!(live.companies().list(&by_name).await?.data, [company]);
        Ok(())
    })
}

fn name<V>(filterable: Filterable<V>) -> String {
    filterable.is_null().field
}

/// Holds the builders of a kind to what clients may filter it by, of which the names are their own.
fn are_all_of(kind: Kind, built: &[String]) {
    let filterable: Vec<&str> = query::filter::filterable(kind).collect();
    assert_eq!(built, filterable, "{kind}");
}

/// Each column and list that a client may filter by has a builder of its type.
#[test]
fn a_filter_that_a_column_builds_names_it() {
    let built = [
        name(Contact::id()),
        name(Contact::email()),
        name(Contact::first_name()),
        name(Contact::last_name()),
        name(Contact::name()),
        name(Contact::phone()),
        name(Contact::company_id()),
        name(Contact::owner()),
        name(Contact::created_at()),
        name(Contact::updated_at()),
        name(Contact::tags()),
        name(Contact::emails()),
        name(Contact::phones()),
        name(Contact::addresses()),
        name(Contact::addresses_city()),
        name(Contact::addresses_region()),
        name(Contact::addresses_postal_code()),
        name(Contact::addresses_country()),
    ];
    are_all_of(Kind::Contact, &built);
    let built = [
        name(Company::id()),
        name(Company::name()),
        name(Company::domain()),
        name(Company::owner()),
        name(Company::created_at()),
        name(Company::updated_at()),
        name(Company::tags()),
        name(Company::addresses()),
        name(Company::addresses_city()),
        name(Company::addresses_region()),
        name(Company::addresses_postal_code()),
        name(Company::addresses_country()),
    ];
    are_all_of(Kind::Company, &built);
}

/// The same of deals and activities.
#[test]
fn a_filter_that_a_column_of_a_deal_builds_names_it() {
    let built = [
        name(Deal::id()),
        name(Deal::title()),
        name(Deal::value_cents()),
        name(Deal::currency()),
        name(Deal::stage()),
        name(Deal::close_date()),
        name(Deal::company_id()),
        name(Deal::primary_contact_id()),
        name(Deal::owner()),
        name(Deal::created_at()),
        name(Deal::updated_at()),
        name(Deal::tags()),
    ];
    are_all_of(Kind::Deal, &built);
    let built = [
        name(Activity::id()),
        name(Activity::activity_type()),
        name(Activity::subject()),
        name(Activity::body()),
        name(Activity::contact_id()),
        name(Activity::deal_id()),
        name(Activity::company_id()),
        name(Activity::occurred_at()),
        name(Activity::due_at()),
        name(Activity::done_at()),
        name(Activity::assignee()),
        name(Activity::created_at()),
        name(Activity::updated_at()),
        name(Activity::tags()),
    ];
    are_all_of(Kind::Activity, &built);
}
