//! Names of client attributes: Keycloak's, and ours among them.

/// Who the client belongs to.
pub(crate) const OWNER: &str = "catalyst.owner";
/// The client roles that were ensured, so that a second run needs not ask for them.
pub(crate) const ROLES: &str = "catalyst.roles";
/// The security profile; client policies of the realm select by it.
pub(crate) const PROFILE: &str = "catalyst.profile";
/// Its value for FAPI 2.0.
pub(crate) const FAPI2: &str = "fapi2";

pub(crate) const PKCE: &str = "pkce.code.challenge.method";
pub(crate) const POST_LOGOUT: &str = "post.logout.redirect.uris";
pub(crate) const BACK_CHANNEL_LOGOUT: &str = "backchannel.logout.url";
pub(crate) const BACK_CHANNEL_SESSION: &str = "backchannel.logout.session.required";
pub(crate) const TOKEN_EXCHANGE: &str = "standard.token.exchange.enabled";
pub(crate) const USE_JWKS: &str = "use.jwks.string";
pub(crate) const JWKS: &str = "jwks.string";
pub(crate) const ASSERTION_ALGORITHM: &str = "token.endpoint.auth.signing.alg";
pub(crate) const SUBJECT_DN: &str = "x509.subjectdn";
pub(crate) const SUBJECT_DN_PATTERN: &str = "x509.allow.regex.pattern.comparison";
pub(crate) const FEDERATED_ISSUER: &str = "jwt.credential.issuer";
pub(crate) const FEDERATED_SUBJECT: &str = "jwt.credential.sub";
pub(crate) const MTLS_BOUND: &str = "tls.client.certificate.bound.access.tokens";
pub(crate) const DPOP_BOUND: &str = "dpop.bound.access.tokens";
pub(crate) const PUSHED: &str = "require.pushed.authorization.requests";
pub(crate) const ACCESS_TOKEN_ALGORITHM: &str = "access.token.signed.response.alg";
pub(crate) const ID_TOKEN_ALGORITHM: &str = "id.token.signed.response.alg";

pub(crate) const SECRET_CREATED: &str = "client.secret.creation.time";
pub(crate) const SECRET_EXPIRES: &str = "client.secret.expiration.time";
/// The old secret itself, in clear.
pub(crate) const ROTATED_SECRET: &str = "client.secret.rotated";
pub(crate) const ROTATED_EXPIRES: &str = "client.secret.rotated.expiration.time";
