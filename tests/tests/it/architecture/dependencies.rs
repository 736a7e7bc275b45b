//! Who may depend on whom.

use std::collections::BTreeMap;
use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use super::source;

/// The crates that applications use.
pub(super) const LIBRARIES: [&str; 6] = [
    "catalyst-core",
    "catalyst-openbao",
    "catalyst-spiffe",
    "catalyst-keycloak",
    "catalyst-dns",
    "catalyst-sdk",
];
/// One for each service of the platform.
pub(super) const SERVICES: [&str; 4] =
    ["catalyst-openbao", "catalyst-spiffe", "catalyst-keycloak", "catalyst-dns"];

/// The workspace, without the resolved graph, so that it needs no network.
pub(super) fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(source::root().join("Cargo.toml")).no_deps().exec().unwrap()
}

/// For each package of the workspace, its dependencies on others of the workspace, those of its tests included.
fn within_the_workspace() -> BTreeMap<String, Vec<String>> {
    let metadata = metadata();
    let members: Vec<_> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let inner = |package: &cargo_metadata::Package| {
        let names = package.dependencies.iter().map(|dependency| dependency.name.clone());
        names.filter(|name| members.contains(name) && *name != *package.name).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), inner(package))).collect()
}

#[test]
fn core_stands_alone_and_a_service_crate_stands_on_core_alone() {
    let graph = within_the_workspace();
    assert_eq!(graph["catalyst-core"], [""; 0]);
    for service in SERVICES {
        assert!(graph[service].iter().all(|name| name == "catalyst-core"), "{service}: {:?}", graph[service]);
    }
}

#[test]
fn no_library_depends_on_tests_examples_or_tools() {
    for (package, dependencies) in within_the_workspace() {
        if LIBRARIES.contains(&package.as_str()) {
            assert!(
                dependencies.iter().all(|name| LIBRARIES.contains(&name.as_str())),
                "{package}: {dependencies:?}"
            );
        }
    }
}

#[test]
fn service_crates_never_name_one_another() {
    let pairs = SERVICES.iter().flat_map(|service| SERVICES.iter().map(move |other| (*service, *other)));
    for (service, other) in pairs.filter(|(service, other)| service != other) {
        for source in source::library(service) {
            let text = fs::read_to_string(source::root().join(&source.path)).unwrap();
            for name in [other.to_owned(), other.replace('-', "_")] {
                assert!(!text.contains(&name), "{} names {name}", source.path);
            }
        }
    }
}

#[test]
fn every_version_is_named_once_in_the_workspace() {
    for package in metadata().packages {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        let mut in_dependencies = false;
        for line in manifest.lines().map(str::trim) {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && line.contains('=') {
                let central = line.contains("workspace = true") || line.contains("path =");
                assert!(central, "{}: {line}", package.name);
            }
        }
    }
}

/// The names of what a package's library uses, as they stand in code.
pub(super) fn foreign_crates(package: &str) -> Vec<String> {
    let metadata = metadata();
    let package = metadata.packages.iter().find(|candidate| candidate.name.as_str() == package).unwrap();
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    let name = |dependency: &cargo_metadata::Dependency| {
        dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_")
    };
    normal.map(name).filter(|name| !name.starts_with("catalyst_")).collect()
}
