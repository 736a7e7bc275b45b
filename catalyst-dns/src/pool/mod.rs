//! Pool domains: the client of pool-domain-manager.
