//! Transit: what it encrypts, what it signs, and its keys.

mod encryption;
mod keys;
mod signing;

pub use encryption::{
    a_batch_has_an_outcome_for_each_item, a_context_makes_a_key_of_its_own,
    a_convergent_key_gives_one_ciphertext_for_one_plaintext, a_data_key_comes_in_the_clear_and_encrypted,
    a_key_that_is_not_there_is_made_by_encrypting, a_plaintext_comes_back_as_it_was,
    a_rewrapped_ciphertext_is_of_the_newest_version, what_is_below_the_minimum_version_does_not_decrypt,
    what_was_changed_does_not_decrypt,
};
pub use keys::{
    a_backup_brings_a_key_back, a_key_is_deleted_only_where_that_is_allowed,
    a_key_leaves_only_where_that_is_allowed, a_key_that_is_there_stays_as_it_is,
    minimums_keep_to_the_versions_that_there_are, random_bytes_and_hashes_come_from_the_server,
    trimmed_versions_are_gone,
};
pub use signing::{
    a_batch_of_signatures_has_an_outcome_for_each, a_signature_is_good_for_its_message_only,
    an_ecdsa_signature_is_written_as_asked_for, an_hmac_is_good_for_its_message_only,
    keys_that_cannot_sign_say_so,
};

use crate::{KeyName, KeySettings, NewKey, Transit};

use super::done;

/// All checks, one after the other. The policies must allow everything below the mount; nobody else may encrypt with
/// keys that are not there meanwhile.
pub async fn all(transit: &Transit) {
    a_plaintext_comes_back_as_it_was(transit).await;
    what_was_changed_does_not_decrypt(transit).await;
    what_is_below_the_minimum_version_does_not_decrypt(transit).await;
    a_rewrapped_ciphertext_is_of_the_newest_version(transit).await;
    a_context_makes_a_key_of_its_own(transit).await;
    a_convergent_key_gives_one_ciphertext_for_one_plaintext(transit).await;
    a_data_key_comes_in_the_clear_and_encrypted(transit).await;
    a_batch_has_an_outcome_for_each_item(transit).await;
    a_key_that_is_not_there_is_made_by_encrypting(transit).await;
    a_signature_is_good_for_its_message_only(transit).await;
    an_ecdsa_signature_is_written_as_asked_for(transit).await;
    keys_that_cannot_sign_say_so(transit).await;
    an_hmac_is_good_for_its_message_only(transit).await;
    a_batch_of_signatures_has_an_outcome_for_each(transit).await;
    a_key_that_is_there_stays_as_it_is(transit).await;
    minimums_keep_to_the_versions_that_there_are(transit).await;
    trimmed_versions_are_gone(transit).await;
    a_key_is_deleted_only_where_that_is_allowed(transit).await;
    a_key_leaves_only_where_that_is_allowed(transit).await;
    a_backup_brings_a_key_back(transit).await;
    random_bytes_and_hashes_come_from_the_server(transit).await;
}

/// A name that no run before has used.
fn fresh() -> KeyName {
    done(format!("contract-{:016x}", fastrand::u64(..)).parse(), "a key name for the contract")
}

async fn made(transit: &Transit, key: &NewKey) -> KeyName {
    let name = fresh();
    done(transit.create_key(&name, key).await, "create a key");
    name
}

async fn discard(transit: &Transit, key: &KeyName) {
    let settings = KeySettings::new().deletion_allowed(true);
    done(transit.configure_key(key, &settings).await, "allow the deletion");
    done(transit.delete_key(key).await, "delete the key");
}
