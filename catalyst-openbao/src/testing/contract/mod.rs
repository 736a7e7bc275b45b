//! What holds on the mock, on the fake and on OpenBao 2.7.2 alike.
