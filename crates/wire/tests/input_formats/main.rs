//! Records as products send them, and the alerts that come of them. All records here are invented, in the forms that
//! the vendors document; those that the vendors print are read where they lie beside the repository (`samples`).

mod braid;
mod cloud_alert;
mod command;
mod directory;
mod ecs_alert;
mod endpoint_alert;
mod feeds;
mod filters;
mod fixture;
mod fuzz;
mod graph_alert;
mod graph_incident;
mod lists;
mod mdi_cef;
mod mutation;
mod ocsf_finding;
mod refusals;
mod registered;
mod samples;
mod sentinel_security_alert;
mod stix;
mod streaming;
mod xdr_incident;
mod zimperium;
