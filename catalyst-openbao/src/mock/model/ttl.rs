//! How the server works out a TTL: what was asked for, cut to what the maximum still leaves.

use std::time::Duration;

use tokio::time::Instant;

use super::clock::{go_text, seconds};

/// A TTL that was granted, and the server's warning if it is less than was asked for.
pub(super) struct Granted {
    pub(super) ttl: Duration,
    pub(super) warning: Option<String>,
}

/// Cuts `asked` to what is left of `max` since `issued`. The result is in whole seconds, as the server's is.
///
/// None: nothing is left.
pub(super) fn grant(now: Instant, issued: Instant, asked: Duration, max: Duration) -> Option<Granted> {
    let left = (issued + max).checked_duration_since(now)?;
    let left = Duration::from_secs(seconds(left));
    if left.is_zero() {
        return None;
    }
    let warning = (asked > left).then(|| {
        format!(
            "TTL of \"{}\" exceeded the effective max_ttl of \"{}\"; TTL value is capped accordingly",
            go_text(asked),
            go_text(left)
        )
    });
    Some(Granted { ttl: asked.min(left), warning })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_renewal_is_cut_to_what_the_maximum_leaves_and_says_so() {
        let issued = Instant::now();
        let given = grant(issued + secs(4), issued, secs(3600), secs(60)).unwrap();
        assert_eq!(given.ttl, secs(56));
        assert_eq!(
            given.warning.as_deref(),
            Some("TTL of \"1h\" exceeded the effective max_ttl of \"56s\"; TTL value is capped accordingly")
        );
    }

    #[test]
    fn what_fits_is_given_in_full_and_after_the_end_nothing_is() {
        let issued = Instant::now();
        let given = grant(issued, issued, secs(60), secs(60)).unwrap();
        assert_eq!((given.ttl, given.warning), (secs(60), None));
        assert!(grant(issued + secs(61), issued, secs(60), secs(60)).is_none());
    }
}
