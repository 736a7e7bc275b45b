//! Answers, read: bounded XML without a document type.

use catalyst_core::http::Response;
use catalyst_core::{Error, Result};
use roxmltree::{Document, Node, ParsingOptions};

use super::refusal;
use crate::registrar::cause::unreadable;
use crate::registrar::format::{Format, is_html};

/// How Namecheap writes.
pub(super) const XML: Format =
    Format { accept: "application/xml", is_data: |body| !is_html(body), page: refusal::page };

/// The most nodes of an answer; a page of 100 domains has about a thousand.
const MAX_NODES: u32 = 50_000;

/// Reads an answer of any status and gives `read` the element `result` of it.
///
/// # Errors
/// What Namecheap says, or that it is not what its documentation promises.
pub(super) fn read<T>(
    operation: &'static str,
    response: &Response,
    result: &str,
    read: impl Fn(Node<'_, '_>) -> Result<T>,
) -> Result<T> {
    if let Some(error) = refusal::by_status(operation, response) {
        return Err(error);
    }
    with_body(operation, response.body(), |root| match named(root, result) {
        Some(node) => read(node),
        None => Err(unreadable(operation, "the result is missing")),
    })
}

pub(super) fn with_body<T>(
    operation: &'static str,
    body: &[u8],
    read: impl Fn(Node<'_, '_>) -> Result<T>,
) -> Result<T> {
    let text = std::str::from_utf8(body).map_err(|_invalid| unreadable(operation, "it is not UTF-8"))?;
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text.trim_start_matches('\u{feff}'), options)
        .map_err(|_malformed| unreadable(operation, "it is not XML, or too large"))?;
    let root = document.root_element();
    match root.attribute("Status") {
        Some("OK") => read(root),
        Some(_) => Err(refused(operation, root)),
        None => Err(unreadable(operation, "it has no status")),
    }
}

/// The first error that the answer names.
fn refused(operation: &'static str, root: Node<'_, '_>) -> Error {
    let Some(error) = named(root, "Error") else {
        return unreadable(operation, "it is an error without a number");
    };
    let number = error.attribute("Number").and_then(|text| text.parse().ok()).unwrap_or(0);
    refusal::refused(operation, number, error.text().unwrap_or_default().trim())
}

/// The first element of this name below `node`, whatever its namespace.
pub(super) fn named<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// All elements of this name below `node`.
pub(super) fn all<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.descendants().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// Whether an attribute says yes.
pub(super) fn yes(node: Node<'_, '_>, name: &str) -> bool {
    node.attribute(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}
