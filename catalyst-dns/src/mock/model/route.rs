//! What a request is for; faults are scripted and requests are counted by it.

/// A group of endpoints, below `/api/v1/servers/localhost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Route {
    /// The server itself.
    Server,
    /// `/config`
    Config,
    /// `/statistics`
    Statistics,
    /// `/search-data`
    Search,
    /// `/cache/flush`
    Cache,
    /// `/tsigkeys`
    TsigKeys,
    /// `/zones`: the list, and what makes one.
    Zones,
    /// `/zones/{zone}`: its settings and its end, and reading it, with its records or without.
    Zone,
    /// `/zones/{zone}` with PATCH: its records are changed.
    Records,
    /// `/zones/{zone}/cryptokeys`
    Keys,
    /// `/zones/{zone}/metadata`
    Metadata,
    /// `/zones/{zone}/export`
    Export,
    /// `/zones/{zone}/rectify`, `…/notify` and `…/axfr-retrieve`
    Actions,
    /// Everything else.
    Other,
}

impl Route {
    /// What this path is for; `segments` are those below the server, `patch` says that the method is PATCH.
    #[cfg(feature = "testing")]
    pub(crate) fn of(segments: &[&str], patch: bool) -> Self {
        match segments {
            [] => Self::Server,
            ["config", ..] => Self::Config,
            ["statistics"] => Self::Statistics,
            ["search-data"] => Self::Search,
            ["cache", ..] => Self::Cache,
            ["tsigkeys", ..] => Self::TsigKeys,
            ["zones"] => Self::Zones,
            ["zones", _] if patch => Self::Records,
            ["zones", _] => Self::Zone,
            ["zones", _, "cryptokeys", ..] => Self::Keys,
            ["zones", _, "metadata", ..] => Self::Metadata,
            ["zones", _, "export"] => Self::Export,
            ["zones", _, "rectify" | "notify" | "axfr-retrieve"] => Self::Actions,
            _ => Self::Other,
        }
    }
}
