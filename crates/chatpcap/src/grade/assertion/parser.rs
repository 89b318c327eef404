//! The text of an assertion.

use std::sync::Arc;

use super::{Assertion, AssertionError, Comparison, Count, Host, Protocol};
use crate::filter::Filter;
use crate::grade::hand_in::Patterns;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(&'static str),
}

/// Reads an assertion token by token.
pub(super) struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

/// Longer ones first, for one begins with another.
const SIGNS: [&str; 10] = [">=", "<=", "==", "!=", ">", "<", "=", "(", ")", ","];

impl Parser {
    pub(super) fn new(text: &str) -> Result<Self, AssertionError> {
        let mut tokens = Vec::new();
        let mut column = 1;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if first.is_whitespace() {
                first.len_utf8()
            } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                tokens.push((column, Token::Sign(sign)));
                sign.len()
            } else if matches!(first, '"' | '\'') {
                let inner = rest.get(1..).unwrap_or_default();
                let Some(length) = inner.find(first) else {
                    return Err(AssertionError {
                        column,
                        reason: "the quote has no end".to_owned(),
                    });
                };
                tokens.push((
                    column,
                    Token::Quoted(inner.get(..length).unwrap_or_default().to_owned()),
                ));
                length + 2
            } else {
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                if length == 0 {
                    return Err(AssertionError {
                        column,
                        reason: format!("`{first}` has no meaning here"),
                    });
                }
                tokens.push((
                    column,
                    Token::Word(rest.get(..length).unwrap_or_default().to_owned()),
                ));
                length
            };
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            column += token.chars().count();
            rest = after;
        }
        Ok(Self {
            tokens,
            next: 0,
            end: column,
        })
    }

    pub(super) fn assertion(&mut self, text: &str) -> Result<Assertion, AssertionError> {
        let count = self.count()?;
        let files = if self.takes_word("in") {
            let (column, pattern) = self.quoted("a pattern of files in quotes")?;
            let patterns = Patterns::new(&[pattern]);
            Some(patterns.map_err(|error| AssertionError {
                column,
                reason: error.to_string(),
            })?)
        } else {
            None
        };
        let comparison = match self.token() {
            Some((_, Token::Sign(">="))) => Comparison::MoreOrEqual,
            Some((_, Token::Sign("<="))) => Comparison::LessOrEqual,
            Some((_, Token::Sign("==" | "="))) => Comparison::Equal,
            Some((_, Token::Sign("!="))) => Comparison::NotEqual,
            Some((_, Token::Sign(">"))) => Comparison::More,
            Some((_, Token::Sign("<"))) => Comparison::Less,
            other => return Err(self.needs(other, "a comparison: >=, >, ==, !=, < or <=")),
        };
        let number = self.number("a number")?;
        match self.token() {
            None => Ok(Assertion {
                text: text.trim().to_owned(),
                count,
                files,
                comparison,
                number,
            }),
            more => Err(self.needs(more, "nothing more")),
        }
    }

    fn count(&mut self) -> Result<Count, AssertionError> {
        let found = self.token();
        let word = match &found {
            Some((_, Token::Word(word))) => word.as_str(),
            _ => "",
        };
        let protocol = match word {
            "handshakes" => return Ok(Count::Handshakes { port: self.port()? }),
            "filter" => {
                self.sign("(")?;
                let (column, text) = self.quoted("a display filter in quotes")?;
                self.sign(")")?;
                let filter = Filter::new(&text).map_err(|error| AssertionError {
                    // Behind the quote.
                    column: column + error.column(),
                    reason: error.message,
                })?;
                return Ok(Count::Filter(Arc::new(filter)));
            }
            "packets" => Protocol::All,
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "dns" => Protocol::Dns,
            "arp" => Protocol::Arp,
            "icmp" => Protocol::Icmp,
            "ipv4" => Protocol::Ipv4,
            "ipv6" => Protocol::Ipv6,
            _ => {
                return Err(self.needs(
                    found,
                    "handshakes, filter, packets, tcp, udp, dns, arp, icmp, ipv4 or ipv6",
                ));
            }
        };
        if !matches!(protocol, Protocol::Tcp | Protocol::Udp) {
            return Ok(Count::Packets {
                protocol,
                between: None,
                port: None,
            });
        }
        let between = if self.takes_word("between") {
            let one = self.host()?;
            if !self.takes_word("and") {
                let found = self.token();
                return Err(self.needs(found, "and"));
            }
            Some([one, self.host()?])
        } else {
            None
        };
        Ok(Count::Packets {
            protocol,
            between,
            port: self.port()?,
        })
    }

    /// `(port = 5000)`, or nothing.
    fn port(&mut self) -> Result<Option<u16>, AssertionError> {
        if !self.takes(&Token::Sign("(")) {
            return Ok(None);
        }
        if !self.takes_word("port") {
            let found = self.token();
            return Err(self.needs(found, "port"));
        }
        self.sign("=")?;
        let column = self.column();
        let port = self.number("a port")?;
        let port = u16::try_from(port).map_err(|_| AssertionError {
            column,
            reason: format!("{port} is no port: needs at most 65535"),
        })?;
        self.sign(")")?;
        Ok(Some(port))
    }

    fn host(&mut self) -> Result<Host, AssertionError> {
        let found = self.token();
        if let Some((_, Token::Word(word))) = &found {
            match (word.as_str(), word.parse()) {
                ("server", _) => return Ok(Host::Server),
                ("client1", _) => return Ok(Host::Client1),
                ("client2", _) => return Ok(Host::Client2),
                (_, Ok(address)) => return Ok(Host::Address(address)),
                _ => {}
            }
        }
        Err(self.needs(found, "server, client1, client2 or an address"))
    }

    fn token(&mut self) -> Option<(usize, Token)> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn column(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.end, |(column, _)| *column)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self
            .tokens
            .get(self.next)
            .is_some_and(|(_, next)| next == token);
        self.next += usize::from(is_next);
        is_next
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), AssertionError> {
        if self.takes(&Token::Sign(sign)) {
            return Ok(());
        }
        let found = self.token();
        Err(self.needs(found, sign))
    }

    fn number(&mut self, what: &str) -> Result<u64, AssertionError> {
        let found = self.token();
        match &found {
            Some((_, Token::Word(word))) if word.parse::<u64>().is_ok() => {
                Ok(word.parse().unwrap_or(0))
            }
            _ => Err(self.needs(found, what)),
        }
    }

    fn quoted(&mut self, what: &str) -> Result<(usize, String), AssertionError> {
        match self.token() {
            Some((column, Token::Quoted(text))) => Ok((column, text)),
            other => Err(self.needs(other, what)),
        }
    }

    fn needs(&self, found: Option<(usize, Token)>, what: &str) -> AssertionError {
        let (column, found) = match found {
            Some((column, Token::Word(word))) => (column, format!("`{word}`")),
            Some((column, Token::Quoted(text))) => (column, format!("\"{text}\"")),
            Some((column, Token::Sign(sign))) => (column, format!("`{sign}`")),
            None => (self.end, "the end".to_owned()),
        };
        AssertionError {
            column,
            reason: format!("needs {what}, not {found}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assertions_are_understood() {
        for text in [
            "handshakes(port = 5000) >= 2",
            "handshakes > 0",
            "udp between client1 and client2 >= 1",
            "udp between 10.20.30.11 and server (port=5000) == 4",
            "tcp(port = 5000) != 0",
            "packets < 100000",
            "filter('tcp.flags.syn == 1 && frame.len in {1, 2}') in \"*server*.pcap\" >= 2",
            "dns in \"client?.pcap\" <= 10",
        ] {
            assert_eq!(Assertion::new(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn errors_point_at_the_column() {
        for (text, column, words) in [
            ("", 1, "needs handshakes"),
            ("luck >= 1", 1, "`luck`"),
            ("handshakes(port = x) >= 2", 19, "needs a port, not `x`"),
            ("handshakes(port = 70000) >= 2", 19, "no port"),
            ("udp between client1 client2 >= 1", 21, "needs and"),
            ("udp between client1 and client3 >= 1", 25, "`client3`"),
            ("udp >=", 7, "the end"),
            ("udp 1", 5, "a comparison"),
            ("udp >= 1 or more", 10, "nothing more"),
            ("filter(\"tcp) >= 1", 8, "no end"),
            ("udp ≥ 1", 5, "`≥`"),
            ("filter('tcp.flag == 1') == 0", 9, "tcp.flag"),
            ("filter('tcp.port == ') == 0", 21, "a value"),
            ("packets(port = 1) >= 1", 8, "a comparison"),
        ] {
            let error = Assertion::new(text).unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
    }
}
