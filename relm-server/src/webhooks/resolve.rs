//! How a name becomes addresses.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

/// Looks names up.
///
/// It is asked once for each connection, and what it answers is checked and connected to: nothing is looked up again in
/// between. It need not check anything itself.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name, the one to try first at the head. A name that ends in a dot is complete.
    ///
    /// # Errors
    /// Whatever kept it from an answer; the owner of the endpoint learns only that the name was not found.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system, with its files and its search domains.
///
/// A look-up takes a thread until the system gives up, however soon whoever asked does. So there is one for each name at a
/// time, which all that ask meanwhile share: a name whose servers are dead takes one thread and not one for each attempt.
#[derive(Clone, Debug, Default)]
pub struct SystemResolver {
    under_way: Arc<Mutex<HashMap<String, watch::Receiver<Found>>>>,
}

/// What a look-up came to; nothing while it is under way.
type Found = Option<Result<Vec<IpAddr>, io::ErrorKind>>;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut answer = self.look_up(name, |name| async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            found.map(|found| found.map(|address| address.ip()).collect())
        });
        match answer.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(addresses))) => Ok(addresses.clone()),
            Ok(Some(Err(kind))) => Err((*kind).into()),
            Ok(None) | Err(_) => Err(io::ErrorKind::Other.into()),
        }
    }
}

impl SystemResolver {
    /// Where the answer of the look-up that is under way comes, or of one that begins here.
    fn look_up<F>(&self, name: &str, begin: impl FnOnce(String) -> F) -> watch::Receiver<Found>
    where
        F: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        let mut under_way = self.lock();
        if let Some(answer) = under_way.get(name) {
            return answer.clone();
        }
        let (sender, answer) = watch::channel(None);
        under_way.insert(name.to_owned(), answer.clone());
        let looking = begin(name.to_owned());
        let ended = Ended {
            resolver: self.clone(),
            name: name.to_owned(),
        };
        tokio::spawn(async move {
            let found = looking.await.map_err(|error| error.kind());
            // Whoever asks from here on asks anew.
            drop(ended);
            sender.send_replace(Some(found));
        });
        answer
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Found>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a look-up when it has ended, or was dropped.
struct Ended {
    resolver: SystemResolver,
    name: String,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.resolver.lock().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_name_is_looked_up_once_at_a_time() {
        let resolver = SystemResolver::default();
        let (begun, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let ask = |name: &str| {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            resolver.look_up(name, |_| async move {
                begun.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Ok(vec![IpAddr::from([1, 1, 1, 1])])
            })
        };
        // Those who stop listening leave it to the others.
        drop(ask("slow"));
        let mut answers = vec![ask("slow"), ask("slow"), ask("other")];
        tokio::task::yield_now().await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
        go.notify_waiters();
        for answer in &mut answers {
            let found = answer.wait_for(Option::is_some).await.unwrap().clone();
            assert_eq!(found, Some(Ok(vec![IpAddr::from([1, 1, 1, 1])])));
        }
        assert!(resolver.lock().is_empty());
        ask("slow");
        tokio::task::yield_now().await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }
}
