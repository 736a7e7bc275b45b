//! Namecheap on the wire.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalyst_core::Result;
use catalyst_core::testing::StubServer;
use url::form_urlencoded;
use wiremock::Request;

use super::model::RegistrarModel;
use super::state::Trouble;
use super::wire::{self, Answer, Vendor, no_limit};
use crate::registrar::{Namecheap, NamecheapBuilder, NamecheapCredential, RegisteredDomain};
use crate::testing::socket::Reply;

const USER: &str = "openova";
const ADDRESS: [u8; 4] = [192, 0, 2, 1];
const HOUSE: [&str; 2] = ["dns1.registrar-servers.com", "dns2.registrar-servers.com"];

/// A Namecheap on a free port of the loopback interface, which shows a [`RegistrarModel`]. It stops when it is dropped.
///
/// The model's credential is the key. A key in the query is not taken, so that no client passes that sends it there.
///
/// ```
/// use catalyst_dns::registrar::{NameServers, Registrar};
/// use catalyst_dns::testing::registrar::FakeNamecheap;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let fake = FakeNamecheap::start().await;
/// let servers = NameServers::new(["ns1.example.net".parse()?, "ns2.example.net".parse()?])?;
/// fake.model().add_domain("example.co.uk".parse()?, servers.clone());
/// assert_eq!(fake.registrar()?.nameservers(&"example.co.uk".parse()?).await?, servers);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FakeNamecheap {
    model: RegistrarModel,
    server: StubServer,
}

impl FakeNamecheap {
    wire::of_each_fake!(Namecheap);

    /// Shows `model`.
    pub async fn serve(model: &RegistrarModel) -> Self {
        Self { model: model.clone(), server: wire::start(model, Wire).await }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("{}/xml.response", self.server.uri())
    }

    /// The credential that it takes.
    ///
    /// # Errors
    /// None, in fact.
    pub fn credential(&self) -> Result<NamecheapCredential> {
        NamecheapCredential::new(USER, self.model.credential(), ADDRESS.into())
    }

    /// The client, to be set up further.
    ///
    /// # Errors
    /// If it cannot be set up.
    pub fn builder(&self) -> Result<NamecheapBuilder> {
        Ok(Namecheap::builder(self.credential()?).address(&self.address())?.limit(no_limit()))
    }
}

struct Wire;

impl Vendor for Wire {
    fn answer(&self, model: &RegistrarModel, request: &Request) -> Answer {
        let fields = fields(request);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        model.log_in(field("ApiKey"))?;
        if let Some(refusal) = unknown(&field) {
            return Ok(refusal);
        }
        let about = || wire::domain(&format!("{}.{}", field("SLD"), field("TLD")));
        match field("Command") {
            "namecheap.domains.getList" => list(model, &field),
            "namecheap.domains.dns.getList" => servers(model, &about()?),
            "namecheap.domains.dns.setCustom" => {
                let domain = about()?;
                let names = wire::servers(field("Nameservers").split(','));
                let Some(names) = names else { return Ok(error(2_015_182, "Nameserver is invalid")) };
                model.write(&domain, &names)?;
                Ok(updated("DomainDNSSetCustomResult", &domain))
            }
            "namecheap.domains.dns.setDefault" => {
                let domain = about()?;
                if let Some(house) = wire::servers(HOUSE.into_iter()) {
                    model.write_house(&domain, &house)?;
                }
                Ok(updated("DomainDNSSetDefaultResult", &domain))
            }
            _ => Ok(error(1_010_104, "Parameter Command is missing")),
        }
    }

    fn refuse(&self, request: &Request, trouble: &Trouble) -> Reply {
        match trouble {
            Trouble::RateLimited(seconds) => Reply::page(405).header("retry-after", seconds.to_string()),
            Trouble::Unavailable => error(3_050_900, "Unknown error from Enom"),
            // One number for a wrong key and for an account without access.
            Trouble::BadCredential | Trouble::AccountTier => {
                let key = fields(request).remove("ApiKey").unwrap_or_default();
                error(1_011_102, &format!("API Key {key} is invalid or API access is not enabled"))
            }
            Trouble::Protected => error(2_030_166, "Edit permission for domain is not supported"),
            Trouble::NotActive => error(2_010_324, "The domain is not active"),
            _ => error(2_019_166, "Domain not found"),
        }
    }
}

fn fields(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

fn unknown<'a>(field: &impl Fn(&str) -> &'a str) -> Option<Reply> {
    if field("ApiUser") != USER {
        return Some(error(1_010_101, "Parameter APIUser is missing"));
    }
    if field("UserName") != USER {
        return Some(error(1_019_103, "UserName is not available"));
    }
    if field("ClientIp") != "192.0.2.1" {
        return Some(error(1_011_150, "Invalid request IP: 127.0.0.1"));
    }
    None
}

fn list<'a>(model: &RegistrarModel, field: &impl Fn(&str) -> &'a str) -> Answer {
    let number = |name: &str, default: usize| field(name).parse().unwrap_or(default).max(1);
    let (size, page) = (number("PageSize", 20).clamp(10, 100), number("Page", 1));
    let domains = model.domains()?;
    let mut list = String::new();
    for (index, (name, _)) in domains.iter().enumerate().skip((page - 1) * size).take(size) {
        let _written = write!(list, r#"<Domain ID="{index}" Name="{}" IsExpired="false"/>"#, name.as_str());
    }
    let total = domains.len();
    Ok(success(&format!(
        "<DomainGetListResult>{list}</DomainGetListResult><Paging><TotalItems>{total}</TotalItems>\
         <CurrentPage>{page}</CurrentPage><PageSize>{size}</PageSize></Paging>"
    )))
}

fn servers(model: &RegistrarModel, name: &RegisteredDomain) -> Answer {
    let domain = model.domain(name)?;
    let mut list = String::new();
    for server in domain.servers.iter() {
        let _written = write!(list, "<Nameserver>{}</Nameserver>", server.without_dot());
    }
    Ok(success(&format!(
        r#"<DomainDNSGetListResult Domain="{}" IsUsingOurDNS="{}">{list}</DomainDNSGetListResult>"#,
        name.as_str(),
        domain.house
    )))
}

fn updated(result: &str, name: &RegisteredDomain) -> Reply {
    success(&format!(r#"<{result} Domain="{}" Updated="true"/>"#, name.as_str()))
}

fn error(number: u32, text: &str) -> Reply {
    xml("ERROR", &format!(r#"<Errors><Error Number="{number}">{text}</Error></Errors>"#))
}

fn success(result: &str) -> Reply {
    xml("OK", &format!("<Errors/><CommandResponse>{result}</CommandResponse>"))
}

fn xml(status: &str, body: &str) -> Reply {
    let text = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="{status}" xmlns="http://api.namecheap.com/xml.response">{body}</ApiResponse>"#
    );
    Reply::new(200, "text/xml; charset=utf-8", text)
}
