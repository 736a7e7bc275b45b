//! The three servers, their router and their replicators.

use std::time::Duration;

use catalyst_openbao::region::{Regions, RegionsBuilder};
use catalyst_openbao::replicate::{Replicator, ReplicatorBuilder};
use catalyst_openbao::testing::image;
use catalyst_openbao::{Kv2, Login, OpenBao, RegionName, SecretData, SecretPath};
use catalyst_tests::servers::{OpenBaoServer, poll};

pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];

pub(crate) struct Stage {
    pub(crate) servers: Vec<OpenBaoServer>,
}

pub(crate) fn name(text: &str) -> RegionName {
    text.parse().unwrap()
}

pub(crate) fn path(text: &str) -> SecretPath {
    text.parse().unwrap()
}

pub(crate) fn value(text: &str) -> SecretData {
    SecretData::from([("value", text)])
}

pub(crate) fn client(server: &OpenBaoServer) -> OpenBao {
    let login = Login::token(server.root_token().clone());
    let builder = OpenBao::builder(server.address()).unwrap().login(login).tls(server.tls().unwrap());
    builder.timeout(Duration::from_secs(5)).build().unwrap()
}

pub(crate) fn kv_of(bao: &OpenBao) -> Kv2 {
    bao.kv("secret".parse().unwrap())
}

impl Stage {
    /// Three in development mode: nothing of them outlives a kill.
    pub(crate) async fn start() -> Self {
        let mut servers = Vec::new();
        for _ in NAMES {
            servers.push(OpenBaoServer::start_dev().await.unwrap());
        }
        Self { servers }
    }

    pub(crate) fn kv(&self, index: usize) -> Kv2 {
        kv_of(&client(&self.servers[index]))
    }

    pub(crate) fn router(&self) -> RegionsBuilder {
        let mut builder = Regions::builder("secret".parse().unwrap());
        for (region, server) in NAMES.into_iter().zip(&self.servers) {
            builder = builder.region(name(region), client(server));
        }
        builder.primary(name("a")).probe(Duration::from_millis(300))
    }

    pub(crate) fn replicator(&self, from: usize) -> ReplicatorBuilder {
        let source = client(&self.servers[from]);
        let mut builder = Replicator::builder(name(NAMES[from]), source, "secret".parse().unwrap());
        for to in (0..self.servers.len()).filter(|&to| to != from) {
            builder = builder.target(name(NAMES[to]), client(&self.servers[to]));
        }
        builder
    }

    /// Waits until two regions hold the same.
    pub(crate) async fn alike(&self, one: usize, other: usize) {
        let (one, other) = (self.kv(one), self.kv(other));
        poll::until("two regions to be alike", Duration::from_secs(30), async || {
            Ok((image(&one).await? == image(&other).await?).then_some(()))
        })
        .await
        .unwrap();
    }
}
