//! A real OpenBao where users and keys are written down.

use std::sync::Arc;

use catalyst_openbao::{Login, OpenBao, SecretStore};
use catalyst_tests::servers::{OpenBaoServer, setup};

use crate::live::workload::mount;

pub(super) struct Secrets {
    server: OpenBaoServer,
}

impl Secrets {
    pub(super) async fn start() -> Self {
        let server = OpenBaoServer::start_dev().await.unwrap();
        setup::kv(&server.api().unwrap(), "kv").await.unwrap();
        Self { server }
    }

    pub(super) fn store(&self) -> Arc<dyn SecretStore> {
        let login = Login::token(self.server.root_token().clone());
        let bao = OpenBao::builder(self.server.address()).unwrap().login(login).build().unwrap();
        Arc::new(bao.kv(mount("kv")))
    }
}

/// Waits in place: the compiler cannot show that the futures of the harness, which wait by closures that borrow, may
/// move between threads.
pub(super) fn in_place<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
}
