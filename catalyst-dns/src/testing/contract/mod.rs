//! What holds on the mock, on the fake and on PowerDNS 4.7.3 alike.
