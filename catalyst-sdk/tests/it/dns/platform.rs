//! A PowerDNS in memory, name servers that say what the test says, and the names of the Sovereign on them.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::catalyst_dns::mock::{MockDns, Model};
use catalyst_sdk::catalyst_dns::placement::{Placement, Region};
use catalyst_sdk::catalyst_dns::plan::Owner;
use catalyst_sdk::catalyst_dns::query::{AnswerRecord, DnsAnswer, Question, ResponseCode};
use catalyst_sdk::catalyst_dns::{DnsClient, DomainName, Ttl, ZoneName};
use catalyst_sdk::dns::{Dns, DnsApplication, DnsBuilder, DnsEvent};

pub(super) const SOVEREIGN: &str = "omantel.omani.works";

pub(super) struct Platform {
    pub(super) mock: MockDns,
    pub(super) dns: Dns,
    pub(super) servers: Arc<Servers>,
    pub(super) events: Arc<Mutex<Vec<DnsEvent>>>,
}

impl Platform {
    pub(super) fn new() -> Self {
        let mock = MockDns::new();
        mock.model().set_zone(&zone());
        let servers = Arc::new(Servers::default());
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let dns = builder(&mock, SOVEREIGN)
            .client(Arc::clone(&servers) as Arc<dyn DnsClient>)
            .name_servers([address("192.0.2.53:53")])
            .observer(Arc::new(move |event: &DnsEvent| seen.lock().unwrap().push(event.clone())))
            .build();
        Self { mock, dns, servers, events }
    }

    pub(super) fn model(&self) -> &Model {
        self.mock.model()
    }

    /// The steps that were told, as words.
    pub(super) fn steps(&self) -> Vec<&'static str> {
        self.events.lock().unwrap().iter().map(|event| event.kind.name()).collect()
    }

    /// Reads and writes since the last look.
    pub(super) fn requests(&self, since: (u64, u64)) -> (u64, u64) {
        let requests = self.model().requests();
        (requests.reads - since.0, requests.writes - since.1)
    }
}

/// The names of another Sovereign, or of the same one in another process.
pub(super) fn builder(mock: &MockDns, owner: &str) -> DnsBuilder {
    Dns::builder(Arc::new(mock.clone()), Owner::new(owner).unwrap())
}

pub(super) fn zone() -> ZoneName {
    SOVEREIGN.parse().unwrap()
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The application `name` of `acme-prod`, in Falkenstein and Helsinki.
pub(super) fn application(name: &str, placement: Placement) -> DnsApplication {
    let region = |name: &str, address: [u8; 4]| Region::new(name, [IpAddr::from(address)]).unwrap();
    let mut regions = vec![region("fsn1", [192, 0, 2, 1])];
    if placement != Placement::SingleRegion {
        regions.push(region("hel1", [198, 51, 100, 1]));
    }
    DnsApplication::new(name, "acme-prod", zone().apex(), placement, regions).unwrap()
}

/// Name servers that answer every question with the addresses that they are told.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) served: Mutex<Vec<IpAddr>>,
    pub(super) asked: Mutex<Vec<String>>,
}

#[async_trait]
impl DnsClient for Servers {
    async fn ask(&self, _server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        self.asked.lock().unwrap().push(question.to_string());
        let mut answer = DnsAnswer::empty(ResponseCode::NoError);
        answer.authoritative = true;
        let name: DomainName = question.name().clone();
        let served = self.served.lock().unwrap();
        answer.answers = served
            .iter()
            .map(|address| AnswerRecord { name: name.clone(), ttl: Ttl::MINUTE, data: (*address).into() })
            .collect();
        Ok(answer)
    }
}
