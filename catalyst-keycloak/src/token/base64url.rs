//! Base64url without padding (RFC 7515 appendix C), strictly: one text for each value, so that a token cannot be changed
//! and stay the same.

use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};

/// The bytes of `text`.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

/// The bytes of `text` in `place`, if there is room.
pub(super) fn decode_into<'a>(text: &str, place: &'a mut [u8]) -> Option<&'a [u8]> {
    let text = text.as_bytes();
    let length = URL_SAFE_NO_PAD.decoded_length(text).ok()?;
    // The library panics where there is none.
    let place = place.get_mut(..length)?;
    URL_SAFE_NO_PAD.decode(text, place.as_out()).ok().map(|bytes| &*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose;
    use proptest::prelude::*;

    #[test]
    fn another_spelling_is_refused() {
        for bad in ["A", "AB==", "AB=", "A B", "AB\n", "+A", "/A", "AB", "AAB", "Aé", "AAAAA", "====", "="] {
            assert_eq!(decode(bad), None, "{bad}");
            assert_eq!(decode_into(bad, &mut [0; 64]), None, "{bad}");
        }
        assert_eq!(decode(""), Some(Vec::new()));
        assert_eq!(decode_into("AAA", &mut [0; 1]), None, "no room");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn fuzz_it_reads_what_the_usual_library_reads(text in "[A-Za-z0-9_=+/-]{0,100}|.{0,20}") {
            let expected = general_purpose::URL_SAFE_NO_PAD.decode(&text).ok();
            prop_assert_eq!(&decode(&text), &expected);
            let mut place = [0; 100];
            prop_assert_eq!(decode_into(&text, &mut place).map(<[u8]>::to_vec), expected);
        }
    }
}
