//! What the three programs have in common: `--version`, manual pages, completions.

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::program::program;

const PROGRAMS: [&str; 3] = ["chatpcap", "chat-server", "chat-client"];

#[test]
fn each_tells_its_version_and_how_it_was_built() {
    for name in PROGRAMS {
        let output = Command::new(program(name))
            .arg("--version")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let told = text
            .strip_prefix(&format!("{name} {version} ("))
            .and_then(|rest| rest.strip_suffix(")\n"));
        let told = told.unwrap_or_else(|| panic!("{text:?}"));
        if cfg!(debug_assertions) {
            assert_eq!(told, "debug build", "{name}");
        } else {
            assert_eq!(told.split(' ').next().unwrap().len(), 9, "{name}: {told}");
        }
    }
}

#[test]
fn pages_and_completions_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    // It is made.
    let folder = folder.path().join("share");
    for name in PROGRAMS {
        // What is set for the program's own work must not matter.
        let output = Command::new(program(name))
            .env("CHAT_DATA", "elsewhere")
            .env("CHAT_SERVER", "elsewhere")
            .arg("--generate")
            .arg(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
        for file in [
            format!("{name}.1"),
            format!("{name}.bash"),
            format!("{name}.fish"),
            format!("_{name}"),
        ] {
            assert!(folder.join(&file).metadata().unwrap().len() > 500, "{file}");
        }
    }
    each_command_has_a_page(&folder);
    groff_reads_all(&folder);
    bash_completes(&folder);

    let nowhere = Path::new("/dev/null/share");
    for (name, status) in [("chatpcap", 2), ("chat-server", 1), ("chat-client", 2)] {
        let output = Command::new(program(name))
            .arg("--generate")
            .arg(nowhere)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{name}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("/dev/null/share"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

fn each_command_has_a_page(folder: &Path) {
    let help = Command::new(program("chatpcap"))
        .arg("help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap())
        .filter(|command| *command != "help");
    let mut count = 0;
    for command in commands {
        let page = fs::read_to_string(folder.join(format!("chatpcap-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
        count += 1;
    }
    assert!(count >= 13, "{help}");
}

fn groff_reads_all(folder: &Path) {
    if Command::new("groff").arg("--version").output().is_err() {
        println!("skipped: groff is not installed, the pages were not read");
        return;
    }
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for page in entries.filter(|path| path.extension().is_some_and(|end| end == "1")) {
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww"])
            .arg(&page)
            .output()
            .unwrap();
        assert!(!output.stdout.is_empty(), "{}", page.display());
        let warnings = String::from_utf8_lossy(&output.stderr);
        assert_eq!(warnings, "", "{}", page.display());
    }
}

fn bash_completes(folder: &Path) {
    let script = "source chatpcap.bash
        COMP_WORDS=(chatpcap graph --wi) COMP_CWORD=2
        _chatpcap chatpcap --wi graph
        echo \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash")
        .current_dir(folder)
        .args(["-c", script])
        .output();
    match bash {
        Ok(output) => assert_eq!(output.stdout, b"--width\n", "{output:?}"),
        Err(_) => println!("skipped: bash is not installed, nothing was completed"),
    }
}
