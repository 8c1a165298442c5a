//! What contacts alone are asked.

use super::objects::Objects;
use crate::engine::addresses::prepare;
use crate::error::Result;
use crate::record::object::Contact;

impl Objects<'_, Contact> {
    /// Has every write of the scope know that contacts can have several addresses. The first write that has one take a second address does so
    /// by itself; but within a transaction of the program it cannot wait for what others have under way, and this is called before.
    ///
    /// # Errors
    /// `unavailable`, where writes from before do not end.
    pub async fn prepare_several_emails(&self) -> Result<()> {
        prepare(self.context).await
    }
}
