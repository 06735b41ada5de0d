//! `braid decode` and `braid replay` as somebody runs them on files.

mod support;
mod test;

mod against;
mod decode;
mod dump;
mod evaluate;
mod explain;
mod replay;
mod scores;
mod simulate;
mod switched_off;
mod unread;
