//! The binary form of what OpenSSH writes in base64 (RFC 4251, section 5).

use crate::encoded;

/// The end of the names of algorithms whose keys are certificates.
pub(super) const CERTIFIED: &str = "-cert-v01@openssh.com";

/// Reads one member after the other. None: the bytes end too soon.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*taken))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*taken))
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// How many strings follow the name of the algorithm in a public key; none if the algorithm is not known.
pub(super) fn members(algorithm: &str) -> Option<usize> {
    match algorithm {
        "ssh-ed25519" => Some(1),
        "ssh-rsa"
        | "ecdsa-sha2-nistp256"
        | "ecdsa-sha2-nistp384"
        | "ecdsa-sha2-nistp521"
        | "sk-ssh-ed25519@openssh.com" => Some(2),
        "sk-ecdsa-sha2-nistp256@openssh.com" => Some(3),
        "ssh-dss" => Some(4),
        _ => None,
    }
}

/// One line of OpenSSH: the name of an algorithm, the bytes in base64, and a comment, which is left out. Gives the
/// name, the base64 and the bytes.
pub(super) fn line(text: &str, longest: usize) -> Result<(&str, &str, Box<[u8]>), &'static str> {
    let text = text.trim_ascii();
    if text.len() > longest {
        return Err("it is too long");
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err("it has more than one line");
    }
    let mut words = text.split_ascii_whitespace();
    let (algorithm, base64) = words.next().zip(words.next()).ok_or("it is not an algorithm and a key")?;
    let bytes = encoded::decode(base64).ok_or("its second word is no base64")?;
    Ok((algorithm, base64, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_in_turn_and_never_beyond_the_end() {
        let bytes = [0, 0, 0, 2, b'a', b'b', 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 1];
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.text(), reader.u32()), (Some("ab"), Some(7)));
        assert_eq!(reader.u64(), Some(0x0102_0304_0506_0708));
        assert_eq!(reader.string(), None);
        assert!(Reader::new(&[0xff; 4]).string().is_none() && Reader::new(&[0; 3]).u32().is_none());
    }
}
