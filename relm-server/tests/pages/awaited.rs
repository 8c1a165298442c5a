//! What a request is awaited by.

use bytes::Bytes;
use hyper::Request;

use super::site::site;

/// Bytes of what a request is awaited by: they are moved into their place for each request.
const REQUEST_BYTES_MAX: usize = 3 * 1024;

#[test]
fn what_few_requests_need_room_for_takes_none_of_the_others() {
    let site = site();
    let request = Request::get("/v1/contacts").body(Bytes::new());
    let bytes = size_of_val(&site.handle(request.expect("it is a request")));
    assert!(bytes <= REQUEST_BYTES_MAX, "{bytes} bytes");
}
