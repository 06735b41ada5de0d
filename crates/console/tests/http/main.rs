//! The console as a client meets it: a real server on the loopback, real requests.

mod support;

mod entities;
mod integrations;
mod protection;
mod routes;
mod timeline;
mod tls;
