//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};

/// Brings an OpenBao up from nothing, or finishes what a run before began.
#[derive(Clone, Debug, Parser)]
#[command(name = "catalyst-bootstrap", version, max_term_width = 110)]
pub(crate) struct Options {
    /// The address of one node, such as `https://openbao-0.openbao-internal:8200`.
    #[arg(long)]
    pub address: Option<String>,

    /// The authority of its certificate, in PEM; the machine's roots if it is not given.
    #[arg(long)]
    pub ca_file: Option<PathBuf>,

    /// What the server is to be like, in YAML.
    #[arg(long)]
    pub declaration: Option<PathBuf>,

    /// The file with the seed: mode 0600, erased in the end.
    #[arg(long, conflicts_with = "kubernetes_namespace")]
    pub seed_file: Option<PathBuf>,

    /// The namespace of the Secret with the seed.
    #[arg(long)]
    pub kubernetes_namespace: Option<String>,

    /// The name of that Secret.
    #[arg(long, default_value = "openbao-recovery-seed")]
    pub kubernetes_secret: String,

    /// How to reach the cluster; the pod's service account if it is not given.
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,

    /// What unseals the server.
    #[arg(long, value_enum, default_value_t = Seal::Automatic)]
    pub seal: Seal,

    /// How many key shares there are to be.
    #[arg(long, default_value_t = 1)]
    pub shares: u8,

    /// How many of them are needed.
    #[arg(long, default_value_t = 1)]
    pub threshold: u8,

    /// The folder that the key shares are handed over in; needed for --seal shamir.
    #[arg(long)]
    pub custody_folder: Option<PathBuf>,

    /// How long the server may take to answer, and to serve.
    #[arg(long, default_value = "5m", value_parser = humantime::parse_duration)]
    pub patience: Duration,

    /// Print what would be done, and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Print the result as one line of JSON.
    #[arg(long)]
    pub json: bool,

    /// Show it on a server in memory, interrupted in the middle; nothing else is needed.
    #[arg(long)]
    pub demo: bool,
}

/// What unseals the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Seal {
    /// key shares, which are handed over in --custody-folder
    Shamir,
    /// the server itself: a static key, or a service that keeps its key
    Automatic,
}

impl Options {
    /// The command line, if it says something that can be done.
    pub(crate) fn read() -> Self {
        let options = Self::parse();
        let named_seed = options.seed_file.is_some() || options.kubernetes_namespace.is_some();
        let why = match &options {
            options if options.demo => return options.clone(),
            options if options.address.is_none() || options.declaration.is_none() => {
                "--address and --declaration say which server, and what it is to be like; or take --demo"
            }
            _ if !named_seed => "--seed-file or --kubernetes-namespace say where the seed is",
            options if options.seal == Seal::Shamir && options.custody_folder.is_none() => {
                "--seal shamir needs --custody-folder: without its shares the server cannot be unsealed again"
            }
            _ => return options,
        };
        Self::command().error(ErrorKind::MissingRequiredArgument, why).exit()
    }
}
