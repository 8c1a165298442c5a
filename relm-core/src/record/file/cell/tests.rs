//! What texts say as values.
