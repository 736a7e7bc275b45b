//! What Namecheap's numbers mean: the one place that reads them.
//!
//! Source: the error lists of the API's documentation; 500000 and status 405 for too many requests as seen by
//! terraform-provider-namecheap (issues 9 and 310) and dnscontrol.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, RetryAdvice};

use crate::registrar::cause::Cause;

pub(super) const SERVICE: &str = "namecheap";

/// How long the limit of a minute is felt, as far as clients have seen.
const PAUSE: Duration = Duration::from_secs(5);

const ADDRESS: &str = "Namecheap does not allow the address that the request came from, or that client_ip names; put \
                       the public IPv4 address of this machine on the list of the account (Profile, Tools, API \
                       access, allowed addresses) and give the same one as client_ip";
const KEY: &str = "the key is wrong, or the account has no API access: Namecheap gives it to accounts with 20 domains, \
                   a balance of 50 USD, or 50 USD spent in two years, and it has to be switched on";

/// What the number of an error means.
pub(super) fn refused(operation: &'static str, number: u32, message: &str) -> Error {
    let (cause, help) = meaning(number);
    let error = cause.error(operation);
    let error = match (help, cause) {
        (Some(help), _) => error.with_help(help),
        (None, Cause::Refused) => {
            error.with_help(format!("Namecheap refuses the request with error {number}"))
        }
        _ => error,
    };
    let error = if message.is_empty() { error } else { error.with_server_message(message) };
    if cause == Cause::RateLimited { error.with_retry(RetryAdvice::After(PAUSE)) } else { error }
}

fn meaning(number: u32) -> (Cause, Option<&'static str>) {
    match number {
        1_011_105 | 1_011_150 => (Cause::BadCredential, Some(ADDRESS)),
        1_017_101 | 1_017_105 | 1_017_150 | 1_017_411 => (
            Cause::BadCredential,
            Some("Namecheap has disabled the user or the address; its support says why"),
        ),
        1_010_101 | 1_010_102 | 1_010_105 | 1_011_102 => (Cause::BadCredential, Some(KEY)),
        1_016_103 | 1_017_103 | 1_019_103 => (
            Cause::BadCredential,
            Some("the user of the key may not act for the account that user_name names"),
        ),
        2_019_166 | 2_016_166 => (Cause::NotInAccount, None),
        2_030_166 => (Cause::ProtectedDomain, Some("Namecheap does not permit changes of this domain")),
        500_000 => (Cause::RateLimited, None),
        3_031_510 | 3_050_900 | 4_022_288 => {
            (Cause::Unavailable, Some("the registry behind Namecheap failed, or did not answer"))
        }
        _ => (Cause::Refused, None),
    }
}

/// What a status says that is none of the API's XML.
pub(super) fn by_status(operation: &'static str, response: &Response) -> Option<Error> {
    let cause = match response.status() {
        // The API's way to say it.
        405 | 429 => return Some(too_fast(operation)),
        500.. => Cause::Unavailable,
        401 | 403 => Cause::BadCredential,
        200..300 => return None,
        _ => Cause::Refused,
    };
    Some(cause.error(operation))
}

/// Namecheap gives a page instead of data when requests come too fast, even with status 200.
pub(super) fn page(operation: &'static str, status: u16) -> Error {
    if status >= 500 { Cause::Unavailable.error(operation) } else { too_fast(operation) }
}

fn too_fast(operation: &'static str) -> Error {
    Cause::RateLimited.error(operation).with_retry(RetryAdvice::After(PAUSE))
}
