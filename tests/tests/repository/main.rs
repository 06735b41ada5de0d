//! House rules that a compiler does not check: which crate may name which, that what the documents say is there, that
//! what stands under `deploy/` fits together. Each failure says what to do about it.

mod arrows;
mod deploy;
mod documents;
mod house;
mod tidy;
mod tree;
