//! What code may do where.

use std::fs;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{ExprMethodCall, Item, Macro, Path};

use super::source::{self, Source};

/// Files may spawn whose path begins with one of these: the engine that rotates, the facade that keeps a session
/// alive, and the supervisor of the Workload API.
const MAY_SPAWN: [&str; 3] =
    ["catalyst-sdk/src/rotation/", "catalyst-sdk/src/catalyst", "catalyst-spiffe/src/workload_api/"];
const MAY_READ_THE_ENVIRONMENT: &str = "catalyst-sdk/src/config";
const CORE_LINES: usize = 1500;
const FILE_LINES: usize = 600;

/// Every path and method called in a file, as text, and the insides of macros, which are not parsed.
#[derive(Default)]
struct Names {
    paths: Vec<String>,
    methods: Vec<String>,
    macros: Vec<String>,
}

impl Names {
    fn of(source: &Source) -> Self {
        let mut names = Self::default();
        for item in &source.items {
            names.visit_item(item);
        }
        names
    }

    /// Whether a function whose name `matches` is named anywhere.
    fn mention(&self, matches: impl Fn(&str) -> bool) -> bool {
        let last = |path: &str| matches(path.rsplit("::").next().unwrap_or_default());
        self.paths.iter().any(|path| last(path))
            || self.methods.iter().any(|method| matches(method))
            || self
                .macros
                .iter()
                .any(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(&matches))
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.push(segments.join("::"));
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.methods.push(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.macros.push(mac.tokens.to_string());
        visit::visit_macro(self, mac);
    }

    fn visit_use_name(&mut self, name: &'ast syn::UseName) {
        self.paths.push(name.ident.to_string());
    }

    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}
}

#[test]
fn only_the_engine_and_the_identity_supervisor_spawn() {
    for source in source::libraries() {
        let allowed = source.fake || MAY_SPAWN.iter().any(|place| source.path.starts_with(place));
        let spawns = Names::of(&source)
            .mention(|name| name == "spawn" || name.starts_with("spawn_") || name == "JoinSet");
        assert!(allowed || !spawns, "{} spawns", source.path);
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    for source in source::libraries() {
        let allowed = source.path.starts_with(MAY_READ_THE_ENVIRONMENT);
        let names = Names::of(&source);
        let std_reader =
            |name: &str| matches!(name, "var" | "var_os" | "vars" | "vars_os" | "args" | "home_dir");
        let reads = names.paths.iter().any(|path| {
            let (before, last) = path.rsplit_once("::").unwrap_or(("", path));
            before.ends_with("env") && std_reader(last) || path.contains("providers::Env")
        });
        assert!(allowed || !reads, "{} reads the environment", source.path);
    }
}

#[test]
fn nobody_installs_a_process_wide_tls_provider() {
    let tools = ["tests"].map(source::library).into_iter().flatten();
    for source in source::libraries().into_iter().chain(tools) {
        assert!(!Names::of(&source).mention(|name| name == "install_default"), "{}", source.path);
    }
}

#[test]
fn a_map_defines_no_type() {
    for source in source::libraries() {
        if source.path.ends_with("/lib.rs") || source.path.ends_with("/mod.rs") {
            for item in &source.items {
                let defines =
                    matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Trait(_) | Item::Impl(_));
                assert!(!defines, "{} is a map, but defines: {}", source.path, start_of(item));
            }
        }
    }
}

#[test]
fn core_stays_small() {
    let lines: usize = source::library("catalyst-core")
        .iter()
        .map(|source| {
            let text = fs::read_to_string(source::root().join(&source.path)).unwrap();
            source::code_lines(source::without_tests(&text))
        })
        .sum();
    assert!(
        lines <= CORE_LINES,
        "catalyst-core has {lines} lines of code; code with one user moves to that user"
    );
}

#[test]
fn no_file_is_too_long_to_read() {
    for file in source::all_files() {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= FILE_LINES, "{} has {lines} lines", source::name(&file));
    }
}

#[test]
fn the_rules_see_what_they_look_for() {
    let text = "fn a() { tokio::spawn(b()); let _ = std::env::var(\"X\"); tokio::select! { _ = x => set.spawn(y) } }";
    let items = syn::parse_file(text).unwrap().items;
    let names = Names::of(&Source { path: String::new(), items, fake: false });
    assert!(names.paths.contains(&"std::env::var".to_owned()), "{:?}", names.paths);
    assert!(names.mention(|name| name == "spawn") && !names.mention(|name| name == "nothing"));
    assert!(names.macros.iter().any(|text| text.contains("spawn")), "{:?}", names.macros);
}

fn start_of(item: &Item) -> String {
    item.to_token_stream().to_string().chars().take(80).collect()
}
