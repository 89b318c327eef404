//! A real browser, to see a page as its reader sees it.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What Debian and others call it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Lets a browser lay out a page so many pixels wide, runs `expression` in it, and gives what that is as
/// JSON.
///
/// `None` where there is no browser: a test that needs it says that it skips, and passes.
pub fn evaluate(page: &str, width: u32, expression: &str) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    // The page itself has no script. This one comes last, and leaves what it finds in an attribute.
    let script = format!(
        "<script>document.documentElement.dataset.found = encodeURIComponent(JSON.stringify({expression}));</script>"
    );
    fs::write(&path, format!("{page}{script}")).unwrap();
    let size = format!("--window-size={width},900");
    let printed = run(&[
        OsStr::new(&size),
        OsStr::new("--dump-dom"),
        path.as_os_str(),
    ])?;
    let found = printed
        .split("data-found=\"")
        .nth(1)
        .expect("the script ran");
    let found = found.split('"').next().unwrap();
    Some(serde_json::from_str(&decoded(found)).unwrap())
}

/// Prints a page to PDF and gives the text of that; `None` without a browser or `pdftotext`.
pub fn printed_text(page: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let pdf = folder.path().join("page.pdf");
    fs::write(&path, page).unwrap();
    let mut print = OsStr::new("--print-to-pdf=").to_owned();
    print.push(&pdf);
    run(&[
        &print,
        OsStr::new("--no-pdf-header-footer"),
        path.as_os_str(),
    ])?;
    let text = Command::new("pdftotext")
        .args([OsStr::new("-layout"), pdf.as_os_str(), OsStr::new("-")])
        .output()
        .ok()?;
    assert!(text.status.success(), "pdftotext: {}", text.status);
    Some(String::from_utf8(text.stdout).unwrap())
}

fn run(arguments: &[&OsStr]) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let is_there = |name: &&&str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| Path::new(&folder).join(name).is_file())
    };
    let name = NAMES.iter().find(is_there)?;
    let mut profile_option = OsStr::new("--user-data-dir=").to_owned();
    profile_option.push(profile.path());
    // As root there is no sandbox; what is opened is our own page.
    let output = Command::new(name)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .arg(profile_option)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {}", output.status);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Undoes `encodeURIComponent`.
fn decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap();
            octets.push(u8::from_str_radix(digits, 16).unwrap());
        } else {
            octets.push(octet);
        }
    }
    String::from_utf8(octets).unwrap()
}
