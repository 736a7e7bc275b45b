//! How credentials are written down in KV version 2, for those that OpenBao has no engine for: the names of the values
//! within a secret. Whoever replaces them writes all of one credential in one version.

/// The user's name.
pub const USERNAME: &str = "username";
/// The user's password.
pub const PASSWORD: &str = "password";
/// The access key of an object store; not a secret.
pub const ACCESS_KEY: &str = "access_key";
/// The secret key that belongs to [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "secret_key";
/// The token that belongs to temporary keys; most have none.
pub const SESSION_TOKEN: &str = "session_token";
