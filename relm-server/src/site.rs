//! Everything at the server's address: the API, pages for whoever asks with a browser, and the console.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};

use crate::api::{self, Api};
#[cfg(feature = "console")]
use crate::console::{self, Console};
use crate::pages::Pages;
use crate::serve::{Admission, AnswerMemory, FileBody, Handler, Head, LiveBody, Peer, Refusal};

/// The API and the pages, and the console where it is at the same address.
pub struct Site {
    api: Api,
    pages: Pages,
    #[cfg(feature = "console")]
    console: Option<Console>,
}

/// A request whose head was checked by whoever answers it.
pub enum Admitted {
    /// The API.
    Api(Box<api::Admitted>),
    /// The console.
    #[cfg(feature = "console")]
    Console(Box<console::Admitted>),
}

impl Site {
    /// The API and the pages.
    pub fn new(api: Api, pages: Pages) -> Self {
        Self {
            api,
            pages,
            #[cfg(feature = "console")]
            console: None,
        }
    }

    /// The same, and the console.
    #[cfg(feature = "console")]
    #[must_use]
    pub fn console(self, console: Console) -> Self {
        let console = Some(console);
        Self { console, ..self }
    }

    /// Answers a request that is there whole, of a caller whom nobody else shares an address with.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let head = Head::new(head);
        let origin = head.headers.get(hyper::header::ORIGIN).cloned();
        let checked = self.check_head(&head, None).await;
        let mut response = match checked {
            Ok(Admission { call, .. }) => self.carry_out(call, head, body).await,
            Err(answered) => answered,
        };
        self.api.complete(origin.as_ref(), response.headers_mut());
        response
    }

    /// Pages are answered here, by the head alone: nothing is read or counted for them, and nothing is kept.
    async fn check_head(
        &self,
        head: &Parts,
        peer: Option<Peer>,
    ) -> Result<Admission<Admitted>, Response<Bytes>> {
        #[cfg(feature = "console")]
        if let Some(console) = &self.console
            && Console::has(head.uri.path())
        {
            let checked = Box::pin(console.check_head(head, peer)).await;
            let Admission { call, allowance } = checked?;
            let call = Admitted::Console(Box::new(call));
            return Ok(Admission { call, allowance });
        }
        if let Some(page) = self.pages.answer(head) {
            return Err(page);
        }
        match self.api.check_head(head, peer).await {
            Ok(Admission { call, allowance }) => Ok(Admission {
                call: Admitted::Api(call),
                allowance,
            }),
            Err(refused) if refused.status() == StatusCode::NOT_FOUND => {
                Err(self.pages.missed(head, refused))
            }
            Err(refused) => Err(refused),
        }
    }

    async fn carry_out(&self, call: Admitted, head: Head, body: Bytes) -> Response<Bytes> {
        match call {
            Admitted::Api(call) => self.api.carry_out(call, head, body).await,
            #[cfg(feature = "console")]
            Admitted::Console(call) => match &self.console {
                Some(console) => Box::pin(console.carry_out(*call, head, body)).await,
                None => self.api.refuse(Refusal::Panicked, None),
            },
        }
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
        head: Head,
        body: Bytes,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        self.carry_out(call, head, body)
    }

    async fn receive(&self, call: Admitted, head: Head, file: FileBody) -> Response<Bytes> {
        match call {
            Admitted::Api(call) => self.api.receive(call, head, file).await,
            #[cfg(feature = "console")]
            Admitted::Console(call) => match &self.console {
                Some(console) => Box::pin(console.receive(*call, file)).await,
                None => self.api.refuse(Refusal::Panicked, None),
            },
        }
    }

    async fn follow(
        &self,
        call: Admitted,
        head: Head,
        memory: AnswerMemory,
    ) -> Result<Response<LiveBody>, Response<Bytes>> {
        match call {
            Admitted::Api(call) => self.api.follow(call, head, memory).await,
            #[cfg(feature = "console")]
            Admitted::Console(call) => match &self.console {
                Some(console) => Box::pin(console.follow(*call, memory)).await,
                None => Err(self.api.refuse(Refusal::Panicked, None)),
            },
        }
    }

    fn complete(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        self.api.complete(origin, headers);
    }

    fn refuse(&self, refusal: Refusal, call: Option<Admitted>) -> Response<Bytes> {
        match call {
            Some(Admitted::Api(call)) => self.api.refuse(refusal, Some(call)),
            #[cfg(feature = "console")]
            Some(Admitted::Console(call)) => console::refused(refusal, *call),
            None => self.api.refuse(refusal, None),
        }
    }
}
