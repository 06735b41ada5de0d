//! The worker's loop on a modelled cluster: the same loop that runs in production, with everything that can go wrong.

mod bad_input;
mod commands;
mod exactly_once;
mod filters;
mod integrations;
mod outputs;
mod pacing;
mod restore;
mod schemas;
mod threads;
mod ticks;
mod transactions;
mod world;
