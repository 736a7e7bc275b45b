//! Why a login is refused: the one list of codes.

use catalyst_core::{Error, ErrorKind};

use crate::refusal::SERVICE;

/// As errors and spans name it.
pub(super) const FINISH: &str = "finish a login";

/// A reason, before it becomes an error. Holds nothing of what the browser sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Callback(&'static str),
    Pending(&'static str),
    State,
    Expired,
    Issuer,
    Denied,
    Required,
    Unavailable,
    Failed,
    NoIdToken,
    Subject,
}

impl Refusal {
    /// Stable words, for callers and metrics.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Callback(_) => "login_callback_invalid",
            Self::Pending(_) => "login_pending_invalid",
            Self::State => "login_state_mismatch",
            Self::Expired => "login_expired",
            Self::Issuer => "login_issuer_mismatch",
            Self::Denied => "login_denied",
            Self::Required => "login_required",
            Self::Unavailable => "login_unavailable",
            Self::Failed => "login_failed",
            Self::NoIdToken => "login_no_id_token",
            Self::Subject => "login_subject_changed",
        }
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::Callback(_) | Self::Pending(_) | Self::Failed => ErrorKind::InvalidRequest,
            Self::State | Self::Issuer | Self::Required | Self::Subject => ErrorKind::Unauthenticated,
            Self::Expired => ErrorKind::Expired,
            Self::Denied => ErrorKind::PermissionDenied,
            Self::Unavailable => ErrorKind::Unavailable,
            Self::NoIdToken => ErrorKind::Decode,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Callback(help) | Self::Pending(help) => help,
            Self::State => {
                "this answer belongs to another login: it was opened in two windows, or somebody sent a link; start anew"
            }
            Self::Expired => "the login took too long; start anew",
            Self::Issuer => "the answer does not come from the realm that was asked (RFC 9207); start anew",
            Self::Denied => "the user, or a policy of the realm, denied the login",
            Self::Required => {
                "the user has to log in or consent, and was not to be asked; start without Prompt::Nothing"
            }
            Self::Unavailable => "the realm cannot log in anybody at the moment; start anew in a while",
            Self::Failed => "the realm refuses the login request; its own words say why",
            Self::NoIdToken => "the answer has no ID token: is openid among the scopes of the client?",
            Self::Subject => "the refreshed tokens speak of somebody else; end the session",
        }
    }

    pub(super) fn error(self) -> Error {
        Error::new(self.kind(), FINISH).with_service(SERVICE).with_code(self.code()).with_help(self.help())
    }
}
