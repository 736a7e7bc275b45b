//! What refusals of seals, shares and attempts mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let says = |words: &str| said.contains(words);
    if status == 405 {
        let help = "OpenBao generates root tokens without a session only if its listener says \
                    disable_unauthed_generate_root_endpoints = false; set that, restart it, and try again";
        return Some(Meaning::new(ErrorKind::Config, "generate_root_disabled", help));
    }
    if status == 500 && says("no migration seal found") {
        let help = "the server's configuration names no other seal to change to";
        return Some(Meaning::new(ErrorKind::InvalidRequest, "no_migration", help).final_());
    }
    if status != 400 {
        return None;
    }
    let (kind, code, help) = of_a_bad_request(&says)?;
    Some(Meaning::new(kind, code, help).final_())
}

fn of_a_bad_request(says: &dyn Fn(&str) -> bool) -> Option<(ErrorKind, &'static str, &'static str)> {
    use ErrorKind::{Conflict, InvalidRequest, NotFound, Unavailable};
    let any = |signs: &[&str]| signs.iter().any(|sign| says(sign));
    if says("already initialized") {
        let help = "the server was initialised before; its key shares were given out then, and only then";
        return Some((Conflict, "already_initialized", help));
    }
    if any(&["Vault is not initialized", "not yet initialized"]) {
        return Some((Unavailable, "not_initialized", "initialise the server"));
    }
    if any(&["message authentication failed", "does not match submitted values", "incorrect key shares"]) {
        let help = "the shares do not make up the key: one is wrong, or of another server; all were forgotten, \
                    start over with the first";
        return Some((InvalidRequest, "wrong_share", help));
    }
    if says("must be a valid hex or base64 string") {
        return Some((InvalidRequest, "malformed_share", "this is no key share; is it complete?"));
    }
    if says("has already been provided") {
        return Some((Conflict, "share_repeated", "this share counts already; give another one"));
    }
    if says("incorrect nonce") {
        let help = "the share was meant for another attempt than the one that goes on; read its state anew";
        return Some((Conflict, "nonce_mismatch", help));
    }
    if says("already in progress") {
        let help = "somebody started this before; finish that attempt, or cancel it";
        return Some((Conflict, "attempt_in_progress", help));
    }
    if any(&["generation in progress", "rotation in progress", "no rotation configuration"]) {
        return Some((NotFound, "no_attempt", "nothing was started, or it was finished or cancelled"));
    }
    if any(&["not applicable to seal type", "recovery not supported"]) {
        let help = "a Shamir seal has unseal keys, and a seal that opens itself has recovery keys";
        return Some((InvalidRequest, "wrong_seal_type", help));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::operation::{Operation, Subject};
    use crate::refusal::{Remains, refusal};
    use crate::tests::support::recorded;

    #[test]
    fn recorded_refusals_mean_what_they_mean() {
        for (file, code) in [
            ("op-init-again", "already_initialized"),
            ("op-unseal-uninit", "not_initialized"),
            ("op-generate-root-uninit", "sealed"),
            ("op-generate-root-sealed", "sealed"),
            ("op-init-bad-threshold", "invalid_request"),
            ("op-init-pgp-count", "invalid_request"),
            ("op-init-recovery-on-shamir", "wrong_seal_type"),
            ("op-static-init-shares", "wrong_seal_type"),
            ("op-sys-rotate-recovery-init-status-root", "wrong_seal_type"),
            ("op-unseal-malformed", "malformed_share"),
            ("op-unseal-wrong-third", "wrong_share"),
            ("op-generate-root-wrong-third", "wrong_share"),
            ("op-static-generate-root-wrong-third", "wrong_share"),
            ("op-rotate-root-wrong-last", "wrong_share"),
            ("op-rotate-recovery-wrong-last", "wrong_share"),
            ("op-rotate-root-verified-verify-wrong", "wrong_share"),
            ("op-unseal-migrate", "no_migration"),
            ("op-generate-root-disabled", "generate_root_disabled"),
            ("op-generate-root-start-again", "attempt_in_progress"),
            ("op-rotate-root-start-again", "attempt_in_progress"),
            ("op-generate-root-wrong-nonce", "nonce_mismatch"),
            ("op-rotate-root-wrong-nonce", "nonce_mismatch"),
            ("op-rotate-root-verified-verify-wrong-nonce", "nonce_mismatch"),
            ("op-generate-root-same", "share_repeated"),
            ("op-rotate-root-same", "share_repeated"),
            ("op-generate-root-after-done", "no_attempt"),
            ("op-rotate-root-verify-nothing", "no_attempt"),
            ("op-rotate-root-verify-not-required", "no_attempt"),
        ] {
            let (status, body) = recorded(file);
            let errors: Vec<String> = serde_json::from_value(body["errors"].clone()).unwrap();
            let error = refusal(Operation::Of(Subject::Operator, "test"), status, &errors, Remains::Nothing);
            assert_eq!(error.code(), Some(code), "{file}");
            assert!(error.help().is_some());
        }
    }
}
