//! Pages for people, with what a browser needs to find on them.

use super::answer::Answer;
use crate::mock::model::Shown;

/// A page or a redirect, with its cookies.
pub(super) fn shown(shown: Shown) -> Answer {
    match shown {
        Shown::Form { action, cookies, complaint } => {
            let complaint = complaint.map(|text| format!(r#"<span class="kc-feedback-text">{text}</span>"#));
            let inside = format!(
                r#"{}<form id="kc-form-login" onsubmit="login.disabled = true; return true;" action="{}" method="post">
<input id="username" name="username" value="" type="text" autocomplete="username"/>
<input id="password" name="password" value="" type="password"/>
<input type="hidden" id="id-hidden-input" name="credentialId" /></form>"#,
                complaint.unwrap_or_default(),
                escaped(&action)
            );
            with_cookies(page(200, "Sign in to your account", &inside), cookies)
        }
        Shown::Page { status, title, text } => {
            let class = if status == 200 { "kc-feedback-text" } else { "instruction" };
            page(status, title, &format!(r#"<p class="{class}">{}</p>"#, escaped(&text)))
        }
        Shown::Away { location, cookies } => with_cookies(Answer::away(location), cookies),
    }
}

fn with_cookies(answer: Answer, cookies: Vec<String>) -> Answer {
    cookies.into_iter().fold(answer, |answer, cookie| answer.with("set-cookie", cookie))
}

fn page(status: u16, title: &str, inside: &str) -> Answer {
    Answer::page(format!(
        "<!DOCTYPE html>\n<html class=\"login-pf\" lang=\"en\"><body><h1 id=\"kc-page-title\">{title}</h1>\n{inside}\n\
         </body></html>"
    ))
    .with_status(status)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
