//! Health-checked answers: LUA records of PowerDNS, built from types.
