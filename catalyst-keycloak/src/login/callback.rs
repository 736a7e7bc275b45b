//! What the browser brings back.

use catalyst_core::{Result, Secret};
use url::form_urlencoded;

use super::refusal::Refusal;
use crate::Issuer;

/// The longest query of a callback, in bytes. Keycloak's has about 300.
const MAX_QUERY: usize = 8192;
/// The most parameters in it.
const MAX_PARAMETERS: usize = 32;
/// The longest code, in bytes. Keycloak's has 110.
const MAX_CODE: usize = 2048;

/// The parameters that mean something (RFC 6749 section 4.1.2, RFC 9207). A second one of the same name is refused:
/// who picks the first and who the last would disagree.
#[derive(Default)]
struct Parameters {
    state: Option<Secret>,
    iss: Option<String>,
    code: Option<Secret>,
    error: Option<String>,
    error_description: Option<String>,
}

/// The code in `query`, the part of the callback's address behind `?`.
///
/// The state comes first: until it fits, nothing else that stands there was meant for this login.
pub(super) fn code(query: &str, state: &Secret, issuer: &Issuer) -> Result<Secret> {
    let found = read(query).map_err(Refusal::error)?;
    match &found.state {
        None => return Err(Refusal::Callback("the callback has no state").error()),
        Some(given) if given != state => return Err(Refusal::State.error()),
        Some(_) => {}
    }
    match &found.iss {
        Some(iss) if iss == issuer.as_str() => {}
        // Keycloak always says it: a missing one was taken away.
        _ => return Err(Refusal::Issuer.error()),
    }
    if let Some(word) = &found.error {
        return Err(refused(word, found.error_description.as_deref()));
    }
    found
        .code
        .filter(|code| !code.is_empty() && code.expose().len() <= MAX_CODE)
        .ok_or_else(|| Refusal::Callback("the callback has no usable code").error())
}

fn read(query: &str) -> std::result::Result<Parameters, Refusal> {
    let query = query.strip_prefix('?').unwrap_or(query);
    if query.len() > MAX_QUERY {
        return Err(Refusal::Callback("the query of the callback is longer than 8 KiB"));
    }
    let mut found = Parameters::default();
    for (count, (name, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
        if count >= MAX_PARAMETERS {
            return Err(Refusal::Callback("the callback has more than 32 parameters"));
        }
        let known = match &*name {
            "state" => found.state.replace(Secret::new(value.as_ref())).is_some(),
            "code" => found.code.replace(Secret::new(value.as_ref())).is_some(),
            "iss" => found.iss.replace(value.into_owned()).is_some(),
            "error" => found.error.replace(value.into_owned()).is_some(),
            "error_description" => found.error_description.replace(value.into_owned()).is_some(),
            _ => false,
        };
        if known {
            return Err(Refusal::Callback("a parameter of the callback stands there twice"));
        }
    }
    Ok(found)
}

/// RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.
fn refused(word: &str, description: Option<&str>) -> catalyst_core::Error {
    let refusal = match word {
        "access_denied" => Refusal::Denied,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            Refusal::Required
        }
        "temporarily_unavailable" | "server_error" => Refusal::Unavailable,
        _ => Refusal::Failed,
    };
    let said = match description {
        Some(description) => format!("{word}: {description}"),
        None => word.to_owned(),
    };
    refusal.error().with_server_message(&said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "state=s1&session_state=x&iss=https%3A%2F%2Fa.test%2Frealms%2Facme&code=c1";

    fn told(query: &str) -> std::result::Result<String, Option<&'static str>> {
        let issuer = "https://a.test/realms/acme".parse().unwrap();
        let found = code(query, &Secret::new("s1"), &issuer);
        found.map(|code| code.expose().to_owned()).map_err(|error| error.code())
    }

    #[test]
    fn a_good_callback_gives_its_code() {
        assert_eq!(told(GOOD), Ok("c1".into()));
        assert_eq!(told(&format!("?{GOOD}")), Ok("c1".into()));
    }

    #[test]
    fn what_is_wrong_has_a_code_of_its_own() {
        let iss = "iss=https%3A%2F%2Fa.test%2Frealms%2Facme";
        for (query, code) in [
            (String::new(), "login_callback_invalid"),
            (GOOD.replace("s1", "s2"), "login_state_mismatch"),
            (GOOD.replace("acme", "evil"), "login_issuer_mismatch"),
            ("state=s1&code=c1".into(), "login_issuer_mismatch"),
            (format!("state=s1&{iss}"), "login_callback_invalid"),
            (format!("{GOOD}&code=c2"), "login_callback_invalid"),
            (format!("{GOOD}&state=s1"), "login_callback_invalid"),
            (format!("state=s1&{iss}&error=access_denied"), "login_denied"),
            (format!("state=s1&{iss}&error=login_required"), "login_required"),
            (format!("state=s1&{iss}&error=temporarily_unavailable"), "login_unavailable"),
            (format!("state=s1&{iss}&error=invalid_request&error_description=x"), "login_failed"),
            // A link that somebody made up must not make the application say that the user was denied.
            (format!("state=s2&{iss}&error=access_denied"), "login_state_mismatch"),
            (format!("{GOOD}&x={}", "y".repeat(9000)), "login_callback_invalid"),
            (format!("{GOOD}{}", "&a=b".repeat(40)), "login_callback_invalid"),
            (GOOD.replace("c1", &"c".repeat(3000)), "login_callback_invalid"),
        ] {
            assert_eq!(told(&query), Err(Some(code)), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_gets_in_without_the_state(query in "\\PC{0,200}") {
            prop_assert!(told(&query).is_err());
        }
    }
}
