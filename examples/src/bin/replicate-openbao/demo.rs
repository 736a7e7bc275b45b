//! The story of three regions, on fakes: a primary is lost, another one promoted, and the lost one comes back.

use std::time::Duration;

use catalyst_openbao::mock::{Fault, FaultRule};
use catalyst_openbao::region::{Regions, WriteToken};
use catalyst_openbao::replicate::Replicator;
use catalyst_openbao::testing::{FakeOpenBao, image};
use catalyst_openbao::{OpenBao, SecretData, SecretPath, SecretStore, WriteMode};

use crate::report::{self, line};
use crate::{Broken, Ended};

const SECRETS: usize = 50;

/// The three, by name and server.
struct World {
    names: [&'static str; 3],
    fakes: [FakeOpenBao; 3],
}

impl World {
    fn client(&self, index: usize) -> Result<OpenBao, Broken> {
        Ok(self.fakes[index].client()?)
    }

    fn replicator(&self, from: usize) -> Result<Replicator, Broken> {
        let mut builder =
            Replicator::builder(self.names[from].parse()?, self.client(from)?, "secret".parse()?);
        for to in (0..3).filter(|&to| to != from) {
            builder = builder.target(self.names[to].parse()?, self.client(to)?);
        }
        Ok(builder.build()?)
    }
}

pub(crate) async fn run() -> Result<Ended, Broken> {
    let fakes = [FakeOpenBao::start().await, FakeOpenBao::start().await, FakeOpenBao::start().await];
    let world = World { names: ["muscat", "salalah", "frankfurt"], fakes };
    let mut builder =
        Regions::builder("secret".parse()?).primary("muscat".parse()?).local("salalah".parse()?);
    for (index, name) in world.names.into_iter().enumerate() {
        builder = builder.region(name.parse()?, world.client(index)?);
    }
    let regions = builder.probe(Duration::from_millis(200)).build()?;
    let upkeep = tokio::spawn(regions.maintain());
    let replicator = world.replicator(0)?;
    let replication = tokio::spawn(replicator.run());
    let store = regions.store();

    line("muscat is primary; salalah and frankfurt are copies");
    let mut last = None;
    for number in 0..SECRETS {
        let path: SecretPath = format!("app{number}/db").parse()?;
        let written =
            store.write(&path, &SecretData::from([("password", "one")]), WriteMode::Overwrite).await?;
        last = Some(WriteToken::new(path, &written));
    }
    let begun = tokio::time::Instant::now();
    if let Some(token) = &last {
        store.read_after(token).await?;
    }
    alike(&world, [0, 1]).await?;
    line(&format!(
        "{SECRETS} secrets written; all of them in salalah {} ms later",
        begun.elapsed().as_millis()
    ));
    for lag in replicator.lag() {
        line(&report::lag(&lag));
    }

    line("muscat is lost");
    world.fakes[0].faults().inject(FaultRule::new(Fault::Drop).until_cleared());
    let orders: SecretPath = "app0/db".parse()?;
    for _ in 0..20 {
        store.read(&orders, None).await?;
    }
    line("20 reads in salalah: all answered");
    let change = SecretData::from([("password", "two")]);
    if let Err(error) = store.write(&orders, &change, WriteMode::Overwrite).await {
        line(&format!("a write is refused: {}", error.code().unwrap_or("no code")));
    }

    line("a person promotes salalah");
    replication.abort();
    let begun = tokio::time::Instant::now();
    regions.promote(&"salalah".parse()?).await?;
    store.write(&orders, &change, WriteMode::IfVersion(1)).await?;
    line(&format!("the first write after {} ms", begun.elapsed().as_millis()));

    line("muscat comes back, as a copy");
    world.fakes[0].faults().clear();
    for (region, swept) in world.replicator(1)?.sweep().await {
        line(&format!("{region}: {}", report::swept(&swept?)));
    }
    alike(&world, [1, 0]).await?;
    alike(&world, [1, 2]).await?;
    line("all three hold the same");
    upkeep.abort();
    Ok(Ended::Alike)
}

/// Waits until two regions hold the same.
async fn alike(world: &World, [one, other]: [usize; 2]) -> Result<(), Broken> {
    let mount = || "secret".parse::<catalyst_openbao::Mount>();
    let (one, other) = (world.client(one)?.kv(mount()?), world.client(other)?.kv(mount()?));
    for _ in 0..200 {
        if image(&one).await? == image(&other).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("the regions do not become alike".into())
}
