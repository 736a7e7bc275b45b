//! The demonstration: a server in memory that is lost in the middle, and a second run that finishes.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use catalyst_examples::screen::Screen;
use catalyst_openbao::bootstrap::{Bootstrap, Declared, FileCustody, FileSeed};
use catalyst_openbao::mock::{Fault, FaultRule, MockSeal, Model};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{Error, ErrorKind, InitRequest, KeySplit, OpenBao, Result};

use crate::assemble;
use crate::said::Said;

/// What the platform declares.
pub(crate) const DECLARATION: &str = include_str!("declaration.yaml");

pub(crate) async fn play() -> Result<Said> {
    let screen = Screen::new();
    screen.step("a server that was never initialised, with a Shamir seal, and a single-use seed");
    let model = Model::uninitialized(MockSeal::Shamir);
    model.allow_root_generation(true);
    let fake = FakeOpenBao::serve(model.clone()).await;
    let folder = tempfile::tempdir().map_err(broken)?;
    let seed = folder.path().join("recovery-seed");
    std::fs::create_dir(folder.path().join("custody")).map_err(broken)?;
    std::fs::write(&seed, std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(1..))).map_err(broken)?;
    std::fs::set_permissions(&seed, PermissionsExt::from_mode(0o600)).map_err(broken)?;

    let mut declared: Declared = assemble::parse(DECLARATION)?;
    // The server in memory has no databases to configure.
    declared.engines.remove("database");
    let bao = OpenBao::builder(&fake.address())?.build()?;
    let bootstrap = Bootstrap::new(
        bao,
        Arc::new(FileSeed::new(&seed)),
        InitRequest::shamir(KeySplit::new(5, 3)?),
        declared,
    )
    .custody(Arc::new(FileCustody::new(folder.path().join("custody"))));
    screen.step("the plan");
    screen.tell(&bootstrap.preview().await?.to_string().replace('\n', "\n   "));

    screen.step("the first run loses the server while it configures the login methods");
    model.faults().inject(FaultRule::new(Fault::Drop).path("auth/kubernetes").until_cleared());
    match bootstrap.run().await {
        Ok(_) => return Err(Error::new(ErrorKind::Other, "demonstrate").with_help("nothing was lost")),
        Err(error) => screen.tell(&error.to_string()),
    }
    model.faults().clear();

    screen.step("the second run makes a root token out of the journaled shares, and finishes");
    let report = bootstrap.run().await?;
    screen.tell(&report.to_string().replace('\n', "\n   "));
    screen.tell(&format!("root tokens left: {}; seed left: {}", model.live_root_tokens(), seed.exists()));
    if model.live_root_tokens() > 0 || seed.exists() {
        return Err(Error::new(ErrorKind::Other, "demonstrate").with_help("something was left behind"));
    }

    screen.step("a third run finds nothing to do");
    Ok(bootstrap.run().await?.into())
}

fn broken(cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, "demonstrate").with_source(cause)
}
