//! The client of PowerDNS' HTTP API, from version 4.7 on.
//!
//! | to do | with |
//! | --- | --- |
//! | zones, record sets, changes | [`DnsZones`](crate::DnsZones), [`PowerDns::update_zone`], [`PowerDns::requests`] |
//! | keys of signed zones | [`ZoneSecurity`](crate::ZoneSecurity), [`PowerDns::rectify`] |
//! | metadata | [`PowerDns::metadata`], [`PowerDns::set_metadata`] |
//! | TSIG keys | [`PowerDns::create_tsig_key`], [`ZoneUpdate::primary_tsig_keys`] |
//! | transfers | [`PowerDns::notify`], [`PowerDns::retrieve`], [`PowerDns::autoprimaries`] |
//! | looking around | [`PowerDns::search`], [`PowerDns::export`], [`PowerDns::statistics`], [`PowerDns::configuration`] |
//!
//! # Writes
//! A change set is one PATCH, which the server makes in one transaction: all of it or nothing. Only a body over
//! [`body_limit`](PowerDnsBuilder::body_limit) is cut, between names, never within one. Writes of one zone by one client
//! (and its clones) follow each other; writes of several zones run at the same time, until the database refuses one,
//! after which there is one writer for a minute. Other processes are not kept away. Reads never wait.
//!
//! # What is tried again
//! What is unavailable, and writes that the database refused, with growing pauses, up to the
//! [limit](PowerDnsBuilder::retry). Never a refusal (4xx). A new zone, a new key and a new TSIG key are not asked for again
//! once the outcome is unknown; everything else may be repeated, and is.
//!
//! # Cancel safety
//! A call that is dropped may have taken effect; the next write of its zone goes on at once. What may not be repeated
//! blindly says so.
//!
//! # Errors
//! | status | code | kind | meaning |
//! | --- | --- | --- | --- |
//! | none | `unsupported_by_version` | `InvalidRequest` | EXTEND and PRUNE before 4.9.12 and 5.0.2; nothing was sent |
//! | none | `writer_busy` | `Timeout` | another write of this process took too long; nothing was sent |
//! | none | `no_api_key` | `Config`, `Timeout` | the builder was given none; a source gave none in time |
//! | none, 422, 500 | `lua_updates_disabled` | `InvalidRequest` | `enable-lua-record-updates` is off (from 5.1 by default) |
//! | none, 422 | `out_of_zone` | `InvalidRequest` | a name outside of the zone |
//! | none, 400, 413 | `body_too_large` | `InvalidRequest` | one name's changes, or the server's limit |
//! | any | `answer_too_large` | `Decode` | the answer is over [`max_body`](PowerDnsBuilder::max_body) |
//! | 2xx | `unreadable_answer` | `Decode` | not what the API promises |
//! | 2xx, 404 | `not_powerdns` | `Config` | something else answers at this address |
//! | 3xx | `redirected` | `Config` | the address is another one |
//! | 401 | `bad_api_key` | `Unauthenticated` | the server refuses the key |
//! | 401 | `bad_basic_auth` | `Unauthenticated` | a proxy refuses the user, or none was given |
//! | 403 | `forbidden` | `PermissionDenied` | a proxy, or `webserver-allow-from` |
//! | 404 | `zone_not_found`, `key_not_found`, `not_found` | `NotFound` | what was asked for is not there |
//! | 409 | `zone_exists`, `key_exists`, `conflict` | `Conflict` | it is there already |
//! | 422 | `invalid_record` | `InvalidRequest` | a record, which the error's target names |
//! | 422 | `cname_conflict` | `InvalidRequest` | a CNAME or DNAME beside others |
//! | 422 | `duplicate_record`, `duplicate_change` | `InvalidRequest` | twice in one set, twice in one request |
//! | 422 | `unsupported_metadata` | `InvalidRequest` | a kind that the API does not write |
//! | 422 | `not_a_secondary` | `InvalidRequest` | only a secondary retrieves its zone |
//! | 400, 405, 406, 415, 422 | `invalid_request` | `InvalidRequest` | other refusals |
//! | 429 | `rate_limited` | `RateLimited` | a proxy |
//! | 500 | `database_locked` | `Unavailable` | a write that the database refused; nothing was changed |
//! | 500 | `internal_error` | `Unavailable` | the server failed; not tried again if it says why |
//! | 502, 504 | `bad_gateway` | `Unavailable` | a proxy got no answer |
//! | 503 | `unavailable` | `Unavailable` | the server or a proxy cannot serve |
//! | any | `partly_applied` | that of its source | of several requests the first were applied; the help says how many |
//!
//! A 422 that names a record makes `name TYPE` the error's target.

mod apply;
mod autoprimary;
mod builder;
mod call;
mod client;
mod key;
mod keys;
mod maintenance;
mod metadata;
#[cfg(feature = "mock")]
mod offline;
mod operation;
mod patch;
mod path;
mod probe;
mod refusal;
mod search;
mod sets;
mod traits;
mod tsig;
mod writers;
mod zone_wire;
mod zones;

#[cfg(test)]
mod tests;

pub use apply::DryRequest;
pub use autoprimary::Autoprimary;
pub use builder::PowerDnsBuilder;
pub use client::PowerDns;
pub use key::ApiKeySource;
pub use metadata::MetadataKind;
pub use search::SearchHit;
pub use tsig::{TsigAlgorithm, TsigKey};
pub use zones::ZoneUpdate;

#[cfg(feature = "mock")]
pub(crate) use offline::{
    bodies, check, depends_on_server, partly, read_zone, refused, served_by, zone_document,
};
#[cfg(feature = "mock")]
pub(crate) use operation::Operation;
