//! Clients of the regions that the command line names.

use catalyst_core::Secret;
use catalyst_core::tls::TlsConfig;
use catalyst_openbao::{Login, OpenBao};

use crate::Broken;
use crate::options::{Options, Region};

/// A client that holds the token of the region's file.
pub(crate) fn client(options: &Options, region: &Region) -> Result<OpenBao, Broken> {
    let folder = options.tokens.as_ref().ok_or("say where the tokens are: --tokens FOLDER")?;
    let file = folder.join(region.name.as_str());
    let token = std::fs::read_to_string(&file).map(|text| Secret::new(text.trim())).map_err(|error| {
        format!("the token of region {} cannot be read: {}: {error}", region.name, file.display())
    })?;
    let builder = OpenBao::builder(&region.address)?.login(Login::token(token));
    let builder = match &options.ca {
        Some(file) => builder.tls(TlsConfig::new().ca_pem(&std::fs::read(file)?)?),
        None => builder,
    };
    Ok(builder.build()?)
}
