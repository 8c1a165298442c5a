//! URLs of endpoints: one that is taken is one that a transport can send to, and reads the host of as the engine does.

#![no_main]

use hyper::Uri;
use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use relm_core::record::ipv4_host;
use relm_core::{Crm, Mode, WebhookInput};
use relm_store_memory::MemoryStore;

fuzz_target!(|url: &str| {
    let taken = block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let workspace = crm
            .create_workspace("fuzz")
            .await
            .expect("the name is free");
        let scoped = crm
            .open(workspace.id, Mode::Live)
            .await
            .expect("it is there");
        let input = WebhookInput {
            url: url.into(),
            event_types: vec!["*".to_owned()].into(),
            ..WebhookInput::default()
        };
        scoped.webhooks().subscribe(input).await.is_ok()
    });
    if !taken {
        return;
    }
    let sent_to: Uri = url
        .parse()
        .expect("a URL that is taken is one to the transport");
    assert_eq!(sent_to.scheme_str(), Some("https"), "{url}");
    let host = sent_to.host().expect("it names a host");
    assert!(!host.is_empty() && sent_to.port_u16() != Some(0), "{url}");
    let authority = sent_to.authority().map_or("", |it| it.as_str());
    assert!(!authority.contains('@'), "{url}");
    if authority.trim_start_matches(host).len() > 1 {
        assert!(sent_to.port_u16().is_some(), "the port of {url}");
    }
    let bare = host.strip_suffix('.').unwrap_or(host);
    if let Some(six) = bare.strip_prefix('[') {
        let six = six.trim_end_matches(']').parse::<std::net::Ipv6Addr>();
        assert!(six.is_ok(), "{url}");
        return;
    }
    // An address in the common spelling is that address; whatever ends in a number is one, or was refused.
    let address = ipv4_host(bare).expect("a host that is taken is a name or an address");
    if let Ok(four) = bare.parse::<std::net::Ipv4Addr>() {
        assert_eq!(address, Some(four), "{url}");
    }
});
