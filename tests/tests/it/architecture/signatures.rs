//! What a user of a crate can see: none of the crates that it is built on, but those of [`ALLOWED`].

use syn::visit::{self, Visit};
use syn::{File, ImplItem, Item, ItemImpl, ItemTrait, TraitItem, UseTree, Visibility};

use super::{dependencies, source};

/// Stable, and meant to be shared: futures and time of the runtime, addresses, TLS configurations, wiped buffers, JSON
/// where a mock shows what its server keeps.
const ALLOWED: [&str; 12] = [
    "async_trait",
    "futures_core",
    "http",
    "rustls",
    "rustls_pki_types",
    "serde",
    "serde_json",
    "tokio",
    "tokio_util",
    "tracing",
    "url",
    "zeroize",
];
/// The connectors hand out what the drivers know.
const DRIVERS: [&str; 13] = [
    "aws_credential_types",
    "bb8",
    "bb8_postgres",
    "clickhouse",
    "deadpool_postgres",
    "diesel",
    "diesel_async",
    "futures_util",
    "mongodb",
    "object_store",
    "redis",
    "sqlx",
    "tokio_postgres",
];

#[test]
fn no_foreign_type_stands_in_a_public_signature() {
    for package in dependencies::LIBRARIES {
        let hidden = hidden_crates(package);
        // What the feature `testing` shows is not covered by semantic versioning.
        for source in source::library(package).into_iter().filter(|source| !source.fake) {
            let seen = foreign_in(&source.items, &hidden);
            assert!(seen.is_empty(), "{}: the public sees {seen:?}", source.path);
        }
    }
}

fn hidden_crates(package: &str) -> Vec<String> {
    let mut hidden = dependencies::foreign_crates(package);
    hidden.retain(|name| !ALLOWED.contains(&name.as_str()));
    if package == "catalyst-sdk" {
        hidden.retain(|name| !DRIVERS.contains(&name.as_str()));
    }
    hidden
}

/// The names that come from `hidden` crates and stand in something public.
fn foreign_in(items: &[Item], hidden: &[String]) -> Vec<String> {
    let mut names: Vec<String> = hidden.to_vec();
    for item in items {
        if let Item::Use(item) = item {
            brought_in(&item.tree, hidden, &mut names);
        }
    }
    let mut seen = PathNames::default();
    for item in items {
        seen.visit_public(item, items);
    }
    seen.0.retain(|name| names.contains(name));
    seen.0
}

/// Adds the names that `tree` brings in from a hidden crate.
fn brought_in(tree: &UseTree, hidden: &[String], names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) if hidden.contains(&path.ident.to_string()) => all_names(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| brought_in(tree, hidden, names)),
        _ => {}
    }
}

fn all_names(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => all_names(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| all_names(tree, names)),
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        UseTree::Glob(_) => {}
    }
}

/// The first segments of the paths that were visited: crates, and names that were imported.
#[derive(Default)]
struct PathNames(Vec<String>);

impl<'ast> Visit<'ast> for PathNames {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.extend(path.segments.first().map(|segment| segment.ident.to_string()));
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}
}

impl PathNames {
    /// Visits the parts of `item`, one of `all`, that the documentation would show.
    fn visit_public(&mut self, item: &Item, all: &[Item]) {
        match item {
            Item::Use(item) if public(&item.vis) => self.visit_reexport(&item.tree),
            Item::Fn(item) if public(&item.vis) => self.visit_signature(&item.sig),
            Item::Type(item) if public(&item.vis) => self.visit_type(&item.ty),
            Item::Const(item) if public(&item.vis) => self.visit_type(&item.ty),
            Item::Static(item) if public(&item.vis) => self.visit_type(&item.ty),
            Item::Struct(item) if public(&item.vis) => {
                self.visit_generics(&item.generics);
                let fields = item.fields.iter().filter(|field| public(&field.vis));
                fields.for_each(|field| self.visit_type(&field.ty));
            }
            Item::Enum(item) if public(&item.vis) => {
                let fields = item.variants.iter().flat_map(|variant| &variant.fields);
                fields.for_each(|field| self.visit_type(&field.ty));
            }
            Item::Trait(item) if public(&item.vis) => self.visit_trait(item),
            Item::Impl(item) => self.visit_public_impl(item, all),
            Item::Mod(module) if public(&module.vis) => {
                let inner = module.content.as_ref().map_or([].as_slice(), |(_, items)| items);
                for item in inner {
                    self.visit_public(item, inner);
                }
            }
            _ => {}
        }
    }

    fn visit_reexport(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.0.push(path.ident.to_string()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.visit_reexport(tree)),
            _ => {}
        }
    }

    fn visit_trait(&mut self, item: &ItemTrait) {
        item.supertraits.iter().for_each(|bound| self.visit_type_param_bound(bound));
        for item in &item.items {
            match item {
                TraitItem::Fn(method) => self.visit_signature(&method.sig),
                TraitItem::Type(associated) => {
                    associated.bounds.iter().for_each(|bound| self.visit_type_param_bound(bound));
                }
                _ => {}
            }
        }
    }

    /// Of an implementation for a public type: the trait with its parameters, associated types, public methods.
    fn visit_public_impl(&mut self, item: &ItemImpl, all: &[Item]) {
        let mut of = Self::default();
        of.visit_type(&item.self_ty);
        if !all.iter().any(|candidate| defines_publicly(candidate, &of.0)) {
            return;
        }
        if let Some((_, path, _)) = &item.trait_ {
            self.visit_path(path);
        }
        for inner in &item.items {
            match inner {
                ImplItem::Fn(method) if item.trait_.is_some() || public(&method.vis) => {
                    self.visit_signature(&method.sig);
                }
                ImplItem::Type(associated) => self.visit_type(&associated.ty),
                _ => {}
            }
        }
    }
}

fn defines_publicly(item: &Item, names: &[String]) -> bool {
    match item {
        Item::Struct(item) => public(&item.vis) && names.contains(&item.ident.to_string()),
        Item::Enum(item) => public(&item.vis) && names.contains(&item.ident.to_string()),
        _ => false,
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

#[test]
fn the_rule_sees_what_it_looks_for() {
    let hidden = ["reqwest".to_owned()];
    let check = |text: &str| {
        let file: File = syn::parse_str(text).unwrap();
        foreign_in(&file.items, &hidden)
    };
    for bad in [
        "pub fn a() -> reqwest::Client { todo!() }",
        "use reqwest::Client as C; pub struct S { pub inner: C }",
        "use reqwest::{Client, Url}; pub trait T { fn a(&self, url: Url); }",
        "pub struct S; impl From<reqwest::Error> for S { fn from(e: reqwest::Error) -> S { S } }",
        "pub struct S; impl S { pub async fn a(&self) -> Result<(), reqwest::Error> { Ok(()) } }",
        "pub enum E { A(reqwest::Error) }",
        "pub use reqwest::Client;",
    ] {
        assert!(!check(bad).is_empty(), "{bad}");
    }
    for good in [
        "pub struct S { inner: reqwest::Client } impl S { fn a(&self) -> reqwest::Client { todo!() } }",
        "pub fn a() { let client = reqwest::Client::new(); }",
        "struct P; impl From<reqwest::Error> for P { fn from(e: reqwest::Error) -> P { P } }",
        "pub(crate) fn a() -> reqwest::Client { todo!() }",
        "pub fn a(reqwest: u8) {}",
        "use std::reqwest::Duration; pub fn a() -> Duration { todo!() }",
    ] {
        assert_eq!(check(good), [""; 0], "{good}");
    }
}
