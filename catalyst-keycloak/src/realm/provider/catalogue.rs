//! Providers that everybody uses: where they are, and how they differ from the standard.

use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::OidcProvider;

/// <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>
pub(super) fn azure_ad(tenant: &str, client_id: String, client_secret: Secret) -> Result<OidcProvider> {
    let is_id = tenant.len() == 36
        && tenant.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    if !is_id {
        return Err(Error::new(ErrorKind::InvalidRequest, "declare identity provider").with_help(
            "give the identifier of the tenant (8-4-4-4-12 hexadecimal digits): tokens name it as their issuer, \
             whatever name it was asked by",
        ));
    }
    let tenant = tenant.to_ascii_lowercase();
    let at = |path: &str| format!("https://login.microsoftonline.com/{tenant}/{path}");
    Ok(OidcProvider::new(
        at("v2.0"),
        at("oauth2/v2.0/authorize"),
        at("oauth2/v2.0/token"),
        at("discovery/v2.0/keys"),
        client_id,
        client_secret,
    )
    .logout_url(at("oauth2/v2.0/logout"))
    // Its Basic wants the secret form-encoded, which few agree on.
    .secret_in_body(true))
}

/// <https://developer.apple.com/documentation/signinwithapplerestapi>
pub(super) fn apple(client_id: String, client_secret: Secret) -> OidcProvider {
    OidcProvider::new(
        "https://appleid.apple.com",
        "https://appleid.apple.com/auth/authorize",
        "https://appleid.apple.com/auth/token",
        "https://appleid.apple.com/auth/keys",
        client_id,
        client_secret,
    )
    // Any more scopes make it insist on a form post.
    .scopes("openid")
    .secret_in_body(true)
    // Its discovery document does not name a method.
    .pkce(false)
}
