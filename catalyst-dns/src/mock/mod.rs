//! A PowerDNS in memory.
