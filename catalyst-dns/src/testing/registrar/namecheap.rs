//! Namecheap on the socket.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use url::form_urlencoded;
use wiremock::Request;

use super::account::{AccountFault, FakeAccount, Purpose, State};
use super::vendor::{self, Vendor};
use crate::registrar::{Namecheap, NamecheapBuilder, NamecheapCredential};
use crate::testing::socket::Reply;

const USER: &str = "openova";
const KEY: &str = "canary-namecheap-key";
const ADDRESS: [u8; 4] = [192, 0, 2, 1];
const HOUSE: [&str; 2] = ["dns1.registrar-servers.com", "dns2.registrar-servers.com"];

/// An account at Namecheap on a free port of the loopback interface. It stops when it is dropped.
pub struct FakeNamecheap {
    account: FakeAccount,
    server: StubServer,
}

impl FakeNamecheap {
    /// Starts one with an empty account.
    pub async fn start() -> Self {
        let account = FakeAccount::default();
        let server = vendor::start(&account, Wire).await;
        Self { account, server }
    }

    /// The account behind.
    pub fn account(&self) -> &FakeAccount {
        &self.account
    }

    /// The credential that it takes.
    ///
    /// # Errors
    /// None, in fact.
    pub fn credential() -> Result<NamecheapCredential> {
        NamecheapCredential::new(USER, Secret::new(KEY), ADDRESS.into())
    }

    /// A client of it, whose limit of requests is out of the way.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn registrar(&self) -> Result<Namecheap> {
        self.builder(Self::credential()?)?.build()
    }

    /// The same, to be set up further.
    ///
    /// # Errors
    /// If the address is none.
    pub fn builder(&self, credential: NamecheapCredential) -> Result<NamecheapBuilder> {
        let address = format!("{}/xml.response", self.server.uri());
        Ok(Namecheap::builder(credential).address(&address)?.requests_per_minute(60_000))
    }
}

impl fmt::Debug for FakeNamecheap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeNamecheap").field("account", &self.account).finish_non_exhaustive()
    }
}

struct Wire;

impl Vendor for Wire {
    fn purpose(&self, request: &Request) -> Purpose {
        match fields(request).get("Command").map(String::as_str) {
            Some("namecheap.domains.dns.setCustom" | "namecheap.domains.dns.setDefault") => Purpose::Write,
            Some("namecheap.domains.dns.getList") => Purpose::ReadServers,
            _ => Purpose::Read,
        }
    }

    fn refuse(&self, fault: &AccountFault) -> Reply {
        match fault {
            AccountFault::RateLimited => Reply::page(405),
            AccountFault::HtmlBody => Reply::page(200),
            AccountFault::Unavailable => error(3_050_900, "Unknown error from Enom"),
            // Namecheap has one number for a wrong key and for an account without access.
            // It repeats the key, as the worst of registrars would.
            _ => error(1_011_102, &format!("API Key {KEY} is invalid or API access has not been enabled")),
        }
    }

    fn answer(&self, state: &mut State, request: &Request) -> Reply {
        let fields = fields(request);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        if let Some(refusal) = unknown(&field) {
            return refusal;
        }
        let domain = format!("{}.{}", field("SLD"), field("TLD"));
        match field("Command") {
            "namecheap.domains.getList" => list(state, &field),
            "namecheap.domains.dns.getList" => servers(state, &domain),
            "namecheap.domains.dns.setCustom" => {
                let names = field("Nameservers").split(',').map(str::to_owned).collect();
                change(state, &domain, names, false, "DomainDNSSetCustomResult")
            }
            "namecheap.domains.dns.setDefault" => {
                let names = HOUSE.map(str::to_owned).to_vec();
                change(state, &domain, names, true, "DomainDNSSetDefaultResult")
            }
            _ => error(1_010_104, "Parameter Command is missing"),
        }
    }
}

/// The fields of the body; a key in the query is not taken, so that no client passes that sends it there.
fn fields(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

fn unknown<'a>(field: &impl Fn(&str) -> &'a str) -> Option<Reply> {
    if field("ApiUser").is_empty() {
        return Some(error(1_010_101, "Parameter APIUser is missing"));
    }
    if field("ApiKey") != KEY || field("ApiUser") != USER {
        return Some(error(1_011_102, "API Key is invalid or API access has not been enabled"));
    }
    if field("UserName") != USER {
        return Some(error(1_019_103, "UserName is not available"));
    }
    if field("ClientIp") != "192.0.2.1" {
        return Some(error(1_011_150, "Invalid request IP: 127.0.0.1"));
    }
    None
}

fn list<'a>(state: &State, field: &impl Fn(&str) -> &'a str) -> Reply {
    let number = |name: &str, default: usize| field(name).parse().unwrap_or(default).max(1);
    let (size, page) = (number("PageSize", 20).clamp(10, 100), number("Page", 1));
    let mut list = String::new();
    for (index, name) in state.domains.keys().enumerate().skip((page - 1) * size).take(size) {
        let _written = write!(list, r#"<Domain ID="{index}" Name="{}" IsExpired="false"/>"#, escaped(name));
    }
    let total = state.domains.len();
    success(&format!(
        "<DomainGetListResult>{list}</DomainGetListResult><Paging><TotalItems>{total}</TotalItems>\
         <CurrentPage>{page}</CurrentPage><PageSize>{size}</PageSize></Paging>"
    ))
}

fn servers(state: &mut State, domain: &str) -> Reply {
    let house = state.domains.get(domain).is_some_and(|domain| domain.house);
    let Some(names) = state.told(domain) else { return missing() };
    let mut list = String::new();
    for name in names {
        let _written = write!(list, "<Nameserver>{}</Nameserver>", escaped(&name));
    }
    success(&format!(
        r#"<DomainDNSGetListResult Domain="{}" IsUsingOurDNS="{house}">{list}</DomainDNSGetListResult>"#,
        escaped(domain)
    ))
}

fn change(state: &mut State, name: &str, servers: Vec<String>, house: bool, result: &str) -> Reply {
    let Some(domain) = state.domains.get_mut(name) else { return missing() };
    if domain.locked {
        return error(2_030_166, "Edit permission for domain is not supported");
    }
    domain.set(servers);
    domain.house = house;
    success(&format!(r#"<{result} Domain="{}" Updated="true"/>"#, escaped(name)))
}

fn missing() -> Reply {
    error(2_019_166, "Domain not found")
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
