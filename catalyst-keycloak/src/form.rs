//! Bodies of the OAuth endpoints (`application/x-www-form-urlencoded`), wiped when they are dropped.

use catalyst_core::Secret;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The fields of one request. `Debug` is not there, for most of it is secret.
#[derive(Clone, Default)]
pub(crate) struct Form(Zeroizing<String>);

impl Form {
    pub(crate) fn new() -> Self {
        // Room for an assertion of usual length: a text that grows leaves copies behind.
        Self(Zeroizing::new(String::with_capacity(4096)))
    }

    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        self
    }

    pub(crate) fn secret(self, name: &str, value: &Secret) -> Self {
        self.field(name, value.expose())
    }

    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_form_is_escaped() {
        let form = Form::new().field("a", "x&b=c d").secret("client_secret", &Secret::new("p+w%"));
        assert_eq!(form.bytes().as_slice(), b"a=x%26b%3Dc+d&client_secret=p%2Bw%25");
    }
}
