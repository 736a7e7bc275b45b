//! Which zone a name belongs to, among many.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use super::domain::Reversed;
use super::{DomainName, ZoneName};

/// Zones, ready to be asked which of them a name belongs to: the longest one that is the name or an ancestor of it.
///
/// A trie of labels from the right, in one table: a look-up costs one probe for each label that names and zones have
/// in common, however many zones there are, and allocates nothing.
///
/// ```
/// use catalyst_dns::{ZoneMatcher, ZoneName};
///
/// let zones = ["example.org", "eu.example.org"].map(str::parse::<ZoneName>);
/// let matcher = ZoneMatcher::new(zones.into_iter().collect::<Result<Vec<_>, _>>()?);
/// let zone = matcher.find(&"www.eu.example.org".parse()?);
/// assert_eq!(zone.map(ZoneName::as_str), Some("eu.example.org."));
/// assert!(matcher.find(&"example.com".parse()?).is_none());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct ZoneMatcher {
    zones: Vec<ZoneName>,
    /// Each label that leads to a zone, with the node above it; the first one is the root.
    nodes: Vec<Node>,
    /// The labels of all nodes, one after another.
    labels: String,
    /// Open addressing, at most half full; its size is a power of two.
    slots: Vec<Slot>,
    /// Differs between matchers, so that nobody can choose names that collide.
    seed: u64,
}

#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    /// Where its label begins, and how long it is.
    start: u32,
    length: u8,
    /// Whether labels lead on from here. Most zones are the ends of their branches, and most names have more labels
    /// than their zones: without this, each of those would cost one more probe, in vain.
    leads_on: bool,
    /// Its zone, if one ends here.
    zone: Option<u32>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// The upper half of the hash, which spares most look-ups of the label.
    tag: u32,
    /// The node; 0 is an empty slot, for the root is in no slot.
    node: u32,
}

const ROOT: u32 = 0;

impl ZoneMatcher {
    /// A matcher for these zones; the same zone twice counts once.
    pub fn new(zones: impl IntoIterator<Item = ZoneName>) -> Self {
        let mut matcher = Self {
            zones: Vec::new(),
            nodes: vec![Node { parent: ROOT, start: 0, length: 0, leads_on: false, zone: None }],
            labels: String::new(),
            slots: vec![Slot::default(); 16],
            seed: RandomState::new().hash_one(0),
        };
        for zone in zones {
            matcher.add(zone);
        }
        matcher
    }

    /// The zone that `name` belongs to: of several, the one with the most labels.
    pub fn find(&self, name: &DomainName) -> Option<&ZoneName> {
        let (mut node, mut found) = (ROOT, None);
        for label in Reversed(name.without_dot()) {
            match self.child(node, label) {
                Ok(child) => node = child,
                Err(_free) => break,
            }
            let here = &self.nodes[node as usize];
            found = here.zone.or(found);
            if !here.leads_on {
                break;
            }
        }
        self.zones.get(found? as usize)
    }

    /// The zones, in the order in which they came.
    pub fn zones(&self) -> &[ZoneName] {
        &self.zones
    }

    fn add(&mut self, zone: ZoneName) {
        let mut node = ROOT;
        for label in Reversed(zone.apex().without_dot()) {
            node = match self.child(node, label) {
                Ok(child) => child,
                Err(free) => self.insert(node, label, free),
            };
        }
        // Four billion labels do not fit into memory: the conversions cannot fail before that does.
        let index = u32::try_from(self.zones.len()).unwrap_or(u32::MAX);
        let here = &mut self.nodes[node as usize].zone;
        if here.is_none() {
            *here = Some(index);
            self.zones.push(zone);
        }
    }

    /// The node of `label` below `parent`, or the slot where it would stand.
    fn child(&self, parent: u32, label: &str) -> Result<u32, usize> {
        let hash = self.hash(parent, label);
        let (tag, mask) = (tag(hash), self.slots.len() - 1);
        let mut at = index(hash) & mask;
        loop {
            let slot = self.slots[at];
            if slot.node == ROOT {
                return Err(at);
            }
            if slot.tag == tag {
                let node = &self.nodes[slot.node as usize];
                if node.parent == parent && self.label(node) == label {
                    return Ok(slot.node);
                }
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, parent: u32, label: &str, free: usize) -> u32 {
        let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let start = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        // A label has at most 63 octets, and so 252 characters.
        let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
        self.labels.push_str(label);
        self.nodes.push(Node { parent, start, length, leads_on: false, zone: None });
        self.nodes[parent as usize].leads_on = true;
        self.slots[free] = Slot { tag: tag(self.hash(parent, label)), node };
        if self.nodes.len() * 2 > self.slots.len() {
            self.grow();
        }
        node
    }

    fn grow(&mut self) {
        let mut slots = vec![Slot::default(); self.slots.len() * 2];
        let mask = slots.len() - 1;
        for (number, node) in self.nodes.iter().enumerate().skip(1) {
            let hash = self.hash(node.parent, self.label(node));
            let mut at = index(hash) & mask;
            while slots[at].node != ROOT {
                at = (at + 1) & mask;
            }
            slots[at] = Slot { tag: tag(hash), node: u32::try_from(number).unwrap_or(u32::MAX) };
        }
        self.slots = slots;
    }

    fn label(&self, node: &Node) -> &str {
        let start = node.start as usize;
        &self.labels[start..start + usize::from(node.length)]
    }

    /// Eight octets at a time; labels are short, and most have one or two such steps.
    fn hash(&self, parent: u32, label: &str) -> u64 {
        let mix = |hash: u64, word: u64| {
            let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash ^ hash >> 32
        };
        let words = label.as_bytes().chunks_exact(8);
        let rest = words.remainder().iter().fold(1, |word, byte| word << 8 | u64::from(*byte));
        let start = mix(self.seed, u64::from(parent));
        let words = words
            .fold(start, |hash, word| mix(hash, <[u8; 8]>::try_from(word).map_or(0, u64::from_le_bytes)));
        mix(words, rest)
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[allow(clippy::cast_possible_truncation, reason = "the table has fewer slots than that")]
fn index(hash: u64) -> usize {
    hash as usize
}

impl FromIterator<ZoneName> for ZoneMatcher {
    fn from_iter<I: IntoIterator<Item = ZoneName>>(zones: I) -> Self {
        Self::new(zones)
    }
}

impl fmt::Debug for ZoneMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZoneMatcher").field("zones", &self.zones.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_look_at_every_zone_finds(
            zones in prop::collection::vec("([ab]\\.){0,3}(c|d\\\\\\.c)", 0..40),
            names in prop::collection::vec("([abx]\\.){0,4}(c|d\\\\\\.c|d\\.c|e)", 1..20),
        ) {
            let zones: Vec<ZoneName> = zones.iter().map(|zone| zone.parse().unwrap()).collect();
            let matcher: ZoneMatcher = zones.iter().cloned().collect();
            for name in names {
                let name: DomainName = name.parse().unwrap();
                let longest = zones.iter().filter(|zone| zone.contains(&name)).max_by_key(|zone| zone.as_str().len());
                prop_assert_eq!(matcher.find(&name), longest, "{}", name);
            }
        }
    }

    #[test]
    fn a_table_that_grew_still_finds_every_zone() {
        let zones: Vec<ZoneName> = (0..5000).map(|n| format!("z{n}.example").parse().unwrap()).collect();
        let matcher = ZoneMatcher::new(zones.clone());
        for zone in &zones {
            assert_eq!(matcher.find(&zone.child("www").unwrap()), Some(zone));
        }
        assert_eq!(matcher.find(&"z5000.example".parse().unwrap()), None);
        assert_eq!(matcher.find(&DomainName::root()), None);
    }

    #[test]
    fn a_label_that_begins_alike_is_another() {
        let matcher = ZoneMatcher::new(["example.org".parse().unwrap()]);
        for other in ["notexample.org", "xexample.org", "example.orgx", "org", "a\\.example.org"] {
            assert_eq!(matcher.find(&other.parse().unwrap()), None, "{other}");
        }
    }
}
