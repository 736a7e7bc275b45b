//! How far the storage had got when a node answered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The value of an `X-Vault-Index`. What is in it is for the server; it is only read to find the later of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    header: String,
    cluster: String,
    /// None where the storage does not count in numbers.
    at: Option<u64>,
}

/// The longest header that is kept.
const MAX_LENGTH: usize = 512;

impl Index {
    /// None if it is not what servers send.
    pub(crate) fn read(header: &str) -> Option<Self> {
        if header.len() > MAX_LENGTH {
            return None;
        }
        let json = STANDARD.decode(header).ok()?;
        let wire: IndexWire<'_> = serde_json::from_slice(&json).ok()?;
        Some(Self {
            header: header.to_owned(),
            cluster: wire.cluster.to_owned(),
            at: wire.value.parse().ok(),
        })
    }

    /// As it is sent.
    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// The identifier of the cluster that it is of.
    pub(crate) fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Whether `self` says more than `known` does. Of two that cannot be compared, the one heard last does.
    pub(crate) fn is_later_than(&self, known: &Self) -> bool {
        match (self.at, known.at) {
            (Some(new), Some(old)) if self.cluster == known.cluster => new > old,
            _ => self != known,
        }
    }
}

#[derive(Deserialize)]
struct IndexWire<'a> {
    cluster: &'a str,
    value: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the server writes it.
    fn index(cluster: &str, value: &str) -> Index {
        let json = format!(r#"{{"cluster":"{cluster}","value":"{value}"}}"#);
        Index::read(&STANDARD.encode(json)).unwrap()
    }

    #[test]
    fn a_recorded_one_is_read() {
        let header =
            "eyJjbHVzdGVyIjoiYjZhMTMxYzMtMmM5OS04ZTFlLTc2YjAtYjkyZGNiNzNkM2ZjIiwidmFsdWUiOiI1MjIifQ==";
        let read = Index::read(header).unwrap();
        assert_eq!((read.cluster(), read.at), ("b6a131c3-2c99-8e1e-76b0-b92dcb73d3fc", Some(522)));
        assert_eq!(read.header(), header);
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_what_is_no_number_by_arrival() {
        assert!(index("a", "10").is_later_than(&index("a", "9")));
        assert!(!index("a", "9").is_later_than(&index("a", "10")));
        assert!(!index("a", "9").is_later_than(&index("a", "9")));
        assert!(index("a", "0/16B3748").is_later_than(&index("a", "0/FFFFFFF")));
        assert!(index("b", "1").is_later_than(&index("a", "9")), "another cluster counts anew");
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "\\PC{0,40}|[A-Za-z0-9+/=]{0,80}") {
            let _read = Index::read(&header);
        }
    }
}
