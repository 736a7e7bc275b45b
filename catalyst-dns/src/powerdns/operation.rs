//! What can be asked of the server.

/// One kind of request: the name that errors and spans show, and what a refusal of it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    ReadServer,
    ReadConfiguration,
    ReadStatistics,
    Search,
    FlushCache,
    ListZones,
    ReadZone,
    CreateZone,
    UpdateZone,
    DeleteZone,
    ReadRecords,
    ApplyChanges,
    Export,
    Rectify,
    Notify,
    RetrieveZone,
    ReadMetadata,
    WriteMetadata,
    ReadKeys,
    CreateKey,
    ChangeKey,
    DeleteKey,
    ReadTsigKeys,
    CreateTsigKey,
    ChangeTsigKey,
    DeleteTsigKey,
    ReadAutoprimaries,
    CreateAutoprimary,
    DeleteAutoprimary,
}

impl Operation {
    /// As errors and spans name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReadServer => "read what the DNS server is",
            Self::ReadConfiguration => "read the DNS server's configuration",
            Self::ReadStatistics => "read the DNS server's statistics",
            Self::Search => "search zones",
            Self::FlushCache => "flush the DNS server's cache",
            Self::ListZones => "list zones",
            Self::ReadZone => "read zone",
            Self::CreateZone => "create zone",
            Self::UpdateZone => "update zone",
            Self::DeleteZone => "delete zone",
            Self::ReadRecords => "read record sets",
            Self::ApplyChanges => "change record sets",
            Self::Export => "export zone",
            Self::Rectify => "rectify zone",
            Self::Notify => "notify secondaries",
            Self::RetrieveZone => "retrieve zone from its primary",
            Self::ReadMetadata => "read zone metadata",
            Self::WriteMetadata => "write zone metadata",
            Self::ReadKeys => "read zone keys",
            Self::CreateKey => "create zone key",
            Self::ChangeKey => "change zone key",
            Self::DeleteKey => "delete zone key",
            Self::ReadTsigKeys => "read TSIG keys",
            Self::CreateTsigKey => "create TSIG key",
            Self::ChangeTsigKey => "change TSIG key",
            Self::DeleteTsigKey => "delete TSIG key",
            Self::ReadAutoprimaries => "read autoprimaries",
            Self::CreateAutoprimary => "create autoprimary",
            Self::DeleteAutoprimary => "delete autoprimary",
        }
    }

    /// Whether the server writes to its database for it.
    pub(crate) fn writes(self) -> bool {
        !matches!(
            self,
            Self::ReadServer
                | Self::ReadConfiguration
                | Self::ReadStatistics
                | Self::Search
                | Self::FlushCache
                | Self::ListZones
                | Self::ReadZone
                | Self::ReadRecords
                | Self::Export
                | Self::Notify
                | Self::RetrieveZone
                | Self::ReadMetadata
                | Self::ReadKeys
                | Self::ReadTsigKeys
                | Self::ReadAutoprimaries
        )
    }

    /// What a 404 says is missing: the server answers no more than "Not Found".
    pub(super) fn missing(self) -> (&'static str, &'static str) {
        match self {
            Self::ReadServer | Self::ReadConfiguration => (
                "not_powerdns",
                "there is no PowerDNS API at this address, or it has no server of this id; the address ends before \
                 /api, and the id is `localhost` for an authoritative server",
            ),
            Self::ListZones | Self::ReadStatistics | Self::Search | Self::FlushCache => {
                ("not_found", "the API does not know this path: is it an authoritative PowerDNS?")
            }
            Self::ChangeKey | Self::DeleteKey => {
                ("key_not_found", "the zone has no key of this number, or the server does not have the zone")
            }
            Self::ReadTsigKeys | Self::ChangeTsigKey | Self::DeleteTsigKey | Self::CreateTsigKey => {
                ("key_not_found", "the server has no TSIG key of this name")
            }
            Self::ReadAutoprimaries | Self::CreateAutoprimary | Self::DeleteAutoprimary => {
                ("not_found", "the server has no such autoprimary, or is older than 4.6")
            }
            _ => ("zone_not_found", "the server does not have the zone; create it, or correct its name"),
        }
    }
}
