//! Names that nobody may take for himself.

use std::sync::LazyLock;

use chat_proto::UserName;

/// Who has one of these could pass for the server, for who runs it, or for all: `chatserver` is how lab
/// clients are told why they must go. The operator may add accounts of these names all the same.
const RESERVED: [&str; 16] = [
    "admin",
    "administrator",
    "all",
    "chat-server",
    "chatserver",
    "everyone",
    "me",
    "moderator",
    "operator",
    "root",
    "security",
    "server",
    "staff",
    "support",
    "system",
    "you",
];

/// Whether a name is reserved, or looks like one that is.
pub(crate) fn is_reserved(name: &UserName) -> bool {
    static LOOKS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let names = RESERVED.iter().flat_map(|name| UserName::new(name));
        names.map(|name| name.look()).collect()
    });
    LOOKS.contains(&name.look())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_and_their_look_alikes_are_known() {
        let reserved = |text| is_reserved(&UserName::new(text).unwrap());
        for name in RESERVED {
            assert!(reserved(name), "{name}");
        }
        for name in ["Chat_Server", "ADMlN", "adrnin", "r00t", "system.", "A11"] {
            assert!(reserved(name), "{name}");
        }
        for name in ["alice", "servers", "adam", "server-2", "youssef"] {
            assert!(!reserved(name), "{name}");
        }
    }
}
