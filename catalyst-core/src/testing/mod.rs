//! For tests: everything that was logged, searched for what must not be there; servers of fakes that end cleanly.

#[cfg(feature = "testing")]
mod log_capture;
#[cfg(feature = "stub-server")]
mod stub_server;

#[cfg(feature = "testing")]
pub use log_capture::{Listening, LogCapture};
#[cfg(feature = "stub-server")]
pub use stub_server::StubServer;
