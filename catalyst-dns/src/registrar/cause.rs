//! Why a registrar did not do what it was asked: one code, one kind and one advice for each, whoever the registrar is.

use catalyst_core::{Error, ErrorKind};

use super::RegisteredDomain;

/// One of the codes that [`Registrar`](super::Registrar) promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    BadCredential,
    NotInAccount,
    AccountTier,
    RateLimited,
    ProtectedDomain,
    Unavailable,
    TaskFailed,
    ManualOnly,
    Unsupported,
    Refused,
}

impl Cause {
    /// The stable word that the trait documents.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::BadCredential => "bad_credential",
            Self::NotInAccount => "not_in_account",
            Self::AccountTier => "account_tier",
            Self::RateLimited => "rate_limited",
            Self::ProtectedDomain => "protected_domain",
            Self::Unavailable => "unavailable",
            Self::TaskFailed => "task_failed",
            Self::ManualOnly => "manual_only",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
        }
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::BadCredential => ErrorKind::Unauthenticated,
            Self::NotInAccount => ErrorKind::NotFound,
            Self::AccountTier | Self::ProtectedDomain => ErrorKind::PermissionDenied,
            Self::RateLimited => ErrorKind::RateLimited,
            Self::Unavailable => ErrorKind::Unavailable,
            Self::TaskFailed => ErrorKind::Other,
            Self::ManualOnly | Self::Unsupported => ErrorKind::Config,
            Self::Refused => ErrorKind::InvalidRequest,
        }
    }

    /// What to do, where the registrar's answer says nothing finer.
    fn help(self) -> &'static str {
        match self {
            Self::BadCredential => {
                "the registrar does not accept the credential: wrong, ended or switched off"
            }
            Self::NotInAccount => "the account of this credential does not have the domain",
            Self::AccountTier => {
                "the credential is good, and the account may not use this part of the API: too few domains or too \
                 small a plan; the registrar's terms say what it takes"
            }
            Self::RateLimited => "the account has made too many requests",
            Self::ProtectedDomain => {
                "the domain is locked or protected, which the API cannot lift: do it in the registrar's console"
            }
            Self::Unavailable => {
                "the registrar's API, or the registry behind it, does not work at the moment"
            }
            Self::TaskFailed => "the registrar accepted the change and could not carry it out",
            Self::ManualOnly => "the registrar has no call for it: a person does it in the console",
            Self::Unsupported => "the registrar's API has no such call",
            Self::Refused => "the registrar refuses what was sent",
        }
    }

    /// The error, with the advice that fits in general; adapters say it better where they know more.
    pub(crate) fn error(self, operation: &'static str) -> Error {
        Error::new(self.kind(), operation).with_code(self.code()).with_help(self.help())
    }

    /// The error of a call about a domain that is not even made.
    pub(crate) fn unasked(
        self,
        service: &'static str,
        operation: &'static str,
        domain: &RegisteredDomain,
    ) -> Error {
        self.error(operation).with_service(service).with_target(domain.as_str())
    }
}

/// The error of an answer that is not what the registrar documents.
pub(super) fn unreadable(operation: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::Decode, operation)
        .with_code(Cause::Unavailable.code())
        .with_help(format!("the answer is not what the registrar documents: {help}"))
}
