//! For tests and benches: a modelled log in virtual time with seeded faults, a seeded load, and a naive reference of
//! the engine.
//!
//! What it does not do: it opens no connection, reads no clock and draws nothing that a seed does not repeat. It stands in
//! for Apache Kafka where a test must choose what goes wrong and when; that the real one behaves so is proved elsewhere,
//! against the real one.
//!
//! Start with [`broker::Broker`] for faults, with [`load::Load`] for figures and with [`reference::Reference`] for
//! what the engine should decide.

pub mod agreement;
pub mod baseline;
pub mod broker;
pub mod load;
pub mod reference;
mod rng;
pub mod world;

pub use rng::Rng;
