//! The sources of a crate, parsed, without their tests.

use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Item, ItemMod, Meta, Token};

/// One file, without what is compiled for tests only.
pub(super) struct Source {
    /// From the root of the workspace: `catalyst-core/src/retry.rs`.
    pub(super) path: String,
    pub(super) items: Vec<Item>,
    /// Whether it belongs to the fakes and contracts of the feature `testing`.
    pub(super) fake: bool,
}

/// The folder of the workspace.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files that make up the library of the package in `folder`, found as the compiler finds them.
pub(super) fn library(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&root().join(folder).join("src/lib.rs"), false, &mut sources);
    sources
}

/// The libraries that applications use.
pub(super) fn libraries() -> Vec<Source> {
    super::dependencies::LIBRARIES.iter().flat_map(|name| library(name)).collect()
}

/// All files of Rust in the repository, tests included.
pub(super) fn all_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// `file` as it is named in failures.
pub(super) fn name(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// Lines that are neither blank nor comment.
pub(super) fn code_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The text of a file up to its tests, which by convention stand last.
pub(super) fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

fn collect(file: &Path, fake: bool, sources: &mut Vec<Source>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", name(file)));
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", name(file)));
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    let beside = file.parent().unwrap();
    let children = if matches!(stem.as_str(), "lib" | "mod") { beside.to_owned() } else { beside.join(stem) };
    let items = production(parsed.items);
    for module in items.iter().filter_map(declared) {
        let child = module.ident.to_string();
        let flat = children.join(format!("{child}.rs"));
        let path = if flat.exists() { flat } else { children.join(child).join("mod.rs") };
        collect(&path, fake || has_cfg(&module.attrs, "\"testing\""), sources);
    }
    sources.push(Source { path: name(file), items, fake });
}

/// A module in a file of its own.
fn declared(item: &Item) -> Option<&ItemMod> {
    match item {
        Item::Mod(module) if module.content.is_none() => Some(module),
        _ => None,
    }
}

/// `items` but for those under `#[cfg(test)]`, at every depth of modules.
fn production(items: Vec<Item>) -> Vec<Item> {
    let mut kept = Vec::new();
    for mut item in items {
        if has_cfg(attributes(&item), "test") {
            continue;
        }
        if let Item::Mod(module) = &mut item
            && let Some((_, inner)) = &mut module.content
        {
            *inner = production(std::mem::take(inner));
        }
        kept.push(item);
    }
    kept
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether one of the attributes is a `cfg` in which `word` stands by itself: `test`, `"testing"`.
fn has_cfg(attributes: &[Attribute], word: &str) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let conditions = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        conditions.is_ok_and(|conditions| {
            let text = conditions.to_token_stream().to_string();
            text.split([' ', '(', ')', ',']).any(|part| part == word)
        })
    })
}
