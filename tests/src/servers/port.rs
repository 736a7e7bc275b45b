//! Loopback ports that nobody uses.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use catalyst_core::{Error, ErrorKind, Result};

/// Below the range that Linux hands to outgoing connections (from 32768), so that no client takes the port of a
/// server while that restarts.
const FIRST: u32 = 18_000;
const COUNT: u32 = 14_000;

/// A port on 127.0.0.1 on which nothing listens; never the same twice in a program.
///
/// Programs that run side by side start at different places in the range.
///
/// # Errors
/// [`catalyst_core::ErrorKind::Other`] if no port is free.
pub(crate) fn free_port() -> Result<u16> {
    free_ports(1)
}

/// The first of two such ports in a row, for servers that take the next one without asking.
///
/// # Errors
/// As [`free_port`].
pub(crate) fn free_pair() -> Result<u16> {
    free_ports(2)
}

fn free_ports(count: u32) -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = process::id().wrapping_mul(997);
    let is_free = |port: u32| {
        u16::try_from(port).is_ok_and(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    };
    for _ in 0..COUNT {
        let port = FIRST + start.wrapping_add(NEXT.fetch_add(count, Ordering::Relaxed)) % COUNT;
        if (port..port + count).all(is_free)
            && let Ok(port) = u16::try_from(port)
        {
            return Ok(port);
        }
    }
    Err(Error::new(ErrorKind::Other, "find a free port")
        .with_help("every port from 18000 to 31999 is in use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_not_given_and_none_is_given_twice() {
        let first = free_port().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        let second = free_port().unwrap();
        assert_ne!(listener.local_addr().unwrap().port(), second);
    }

    #[test]
    fn the_second_of_a_pair_is_given_to_nobody_else() {
        let first = free_pair().unwrap();
        let later = [free_port().unwrap(), free_pair().unwrap()];
        assert!(later.iter().all(|port| *port != first && *port != first + 1));
    }
}
