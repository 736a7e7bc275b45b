//! What can be asked of the server.

/// One kind of request: the name that errors and spans show, and what a refusal of it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Login,
    LookupToken,
    RenewToken,
    RevokeToken,
    ReadSecret,
    WriteSecret,
    PatchSecret,
    ListSecrets,
    DeleteSecret,
    UndeleteSecret,
    DestroySecret,
    ReadMetadata,
    WriteMetadata,
    DeleteMetadata,
    IssueCredentials,
    ReadStaticCredential,
    LookupLease,
    RenewLease,
    RevokeLease,
    RevokePrefix,
    Wrap,
    Unwrap,
    LookupWrapping,
    Health,
    /// A call of an engine or of the server's own API, named where it is made.
    Of(Subject, &'static str),
}

/// What a call is about, as far as refusals differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    AuthMethod,
    Cubbyhole,
    DatabaseAdmin,
    Identity,
    Kubernetes,
    Operator,
    Pki,
    RabbitMq,
    Raft,
    Ssh,
    System,
    Totp,
    Transit,
    /// Whatever the caller asks for by its path.
    Any,
}

impl Operation {
    /// As errors and spans name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Login => "log in",
            Self::LookupToken => "look up token",
            Self::RenewToken => "renew token",
            Self::RevokeToken => "revoke token",
            Self::ReadSecret => "read secret",
            Self::WriteSecret => "write secret",
            Self::PatchSecret => "patch secret",
            Self::ListSecrets => "list secrets",
            Self::DeleteSecret => "delete secret",
            Self::UndeleteSecret => "undelete secret",
            Self::DestroySecret => "destroy secret",
            Self::ReadMetadata => "read secret metadata",
            Self::WriteMetadata => "write secret metadata",
            Self::DeleteMetadata => "delete secret metadata",
            Self::IssueCredentials => "issue database credentials",
            Self::ReadStaticCredential => "read static database credentials",
            Self::LookupLease => "look up lease",
            Self::RenewLease => "renew lease",
            Self::RevokeLease => "revoke lease",
            Self::RevokePrefix => "revoke leases by prefix",
            Self::Wrap => "wrap",
            Self::Unwrap => "unwrap",
            Self::LookupWrapping => "look up wrapping token",
            Self::Health => "read health",
            Self::Of(_, name) => name,
        }
    }
}
