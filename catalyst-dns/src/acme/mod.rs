//! The DNS-01 challenge of ACME (RFC 8555 section 8.4).
