//! What a typed line means.

use chat_client::ChatText;

/// The commands, for help and completion.
pub(super) const COMMANDS: [&str; 3] = ["#help", "#ls", "#quit"];

/// What `#help` shows.
pub(super) const HELP: &str = "\
#ls            lists who is in the room
@name: text    says something to one user alone
#quit          leaves; so does Ctrl-D
anything else  is said to all
What is said to one alone goes past the server, by UDP: nobody can forge it, anybody on the way can read it.";

/// A typed line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// There is nothing on it.
    Empty,
    /// Lists the users.
    List,
    /// Shows the commands.
    Help,
    /// Leaves.
    Quit,
    /// Says something to all.
    Say(ChatText),
    /// Says something to one.
    Tell(String, ChatText),
    /// Cannot be done; why, in words.
    Wrong(&'static str),
}

impl Line {
    /// Understands a line. Only the first colon parts the name from the text.
    pub(super) fn parse(typed: &str) -> Self {
        let typed = typed.trim_end_matches(['\r', '\n']);
        match typed.trim() {
            "" => return Self::Empty,
            "#ls" => return Self::List,
            "#help" => return Self::Help,
            "#quit" => return Self::Quit,
            _ => {}
        }
        let Some(rest) = typed.strip_prefix('@') else {
            return text(typed).map_or_else(Self::Wrong, Self::Say);
        };
        let Some((name, said)) = rest.split_once(':') else {
            return Self::Wrong("not sent: a private message is written @name: text");
        };
        let (name, said) = (name.trim(), said.trim());
        if name.is_empty() || said.is_empty() {
            return Self::Wrong("not sent: a private message is written @name: text");
        }
        text(said).map_or_else(Self::Wrong, |text| Self::Tell(name.to_owned(), text))
    }
}

fn text(said: &str) -> Result<ChatText, &'static str> {
    if said.len() > chat_proto::MAX_TEXT {
        return Err("not sent: longer than 4000 octets");
    }
    ChatText::lossy(said).ok_or("not sent: there is no text in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> ChatText {
        ChatText::new(text).unwrap()
    }

    #[test]
    fn colons_in_a_text_survive() {
        let line = Line::parse("@bob: hi: there: ok\r\n");
        assert_eq!(line, Line::Tell("bob".to_owned(), said("hi: there: ok")));
        assert_eq!(Line::parse("note: this"), Line::Say(said("note: this")));
    }

    #[test]
    fn commands_are_whole_words() {
        assert_eq!(Line::parse(" #ls "), Line::List);
        assert_eq!(Line::parse("#quit"), Line::Quit);
        assert_eq!(Line::parse("#lst"), Line::Say(said("#lst")));
        assert_eq!(Line::parse("  "), Line::Empty);
    }

    #[test]
    fn half_a_private_message_is_not_said_to_all() {
        for typed in ["@bob hi", "@bob:", "@: hi", "@", "@bob:  "] {
            assert!(matches!(Line::parse(typed), Line::Wrong(_)), "{typed}");
        }
        assert!(matches!(Line::parse(&"x".repeat(4001)), Line::Wrong(_)));
    }

    #[test]
    fn controls_from_a_pipe_are_made_visible() {
        assert_eq!(Line::parse("a\x1b[2Jb"), Line::Say(said("a␛[2Jb")));
    }
}
