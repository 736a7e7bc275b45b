//! Names of others that go into statements.

use catalyst_core::{Error, ErrorKind, Result};

/// A name that means the same inside of any quotes, and that nothing cuts or replaces.
pub(super) fn checked(text: impl Into<String>, what: &'static str, longest: usize) -> Result<String> {
    let text = text.into();
    let special = |c: char| {
        c.is_control() || matches!(c, '\'' | '"' | '`' | ';' | '$' | '\\' | '{' | '}' | '%' | '/' | '*')
    };
    if text.is_empty() || text.len() > longest || text.chars().any(special) {
        return Err(Error::new(ErrorKind::Config, "make database role").with_help(format!(
            "the {what} must have 1 to {longest} bytes, and none of ' \" ` ; $ \\ {{ }} % / * in it"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_its_quotes_is_refused() {
        for bad in
            ["", "a'b", "a\"b", "a`b", "a;b", "$$", "a\\", "{{name}}", "%I", "a\n", "*/", &"a".repeat(64)]
        {
            assert!(checked(bad, "role", 63).is_err(), "{bad}");
        }
        for good in ["app_rw", "App Rw", "täm", "a-b.c"] {
            assert_eq!(checked(good, "role", 63).unwrap(), good);
        }
    }
}
