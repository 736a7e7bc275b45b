//! Records: types, data, sets, each in one canonical form.

mod caa;
mod check;
mod data;
mod digest;
mod fields;
mod host;
mod kind;
mod lua;
mod lua_text;
mod other;
mod set;
mod soa;
mod svcb;
mod svcb_param;
mod text;
mod ttl;

pub use caa::Caa;
pub use data::RecordData;
pub use digest::{Dnskey, Ds, Sshfp, Tlsa};
pub use host::{Mx, Srv};
pub use kind::{RecordType, TypeName};
pub use lua::LuaRecord;
pub use other::OtherData;
pub use set::{RecordKey, RecordSet};
pub use soa::{Serial, Soa};
pub use svcb::Svcb;
pub use svcb_param::{SvcKey, SvcParam};
pub use text::Text;
pub use ttl::Ttl;
