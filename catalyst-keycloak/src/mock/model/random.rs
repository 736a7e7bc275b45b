//! Identifiers and secrets as the server makes them.

/// A random UUID (version 4).
pub(super) fn uuid(random: &mut fastrand::Rng) -> String {
    let bits = (random.u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// `length` letters and digits.
pub(super) fn text(random: &mut fastrand::Rng, length: usize) -> String {
    (0..length).map(|_| random.alphanumeric()).collect()
}

/// A client secret: 86 characters.
pub(super) fn secret(random: &mut fastrand::Rng) -> String {
    text(random, 86)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_look_like_the_servers() {
        let mut random = fastrand::Rng::new();
        let id = uuid(&mut random);
        assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        assert_eq!(secret(&mut random).len(), 86);
    }
}
