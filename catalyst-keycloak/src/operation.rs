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
    WritePolicies,
    ReadRealm,
    CreateRealm,
    UpdateRealm,
    ReadRealmRoles,
    CreateRealmRole,
    ReadProviders,
    WriteProvider,
    ReadOrganizations,
    WriteOrganization,
    ReadKeys,
    WriteKey,
    ReadServiceAccount,
    GrantRoles,
    ReadRegistrationPolicies,
    WriteRegistrationPolicy,
    ReadInitialAccess,
    WriteInitialAccess,
    Register,
    ReadRegistration,
    UpdateRegistration,
    RemoveRegistration,
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
            Self::WritePolicies => "write client policies",
            Self::ReadRealm => "read realm",
            Self::CreateRealm => "create realm",
            Self::UpdateRealm => "update realm",
            Self::ReadRealmRoles => "read realm roles",
            Self::CreateRealmRole => "create realm role",
            Self::ReadProviders => "read identity providers",
            Self::WriteProvider => "write identity provider",
            Self::ReadOrganizations => "read organizations",
            Self::WriteOrganization => "write organization",
            Self::ReadKeys => "read realm keys",
            Self::WriteKey => "write realm key",
            Self::ReadServiceAccount => "read service account",
            Self::GrantRoles => "grant roles to service account",
            Self::ReadRegistrationPolicies => "read client registration policies",
            Self::WriteRegistrationPolicy => "write client registration policy",
            Self::ReadInitialAccess => "read initial access tokens",
            Self::WriteInitialAccess => "write initial access token",
            Self::Register => "register client",
            Self::ReadRegistration => "read client registration",
            Self::UpdateRegistration => "update client registration",
            Self::RemoveRegistration => "remove client registration",
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
            | Self::EndSession
            | Self::Register
            | Self::ReadRegistration
            | Self::UpdateRegistration
            | Self::RemoveRegistration => return None,
            Self::FindClient
            | Self::ListClients
            | Self::ReadSecret
            | Self::ReadRoles
            | Self::ReadServiceAccount
            | Self::ReadInitialAccess => "view-clients",
            Self::CreateClient
            | Self::UpdateClient
            | Self::RemoveClient
            | Self::RegenerateSecret
            | Self::EndRotatedSecret
            | Self::CreateRole
            | Self::ReadScopes
            | Self::AssignScope
            | Self::WriteInitialAccess => "manage-clients",
            Self::ReadPolicies
            | Self::ReadRealm
            | Self::ReadRealmRoles
            | Self::ReadKeys
            | Self::ReadRegistrationPolicies => "view-realm",
            // Of the realm master, where it stands beside the clients that administer realms.
            Self::CreateRealm => "create-realm",
            Self::UpdateRealm
            | Self::CreateRealmRole
            | Self::WritePolicies
            | Self::WriteKey
            | Self::WriteRegistrationPolicy => "manage-realm",
            Self::ReadProviders => "view-identity-providers",
            Self::WriteProvider => "manage-identity-providers",
            Self::ReadOrganizations => "view-organizations",
            Self::WriteOrganization => "manage-organizations",
            Self::GrantRoles => "manage-users",
        })
    }

    /// Whether it is asked of the OAuth endpoints, whose errors have their own words.
    pub(crate) fn is_oauth(self) -> bool {
        self.role().is_none()
    }
}
