//! The console in a real browser: a person's first hour, by pointer, by keyboard alone and without scripts, and what machines find
//! wrong with its pages for people who see or move otherwise.

mod accessibility;
mod driver;
mod first_hour;
mod hand;
mod imports;
