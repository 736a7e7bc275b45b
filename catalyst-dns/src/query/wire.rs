//! Octets from the left; whatever is missing is `None`.

use super::types::push_label;
use crate::DomainName;

/// What is left to read.
pub(crate) struct Wire<'a>(pub(crate) &'a [u8]);

impl<'a> Wire<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|octets| octets[0])
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|octets| u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// A name without compression.
    pub(crate) fn name(&mut self) -> Option<DomainName> {
        let mut text = String::new();
        loop {
            match self.u8()? {
                0 if text.is_empty() => return Some(DomainName::root()),
                0 => return DomainName::from_server(&text).ok(),
                length @ 1..=63 => push_label(self.take(length.into())?, &mut text),
                _ => return None,
            }
        }
    }
}
