//! Reading counters.

use super::Source;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_MONOTONIC`.
pub(super) fn monotonic() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The processor's counter, if it runs at one rate on all cores, whatever they do, and the system
/// trusts it.
#[cfg(target_arch = "x86_64")]
pub(super) fn source() -> Option<Source> {
    use core::arch::x86_64::__cpuid;
    /// The leaf that tells of power management, and the bit that says that the counter's rate is constant.
    const POWER: (u32, u32) = (0x8000_0007, 1 << 8);
    let invariant = __cpuid(0x8000_0000).eax >= POWER.0 && __cpuid(POWER.0).edx & POWER.1 != 0;
    // Where cores disagreed, or it was seen to run unevenly, the kernel has taken it off its list.
    let clocks = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    let distrusted =
        std::fs::read_to_string(clocks).is_ok_and(|clocks| !clocks.split_whitespace().any(|clock| clock == "tsc"));
    (invariant && !distrusted).then_some(Source::Tsc)
}

/// As above: by the architecture, the counter is always so.
#[cfg(target_arch = "aarch64")]
pub(super) fn source() -> Option<Source> {
    Some(Source::SystemCounter)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn source() -> Option<Source> {
    None
}

/// The processor's counter.
#[inline(always)]
pub(super) fn counter() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, and no system that this runs on forbids it to user
    // code (Linux does so only at a process's own request, by `prctl(PR_SET_TSC)`).
    let ticks = unsafe { core::arch::x86_64::_rdtsc() };
    #[cfg(target_arch = "aarch64")]
    let ticks = {
        let ticks: u64;
        // SAFETY: reads a register that Linux lets user code read; touches no memory.
        unsafe { core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack, preserves_flags)) };
        ticks
    };
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let ticks = monotonic();
    ticks
}

/// Lets no later instruction start before every earlier load is done. Without it the processor may read
/// the counter while the load that ends a wait is still under way. Stores may still be on their way to
/// other cores.
#[inline(always)]
pub(super) fn finish_loads() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `lfence` is part of SSE2, which every x86-64 processor has; it touches no register and no memory.
    unsafe {
        core::arch::x86_64::_mm_lfence();
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: `isb` only flushes the pipeline; it touches no register and no memory.
    unsafe {
        core::arch::asm!("isb", options(nostack, preserves_flags));
    }
}
