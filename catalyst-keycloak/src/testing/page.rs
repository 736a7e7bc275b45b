//! A page of the server, as far as a login needs to read it.

use std::collections::BTreeMap;
use std::fmt;

use catalyst_core::Error;
use url::Url;

use super::browser::fault;

/// A page. `Debug` shows its status and title.
#[derive(Clone)]
pub struct Page {
    url: Url,
    status: u16,
    html: String,
}

impl Page {
    pub(super) fn new(url: Url, status: u16, body: &[u8]) -> Self {
        Self { url, status, html: String::from_utf8_lossy(body).into_owned() }
    }

    /// The status that it came with.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The heading, such as `We are sorry...`.
    pub fn title(&self) -> String {
        self.text_of(r#"id="kc-page-title""#).unwrap_or_default()
    }

    /// What the page complains of, such as `Invalid username or password.`.
    pub fn complaint(&self) -> Option<String> {
        ["kc-feedback-text", r#"class="instruction""#].iter().find_map(|mark| self.text_of(mark))
    }

    /// Where its form goes, if it has one.
    pub(super) fn form_action(&self) -> Option<Url> {
        let form = tags(&self.html, "form").next()?;
        self.url.join(&attribute(form, "action")?).ok()
    }

    /// The fields that a form carries along.
    pub(super) fn hidden_fields(&self) -> BTreeMap<String, String> {
        tags(&self.html, "input")
            .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
            .filter_map(|input| {
                Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()))
            })
            .collect()
    }

    pub(super) fn unexpected(&self) -> Error {
        let complaint = self.complaint().unwrap_or_default();
        fault("browser_page", format!("the server shows the page {:?}", self.title()))
            .with_status(self.status)
            .with_server_message(&complaint)
    }

    /// The text of the element whose tag has `mark` in it, without tags and with single spaces.
    fn text_of(&self, mark: &str) -> Option<String> {
        let inside = self.html.get(self.html.find(mark)?..)?;
        let inside = inside.get(inside.find('>')? + 1..)?;
        let mut text = String::new();
        let mut rest = inside;
        // Comments of the template stand before the words.
        while let Some(after) = rest.trim_start().strip_prefix("<!--") {
            rest = after.split_once("-->")?.1;
        }
        text.push_str(rest.split('<').next().unwrap_or_default());
        let words: Vec<&str> = text.split_whitespace().collect();
        (!words.is_empty()).then(|| unescape(&words.join(" ")))
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page(status {}, {:?})", self.status, self.title())
    }
}

/// The opening tags of this name.
fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let start = format!("<{name} ");
    html.match_indices(&start)
        .map(|(at, _)| at)
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(|at| html.get(at..)?.split_once('>').map(|(tag, _)| tag))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let value = tag.split_once(&start)?.1;
    Some(unescape(value.split_once('"')?.0))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = r#"<h1 class="x" id="kc-page-title"><!-- template: a.ftl -->
        Sign in to your account </h1><span class="pf kc-feedback-text">
        Invalid username or password. </span>
        <form id="kc-form-login" onsubmit="login.disabled = true;" action="/realms/acme/x?a=1&amp;b=2" method="post">
        <input type="hidden" id="h" name="credentialId" value="c&quot;1"/><input name="username" type="text"/></form>"#;

    #[test]
    fn a_form_is_read_with_what_it_hides() {
        let page = Page::new("http://127.0.0.1:9/realms/acme/auth".parse().unwrap(), 200, FORM.as_bytes());
        assert_eq!(page.title(), "Sign in to your account");
        assert_eq!(page.complaint().as_deref(), Some("Invalid username or password."));
        assert_eq!(page.form_action().unwrap().as_str(), "http://127.0.0.1:9/realms/acme/x?a=1&b=2");
        assert_eq!(page.hidden_fields(), BTreeMap::from([("credentialId".into(), "c\"1".into())]));
    }

    #[test]
    fn a_page_without_all_that_is_no_fault() {
        let page =
            Page::new("http://127.0.0.1:9/".parse().unwrap(), 500, b"<form <input \xff kc-feedback-text");
        assert_eq!((page.title(), page.complaint(), page.form_action()), (String::new(), None, None));
    }
}
