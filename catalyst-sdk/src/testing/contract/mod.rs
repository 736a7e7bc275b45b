//! What every rotating pool or client keeps, whatever its driver, as checks that panic when it does not.
//!
//! A connector shows itself to the checks as a [`Subject`]; the server behind it, real or fake, is a [`Stage`]. Each
//! check opens a subject of its own, and leaves no credential behind.
//!
//! | check | shows |
//! | --- | --- |
//! | [`no_call_fails_while_the_credential_is_swapped_under_load`] | the swap |
//! | [`whoever_waits_at_a_full_pool_moves_over`] | the swap, with more callers than connections |
//! | [`what_is_held_keeps_its_credential_until_it_is_home`] | draining; nothing is taken back too early, or kept |
//! | [`what_is_held_beyond_the_maximum_is_told_why`] | the end of a lease that cannot be extended |
//! | [`a_refused_credential_starts_nothing`] | the typed error; nothing is left behind |
//! | [`a_restart_of_the_server_is_survived`] | new connections; the rotation goes on |
//! | [`a_credential_ended_behind_our_back_is_replaced`] | healing without waiting for the clock |
//! | [`a_shutdown_gives_everything_back`] | the end |

mod checks;
mod stage;

pub use checks::{
    a_credential_ended_behind_our_back_is_replaced, a_refused_credential_starts_nothing,
    a_restart_of_the_server_is_survived, a_shutdown_gives_everything_back, all,
    no_call_fails_while_the_credential_is_swapped_under_load, what_is_held_beyond_the_maximum_is_told_why,
    what_is_held_keeps_its_credential_until_it_is_home, whoever_waits_at_a_full_pool_moves_over,
};
pub use stage::{Held, Life, Stage, Subject};
