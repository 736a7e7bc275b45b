//! What can be asked of the server.

/// One kind of request: the name that errors and spans show, and what a refusal of it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    LogIn,
    RequestToken,
    Introspect,
    Revoke,
    PushAuthorization,
    EndSession,
    FindClient,
    CreateClient,
    UpdateClient,
    RemoveClient,
    ListClients,
    ReadSecret,
    RegenerateSecret,
    EndRotatedSecret,
    ReadRoles,
    CreateRole,
    ReadScopes,
    AssignScope,
    ReadPolicies,
}

impl Operation {
    /// As errors and spans name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log in to Keycloak",
            Self::RequestToken => "request a token",
            Self::Introspect => "introspect a token",
            Self::Revoke => "revoke a token",
            Self::PushAuthorization => "push an authorization request",
            Self::EndSession => "end a session",
            Self::FindClient => "find client",
            Self::CreateClient => "create client",
            Self::UpdateClient => "update client",
            Self::RemoveClient => "remove client",
            Self::ListClients => "list clients",
            Self::ReadSecret => "read client secret",
            Self::RegenerateSecret => "regenerate client secret",
            Self::EndRotatedSecret => "end rotated client secret",
            Self::ReadRoles => "read client roles",
            Self::CreateRole => "create client role",
            Self::ReadScopes => "read client scopes",
            Self::AssignScope => "assign client scope",
            Self::ReadPolicies => "read client policies",
        }
    }

    /// The role of the client `realm-management` that allows it.
    pub(crate) fn role(self) -> Option<&'static str> {
        Some(match self {
            Self::LogIn
            | Self::RequestToken
            | Self::Introspect
            | Self::Revoke
            | Self::PushAuthorization
            | Self::EndSession => return None,
            Self::FindClient | Self::ListClients | Self::ReadSecret | Self::ReadRoles => "view-clients",
            Self::CreateClient
            | Self::UpdateClient
            | Self::RemoveClient
            | Self::RegenerateSecret
            | Self::EndRotatedSecret
            | Self::CreateRole
            | Self::ReadScopes
            | Self::AssignScope => "manage-clients",
            Self::ReadPolicies => "view-realm",
        })
    }

    /// Whether it is asked of the OAuth endpoints, whose errors have their own words.
    pub(crate) fn is_oauth(self) -> bool {
        self.role().is_none()
    }
}
