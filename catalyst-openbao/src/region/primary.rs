//! Who is to be primary: a setting that a person, or a configuration that is watched, changes.

use tokio::sync::watch;

use crate::RegionName;

/// Who is to be primary, as those see it who follow: from [`primary_setting`].
#[derive(Clone, Debug)]
pub struct PrimarySetting(watch::Receiver<RegionName>);

/// Changes a [`PrimarySetting`].
#[derive(Debug)]
pub struct PrimarySwitch(watch::Sender<RegionName>);

/// A setting and its switch: the application keeps the switch, and turns it when its configuration says so. A change
/// is an order to promote; the value at the start is not.
///
/// ```
/// use catalyst_openbao::region::primary_setting;
///
/// let (switch, setting) = primary_setting("muscat".parse()?);
/// assert_eq!(setting.get().as_str(), "muscat");
/// switch.set("salalah".parse()?);
/// assert_eq!(setting.get().as_str(), "salalah");
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
pub fn primary_setting(first: RegionName) -> (PrimarySwitch, PrimarySetting) {
    let (sender, receiver) = watch::channel(first);
    (PrimarySwitch(sender), PrimarySetting(receiver))
}

impl PrimarySwitch {
    /// Orders the promotion of `region` by all that follow. The same one again is no order.
    pub fn set(&self, region: RegionName) {
        self.0.send_if_modified(|now| {
            let changes = *now != region;
            *now = region;
            changes
        });
    }
}

impl PrimarySetting {
    /// Who is to be primary now.
    pub fn get(&self) -> RegionName {
        self.0.borrow().clone()
    }

    /// The new value, if it changed since it was asked last.
    pub(crate) fn order(&mut self) -> Option<RegionName> {
        match self.0.has_changed() {
            Ok(true) => Some(self.0.borrow_and_update().clone()),
            _ => None,
        }
    }

    /// The value now, taken note of.
    pub(crate) fn first(&mut self) -> RegionName {
        self.0.borrow_and_update().clone()
    }
}
