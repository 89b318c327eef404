//! Golden files: what people read, octet for octet.

use std::fs;
use std::path::Path;

/// Compares what was printed with a golden file; with `UPDATE_GOLDEN` set, rewrites the file.
pub fn compare(golden: &str, printed: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, printed).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let printed = String::from_utf8_lossy(printed);
    assert!(
        printed == expected,
        "{golden} differs\n--- expected\n{expected}\n--- printed\n{printed}\n--- \
         `UPDATE_GOLDEN=1` rewrites it"
    );
}
