//! CPU time and memory of another process.

use std::fs;

/// CPU time so far, in seconds, of all threads that live.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text
            .split(' ')
            .next()
            .and_then(|n| n.parse::<u64>().ok())
            .unwrap_or(0);
    }
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}

/// Memory in the machine at this moment, in kibibytes.
pub(crate) fn memory_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
