//! When a token is replaced.

use std::time::Duration;

/// How much of its life is left when a token is replaced: 30 s or a tenth of it, whichever is more, and never more than
/// half of it. The server's own admin tokens last 60 s.
pub(crate) fn left_at_renewal(life: Duration) -> Duration {
    Duration::from_secs(30).max(life / 10).min(life / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tokens_live_half_their_life_and_long_ones_nine_tenths() {
        for (life, left) in [(0, 0), (10, 5), (60, 30), (300, 30), (900, 90), (36_000, 3600)] {
            assert_eq!(left_at_renewal(Duration::from_secs(life)), Duration::from_secs(left), "{life}");
        }
    }
}
