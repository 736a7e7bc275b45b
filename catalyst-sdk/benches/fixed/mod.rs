//! A source that grants the same text for an hour each time, without any I/O.

use std::future::pending;
use std::time::Duration;

use catalyst_sdk::rotation::{Backing, Granted, Source, Term};
use catalyst_sdk::{Error, Result};
use tokio::time::Instant;

pub(crate) struct Fixed;

impl Source for Fixed {
    type Value = String;
    type Grant = ();

    fn name(&self) -> &'static str {
        "fixed"
    }

    async fn issue(&self) -> Result<Granted<()>> {
        let ttl = Duration::from_secs(3600);
        let term = Term { issued_at: Instant::now(), ttl, renewable: false };
        Ok(Granted { grant: (), term, label: "fixed".to_owned() })
    }

    async fn prepare(&self, (): &(), _previous: Option<&String>, _within: Duration) -> Result<String> {
        Ok("hunter2".to_owned())
    }

    async fn renew(&self, (): &()) -> Result<Term> {
        self.issue().await.map(|granted| granted.term)
    }

    async fn idle(&self, _value: &String) {}

    fn end(&self, _value: &String, _why: &Error) {}

    async fn revoke(&self, (): &()) -> Result<()> {
        Ok(())
    }

    fn backing(&self, (): &()) -> Backing {
        Backing::Independent
    }

    async fn backing_changed(&self, (): &(), _seen: Backing) {
        pending::<()>().await;
    }
}
