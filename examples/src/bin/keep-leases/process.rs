//! What this process uses.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{SysconfVar, sysconf};

use crate::Broken;

/// Of all threads, in user and in kernel mode.
pub(crate) fn cpu_time() -> Result<Duration, Broken> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |value: nix::sys::time::TimeVal| -> Result<Duration, Broken> {
        Ok(Duration::from_secs(value.tv_sec().try_into()?)
            + Duration::from_micros(value.tv_usec().try_into()?))
    };
    Ok(time(usage.user_time())? + time(usage.system_time())?)
}

/// Bytes of memory that are really there.
pub(crate) fn resident() -> Result<u64, Broken> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).ok_or("/proc/self/statm is not as it was")?.parse()?;
    let page = sysconf(SysconfVar::PAGE_SIZE)?.ok_or("the size of a page is not known")?;
    Ok(pages * u64::try_from(page)?)
}
