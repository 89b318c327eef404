//! Events as lines for people. Whatever others chose is made harmless here.

use chat_client::{EndCode, EndReason, Event, Member, Roster};
use chat_proto::scram::ScramError;
use chat_proto::visible;

use super::paint::Paint;

/// Names in one line; more are counted.
const NAMES: usize = 20;

/// Users that `#ls` lists; more are counted.
const LISTED: usize = 200;

/// An event as one line; `None`: there is nothing to show.
pub(super) fn event(event: &Event, paint: Paint) -> Option<String> {
    let notice = |text: String| Some(paint.notice(&format!("* {text}")));
    let warning = |text: String| Some(paint.warning(&format!("* {text}")));
    match event {
        Event::Connected {
            address,
            certificate,
        } => notice(match certificate {
            Some(name) => format!("connected to {address}, TLS 1.3, certificate of {name}"),
            None => format!("connected to {address}, in plain text"),
        }),
        Event::Registered { name } => notice(format!("registered {name}")),
        Event::Entered {
            name,
            udp: Some(udp),
        } => notice(format!(
            "you are {name}; private messages arrive at UDP port {udp}"
        )),
        Event::Entered { name, udp: None } => {
            notice(format!("you are {name}; you cannot get private messages"))
        }
        Event::Joined { names: joined } => notice(format!("{} joined", names(joined))),
        Event::Left {
            names: left,
            reason,
        } => notice(format!("{} left{}", names(left), why_left(*reason))),
        Event::Message { from, text, .. } => {
            Some(format!("{} {text}", paint.name(&format!("{from}:"))))
        }
        Event::LabMessage { from, text } => Some(match from {
            Some(from) => format!(
                "{} {}",
                paint.name(&format!("{}:", visible(from))),
                visible(text)
            ),
            None => format!("{} {}", paint.warning("somebody:"), visible(text)),
        }),
        Event::Private { from, text } => Some(format!(
            "{} {text}",
            paint.private(&format!("{from} (private):"))
        )),
        Event::Unverified {
            ip,
            names: there,
            text,
        } => {
            let whose = if there.is_empty() {
                "nobody here".to_owned()
            } else {
                format!("{}?", names(there))
            };
            let head = format!("{ip} ({whose}, private, unverified):");
            Some(format!("{} {text}", paint.warning(&head)))
        }
        Event::Delivered { to, .. } => notice(format!("delivered to {}", visible(to))),
        Event::SentUnverified { to, .. } => notice(format!(
            "sent to {}, whose program does not say what arrives",
            visible(to)
        )),
        Event::NotSaid { text, reason, .. } => warning(format!("not said: {reason}: {text}")),
        Event::NotDelivered {
            to, text, reason, ..
        } => warning(format!(
            "not delivered to {}: {reason}: {text}",
            visible(to)
        )),
        Event::Forged { ip, claims, count } => warning(format!(
            "{count} private messages that claim to be from {claims} are not: ignored (the last came from {ip})"
        )),
        Event::Unshown { ip, count } => warning(format!(
            "{count} unverified private messages came too fast: not shown (the last came from {ip})"
        )),
        Event::DoubtfulRoster { moved } => warning(format!(
            "a roster gives {} another address: not believed, it may be forged",
            names(moved)
        )),
        Event::Refused(refusal) => warning(format!("refused: {}", visible(&refusal.text))),
        Event::NoUdp { error } => warning(format!("no private messages: {error}")),
        Event::Disconnected {
            reason,
            attempt,
            wait,
        } if is_told(*attempt) => {
            let seconds = wait.as_secs_f64();
            warning(format!("{reason}; trying again in {seconds:.1} s"))
        }
        _ => None,
    }
}

/// Who is here, in one line, after entering.
pub(super) fn here(roster: &Roster, paint: Paint) -> String {
    let others = roster.members().filter(|member| !roster.is_own(member));
    let others: Vec<String> = others.map(|member| member.name.clone()).collect();
    let text = match others.len() {
        0 => "nobody else is here".to_owned(),
        1 => format!("{} is here", names(&others)),
        _ => format!("{} are here", names(&others)),
    };
    paint.notice(&format!("* {text}"))
}

/// The lines of `#ls`.
pub(super) fn list(roster: &Roster) -> Vec<String> {
    let shown = || roster.members().take(LISTED);
    let widths = shown().map(|member| visible(&member.name).chars().count());
    let width = widths.max().unwrap_or(0);
    let line = |member: &Member| {
        let name = visible(&member.name);
        let own = if roster.is_own(member) { "  (you)" } else { "" };
        format!("{name:width$}  {}{own}", place(member))
    };
    let mut lines: Vec<String> = shown().map(line).collect();
    if roster.is_empty() {
        lines.push("nobody is known to be here".to_owned());
    }
    let more = roster.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// Why the client as a whole ended, with what helps.
pub(super) fn end(reason: &EndReason) -> (String, Option<&'static str>) {
    let hint = match reason {
        EndReason::Bye {
            code: EndCode::TakenOver,
            ..
        } => Some(
            "whoever did it knows the password: if it was not you, have it reset at the server",
        ),
        EndReason::Bye {
            code: EndCode::AccountChanged,
            ..
        } => Some("ask who keeps the server, or register anew with --register"),
        EndReason::Bye {
            code: EndCode::WrongProtocol | EndCode::BadVersion,
            ..
        } => Some("the programs at both ends must be of one version"),
        EndReason::Bye {
            code: EndCode::TooManyTries,
            ..
        } => Some("without an account yet, use --register"),
        EndReason::SpeaksTls => Some("use --tls"),
        EndReason::Login(ScramError::Binding) => Some(
            "the password is safe; do not log in from this network until it is clear who does this",
        ),
        EndReason::NotAServer { lab: true, .. } => {
            Some("it looks like a Python server of the lab: use --lab")
        }
        EndReason::NotAServer { .. } => {
            Some("check host and port; a Python server of the lab needs --lab")
        }
        EndReason::Login(_) => {
            Some("this may not be the server that has your account: check its address")
        }
        _ => None,
    };
    (reason.to_string(), hint)
}

/// The first tries are told, then every tenth.
fn is_told(attempt: u32) -> bool {
    attempt <= 3 || attempt.is_multiple_of(10)
}

fn names(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(NAMES)
        .map(|name| visible(name).into_owned())
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn place(member: &Member) -> String {
    match member.address {
        None => "address asked for when needed".to_owned(),
        Some(address) => match (address.udp, address.key) {
            (None, _) => format!("{}, takes no private messages", address.ip),
            (Some(udp), Some(_)) => std::net::SocketAddr::new(address.ip, udp).to_string(),
            (Some(udp), None) => format!(
                "{}, lab program: anybody can pose as it",
                std::net::SocketAddr::new(address.ip, udp)
            ),
        },
    }
}

fn why_left(reason: Option<EndCode>) -> &'static str {
    match reason {
        Some(EndCode::Lost) => " (connection lost)",
        Some(EndCode::Idle) => " (no answer)",
        Some(EndCode::TooSlow) => " (read too slowly)",
        Some(EndCode::AccountChanged) => " (account changed)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use chat_client::{ChatText, UserName};

    use super::*;

    fn shown(happened: &Event) -> String {
        event(happened, Paint::off()).unwrap()
    }

    #[test]
    fn what_others_chose_cannot_move_the_cursor() {
        let message = Event::LabMessage {
            from: Some("b\x1b[2Job".to_owned()),
            text: "\r* carol left\u{202e}\n".to_owned(),
        };
        assert_eq!(shown(&message), "b␛[2Job: ␍* carol left<U+202E>␊");
        let joined = Event::Joined {
            names: vec!["\x07x".to_owned()],
        };
        assert_eq!(shown(&joined), "* ␇x joined");
        let text = ChatText::new("a\u{2066}b").unwrap();
        let from = UserName::new("bob").unwrap();
        assert_eq!(
            shown(&Event::Private { from, text }),
            "bob (private): a<U+2066>b"
        );
    }

    #[test]
    fn bare_text_is_named_by_its_address() {
        let text = ChatText::new("hi").unwrap();
        let ip = "10.20.30.12".parse().unwrap();
        let names = vec!["bob".to_owned()];
        let line = shown(&Event::Unverified { ip, names, text });
        assert_eq!(line, "10.20.30.12 (bob?, private, unverified): hi");
    }

    #[test]
    fn long_lists_are_counted() {
        let names: Vec<String> = (0..25).map(|n| format!("u{n}")).collect();
        let line = shown(&Event::Joined { names });
        assert!(line.ends_with("u19 and 5 more joined"), "{line}");
    }
}
