//! Everything at the server's address: the API, and pages for whoever asks with a browser.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};

use crate::api::{Admitted, Api};
use crate::pages::Pages;
use crate::serve::{Admission, Handler, LiveBody, Peer, Refusal};

/// The API and the pages.
pub struct Site {
    api: Api,
    pages: Pages,
}

impl Site {
    /// Both together.
    pub fn new(api: Api, pages: Pages) -> Self {
        Self { api, pages }
    }

    /// Answers a request that is there whole, of a caller whom nobody else shares an address with.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let checked = self.check_head(&head, None).await;
        let request = Request::from_parts(head, body);
        self.api.handle_checked(checked, request).await
    }

    /// Pages are answered here, by the head alone: nothing is read or counted for them, and nothing is kept.
    async fn check_head(
        &self,
        head: &Parts,
        peer: Option<Peer>,
    ) -> Result<Admission<Admitted>, Response<Bytes>> {
        if let Some(page) = self.pages.answer(head) {
            return Err(page);
        }
        let checked = self.api.check_head(head, peer).await;
        checked.map_err(|refused| match refused.status() {
            StatusCode::NOT_FOUND => self.pages.missed(head, refused),
            _ => refused,
        })
    }
}

impl Handler for Site {
    type Call = Admitted;

    fn admit(
        &self,
        head: &Parts,
        peer: Peer,
    ) -> impl Future<Output = Result<Admission<Admitted>, Response<Bytes>>> + Send {
        self.check_head(head, Some(peer))
    }

    fn handle(
        &self,
        call: Admitted,
        request: Request<Bytes>,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        self.api.carry_out(call, request)
    }

    fn follow(
        &self,
        call: Admitted,
        head: Parts,
    ) -> impl Future<Output = Result<Response<LiveBody>, Response<Bytes>>> + Send {
        self.api.follow(call, head)
    }

    fn complete(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        self.api.complete(origin, headers);
    }

    fn refuse(&self, refusal: Refusal, call: Option<Admitted>) -> Response<Bytes> {
        self.api.refuse(refusal, call)
    }
}
