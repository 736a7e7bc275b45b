//! From the command line to a bring-up.

use std::path::Path;
use std::sync::Arc;

use catalyst_core::tls::TlsConfig;
use catalyst_openbao::bootstrap::{Bootstrap, Declared, FileCustody, FileSeed, SeedStore};
use catalyst_openbao::{Error, ErrorKind, InitRequest, KeySplit, OpenBao, Result};
use catalyst_sdk::kubernetes::KubernetesSeed;

use crate::options::{Options, Seal};

/// No declaration is larger.
const LIMIT: u64 = 4 << 20;

pub(crate) async fn bootstrap(options: &Options) -> Result<Bootstrap> {
    let declared = declared(options.declaration.as_deref())?;
    let mut builder = OpenBao::builder(options.address.as_deref().unwrap_or_default())?;
    if let Some(file) = &options.ca_file {
        let pem = std::fs::read(file).map_err(|cause| unreadable(file, cause))?;
        builder = builder.tls(TlsConfig::new().ca_pem(&pem)?);
    }
    let split = KeySplit::new(options.shares, options.threshold)?;
    let init = match options.seal {
        Seal::Shamir => InitRequest::shamir(split),
        Seal::Automatic => InitRequest::auto_unseal(split),
    };
    let bootstrap =
        Bootstrap::new(builder.build()?, seed(options).await?, init, declared).patience(options.patience);
    Ok(match &options.custody_folder {
        Some(folder) => bootstrap.custody(Arc::new(FileCustody::new(folder))),
        None => bootstrap,
    })
}

async fn seed(options: &Options) -> Result<Arc<dyn SeedStore>> {
    let Some(namespace) = &options.kubernetes_namespace else {
        return Ok(Arc::new(FileSeed::new(options.seed_file.clone().unwrap_or_default())));
    };
    let seed = match &options.kubeconfig {
        Some(file) => KubernetesSeed::from_kubeconfig(file, namespace).await?,
        None => KubernetesSeed::in_cluster(namespace)?,
    };
    Ok(Arc::new(seed.name(&options.kubernetes_secret)))
}

fn declared(file: Option<&Path>) -> Result<Declared> {
    let file = file.unwrap_or(Path::new(""));
    let about = std::fs::metadata(file).map_err(|cause| unreadable(file, cause))?;
    if about.len() > LIMIT {
        let help = format!("{} is larger than any declaration", file.display());
        return Err(Error::new(ErrorKind::Config, "read declaration").with_help(help));
    }
    let text = std::fs::read_to_string(file).map_err(|cause| unreadable(file, cause))?;
    parse(&text)
}

/// A declaration in YAML. The error names the place, and nothing of what stands there: it may be a password.
pub(crate) fn parse(text: &str) -> Result<Declared> {
    serde_yaml_ng::from_str(text).map_err(|error| {
        let place = error.location();
        let place =
            place.map_or_else(String::new, |at| format!(" at line {}, column {}", at.line(), at.column()));
        Error::new(ErrorKind::Config, "read declaration").with_code("contradiction").with_help(format!(
            "it is no declaration{place}: a field is unknown, missing, or of another kind"
        ))
    })
}

fn unreadable(file: &Path, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Config, "read file")
        .with_help(format!("{} cannot be read", file.display()))
        .with_source(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::DECLARATION;

    #[test]
    fn the_declaration_of_the_demonstration_is_one() {
        let declared = parse(DECLARATION).unwrap();
        declared.check().unwrap();
        assert!(declared.engines.contains_key("database") && declared.logins.len() == 2);
    }

    #[test]
    fn an_error_in_a_declaration_names_its_place_and_shows_nothing_of_it() {
        for text in
            ["engines: [canary]", "canary: 1", "engines: { a: { type: canary } }", "policies: {a: [canary]}"]
        {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
