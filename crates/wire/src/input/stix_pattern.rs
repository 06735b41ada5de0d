//! Patterns of STIX 2.1 (section 9), as far as one alert can answer them.
//!
//! What an alert names are values: addresses, names, URLs, hashes. A pattern of such values joined by AND and OR can be
//! answered; one that counts or orders observations, compares by likeness or asks for anything else cannot, and is refused
//! with the part that says so: half a pattern would match what its author did not mean.

use braid_alert::Identifier;

use super::observable::{EMPTY_FILE, Observable, ObservableKind, domain, is_numeric};
use super::stix_tokens::{Token, beyond, malformed, tokens, too_many, unanswerable};
use super::{naming, shorten};
use crate::{Refusal, RefusalReason};

/// The most values that a pattern may compare with.
pub(super) const VALUES_MAX: usize = 1_000;

/// How deep parentheses may stand in each other.
const DEPTH_MAX: usize = 32;

/// What a pattern asks of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// That it names this.
    Names(Observable),
    /// All of these.
    All(Vec<Pattern>),
    /// One of these.
    Any(Vec<Pattern>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `malformed` where it breaks the grammar, `unknown_value` with the part that one alert cannot answer, `too_large`.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0, values: 0, depth: 0 };
        let pattern = reader.observations()?;
        match reader.peek() {
            None => Ok(pattern),
            Some(token) => Err(beyond(token)),
        }
    }

    /// Every value in it.
    pub fn observables(&self) -> Vec<&Observable> {
        match self {
            Self::Names(value) => vec![value],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::observables).collect(),
        }
    }

    /// Whether an alert that names what `names` says is what it asks for.
    pub fn is_met(&self, names: &dyn Fn(&Observable) -> bool) -> bool {
        match self {
            Self::Names(value) => names(value),
            Self::All(parts) => parts.iter().all(|part| part.is_met(names)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(names)),
        }
    }
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    values: usize,
    depth: usize,
}

/// Reads a part between two words that join such parts.
type Part<'a> = fn(&mut Reader<'a>) -> Result<Pattern, Refusal>;

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, is: impl Fn(&Token<'a>) -> bool) -> bool {
        let takes = self.peek().is_some_and(is);
        self.at += usize::from(takes);
        takes
    }

    fn expect(&mut self, wanted: &Token<'a>) -> Result<(), Refusal> {
        match self.next() {
            Some(found) if found == *wanted => Ok(()),
            Some(found) => Err(beyond(&found)),
            None => Err(malformed(format!("it ends where {} should stand", wanted.told()))),
        }
    }

    /// OR binds loosest, then AND; so between observations as within one.
    fn joined(&mut self, part: Part<'a>) -> Result<Pattern, Refusal> {
        let mut any = Vec::new();
        loop {
            let mut all = vec![part(self)?];
            while self.takes(|token| token.is("AND")) {
                all.push(part(self)?);
            }
            all.retain(|part| *part != NOTHING_MORE);
            if all.is_empty() {
                return Err(unanswerable("a type without a value"));
            }
            any.push(if all.len() == 1 { all.remove(0) } else { Pattern::All(all) });
            if !self.takes(|token| token.is("OR")) {
                return Ok(if any.len() == 1 { any.remove(0) } else { Pattern::Any(any) });
            }
        }
    }

    /// Whatever `inner` reads between parentheses.
    fn within(&mut self, inner: Part<'a>) -> Result<Pattern, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Refusal::new(RefusalReason::TooLarge, "pattern: its parentheses stand too deep"));
        }
        let pattern = inner(self)?;
        self.depth -= 1;
        self.expect(&Token::Close)?;
        Ok(pattern)
    }

    fn observations(&mut self) -> Result<Pattern, Refusal> {
        self.joined(Self::observation)
    }

    fn observation(&mut self) -> Result<Pattern, Refusal> {
        match self.next() {
            Some(Token::Open) => self.within(Self::observations),
            Some(Token::BeginObservation) => {
                let pattern = self.comparisons()?;
                self.expect(&Token::EndObservation)?;
                Ok(pattern)
            }
            Some(other) => Err(beyond(&other)),
            None => Err(malformed("it ends where an observation should stand".into())),
        }
    }

    fn comparisons(&mut self) -> Result<Pattern, Refusal> {
        self.joined(Self::comparison)
    }

    fn comparison(&mut self) -> Result<Pattern, Refusal> {
        match self.next() {
            Some(Token::Open) => self.within(Self::comparisons),
            Some(Token::Word(path)) if path.contains(':') => self.values(path),
            Some(Token::Word(word)) if ["NOT", "EXISTS"].iter().any(|not| word.eq_ignore_ascii_case(not)) => {
                Err(unanswerable(word))
            }
            Some(other) => Err(malformed(format!("{} stands where a path should", other.told()))),
            None => Err(malformed("it ends where a path should stand".into())),
        }
    }

    fn values(&mut self, path: &'a str) -> Result<Pattern, Refusal> {
        match self.next() {
            Some(Token::Operator("=")) => self.value(path),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("IN") => {
                self.expect(&Token::Open)?;
                let mut any = vec![self.value(path)?];
                while self.takes(|token| *token == Token::Comma) {
                    any.push(self.value(path)?);
                }
                self.expect(&Token::Close)?;
                // All of them or none: they are of one path.
                Ok(if any[0] == NOTHING_MORE { NOTHING_MORE } else { Pattern::Any(any) })
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("ISSUBSET") && is_address(path) => {
                self.value(path)
            }
            Some(other) => Err(unanswerable(&format!("{} {}", shorten(path), other.told()))),
            None => Err(malformed(format!("it ends behind {}", shorten(path)))),
        }
    }

    fn value(&mut self, path: &str) -> Result<Pattern, Refusal> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(too_many());
        }
        match self.next() {
            // Of what kind an end of a connection is, its value says too: exporters write both.
            Some(Token::Text(text)) if path.ends_with("_ref.type") && END_TYPES.contains(&text.as_str()) => {
                Ok(NOTHING_MORE)
            }
            Some(Token::Text(text)) => observable(path, &text).map(Pattern::Names),
            Some(other) => Err(unanswerable(&format!("{} = {}", shorten(path), other.told()))),
            None => Err(malformed(format!("it ends behind {}", shorten(path)))),
        }
    }
}

/// What a comparison asks for that the others beside it ask for already.
const NOTHING_MORE: Pattern = Pattern::All(Vec::new());

/// What the ends of a connection may be.
const END_TYPES: [&str; 3] = ["ipv4-addr", "ipv6-addr", "domain-name"];

fn is_address(path: &str) -> bool {
    matches!(
        path,
        "ipv4-addr:value"
            | "ipv6-addr:value"
            | "network-traffic:src_ref.value"
            | "network-traffic:dst_ref.value"
    )
}

/// Whether an alert can name it: it has a host, and nobody has made it unreadable for browsers (`hxxp`, `[.]`).
fn is_url(url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or_else(|| ("", url.trim_start_matches('/')));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_whole = !scheme.is_empty() || rest.contains('/') || host.contains('.');
    let is_host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && !host.ends_with(':')
                && !host.contains(|c: char| c.is_whitespace() || "[](){}<>".contains(c))
        }
    };
    is_whole && is_host && !scheme.to_ascii_lowercase().starts_with("hxx")
}

/// What a comparison asks for.
///
/// # Errors
/// `unknown_value` for a path that alerts have nothing for, `wrong_type` for a value that is none of its kind.
fn observable(path: &str, value: &str) -> Result<Observable, Refusal> {
    let found = match path {
        "network-traffic:src_ref.value" | "network-traffic:dst_ref.value" => {
            Observable::address_or_network(value).or_else(|| domain(value).filter(|_| !is_numeric(value)))
        }
        path if is_address(path) => Observable::address_or_network(value),
        "domain-name:value" => domain(value),
        "url:value" => {
            let url = Identifier::url(value).filter(|url| is_url(&url.value));
            url.map(|url| Observable { kind: ObservableKind::Url, value: url.value })
        }
        path => match path.strip_prefix("file:hashes") {
            // `SHA-256` by the standard, and in quotes for its hyphen; feeds leave out either, or write it in another way.
            Some(algorithm) if algorithm.starts_with(['.', '[']) => {
                let bare: String = algorithm.chars().filter(char::is_ascii_alphanumeric).collect();
                if !["md5", "sha1", "sha256"].iter().any(|known| bare.eq_ignore_ascii_case(known)) {
                    return Err(unanswerable(path));
                }
                naming::hash(&bare, value.trim())
                    .filter(|hash| !EMPTY_FILE.contains(&&*hash.value))
                    .map(|hash| Observable { kind: ObservableKind::File, value: hash.value })
            }
            _ => return Err(unanswerable(shorten(path))),
        },
    };
    found.ok_or_else(|| {
        let detail = format!("pattern: {} = '{}' is no such value", shorten(path), shorten(value));
        Refusal::new(RefusalReason::WrongType, detail)
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn told(pattern: &Pattern) -> String {
        let list = |parts: &[Pattern]| parts.iter().map(told).collect::<Vec<_>>().join(", ");
        match pattern {
            Pattern::Names(value) => format!("{:?} {}", value.kind, value.value),
            Pattern::All(parts) => format!("all({})", list(parts)),
            Pattern::Any(parts) => format!("any({})", list(parts)),
        }
    }

    fn read(text: &str) -> String {
        match Pattern::read(text) {
            Ok(pattern) => told(&pattern),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn what_an_alert_can_answer_is_read() {
        let sha = "A".repeat(64);
        let read: Vec<String> = [
            &format!("[file:hashes.'SHA-256' = '{sha}']"),
            "[file:hashes.MD5 = '4475064c5f6a5474e31f2f3dfafc22ed' OR file:hashes.'SHA-1'='CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC']",
            "[ipv4-addr:value = '198.51.100.7'] OR [ipv6-addr:value = '2001:DB8::0:1']",
            "[ipv4-addr:value ISSUBSET '198.51.100.7/24'] AND [domain-name:value = 'Evil.Example.']",
            "([url:value = 'HTTPS://Evil.Example/A/'] AND [domain-name:value IN ('a.b', 'c.d')]) OR [ipv4-addr:value='10.0.0.1/32']",
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '1.2.3.4']",
            "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'evil.example']",
            "[(domain-name:value = 'a.b' OR domain-name:value = 'c.d') AND network-traffic:dst_ref.value = '1.2.3.4']",
        ]
        .into_iter()
        .map(read)
        .collect();
        expect![[r#"
            File aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            any(File 4475064c5f6a5474e31f2f3dfafc22ed, File cccccccccccccccccccccccccccccccccccccccc)
            any(Address 198.51.100.7, Address 2001:db8::1)
            all(Network 198.51.100.0/24, Domain evil.example)
            any(all(Url https://evil.example/A, any(Domain a.b, Domain c.d)), Address 10.0.0.1)
            Address 1.2.3.4
            Domain evil.example
            all(any(Domain a.b, Domain c.d), Address 1.2.3.4)"#]]
        .assert_eq(&read.join("\n"));
    }

    #[test]
    fn what_it_cannot_is_refused_with_the_part() {
        let read: Vec<String> = [
            "[ipv4-addr:value = '1.2.3.4'] FOLLOWEDBY [domain-name:value = 'a.b']",
            "[ipv4-addr:value = '1.2.3.4'] REPEATS 5 TIMES WITHIN 60 SECONDS",
            "[domain-name:value LIKE '%.evil.example']",
            "[url:value MATCHES '^https']",
            "[file:name = 'a.exe']",
            "[file:hashes.'SHA-512' = 'a']",
            "[NOT ipv4-addr:value = '1.2.3.4']",
            "[ipv4-addr:value != '1.2.3.4']",
            "[ipv4-addr:value = 7]",
            "[ipv4-addr:value = '1.2.3.400']",
            "[ipv4-addr:value = '0.0.0.0/0']",
            "[ipv4-addr:value = '0.0.0.0/1' OR ipv4-addr:value = '128.0.0.0/1']",
            "[ipv4-addr:value = '10.0.0.0/8']",
            "[ipv4-addr:value = '127.0.0.1']",
            "[network-traffic:dst_ref.type = 'ipv4-addr']",
            "[network-traffic:dst_ref.value = '1.2.3.400']",
            "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
            "[domain-name:value = '*.evil.example']",
            "[domain-name:value = 'com']",
            "[ipv4-addr:value = '1.2.3.4'",
            "[ipv4-addr:value = '1.2.3.4",
            "ipv4-addr:value = '1.2.3.4'",
            "[]",
            "",
        ]
        .into_iter()
        .map(read)
        .collect();
        expect![[r#"
            unknown_value: pattern: FOLLOWEDBY: an alert cannot answer that
            unknown_value: pattern: REPEATS: an alert cannot answer that
            unknown_value: pattern: domain-name:value LIKE: an alert cannot answer that
            unknown_value: pattern: url:value MATCHES: an alert cannot answer that
            unknown_value: pattern: file:name: an alert cannot answer that
            unknown_value: pattern: file:hashes.'SHA-512': an alert cannot answer that
            unknown_value: pattern: NOT: an alert cannot answer that
            unknown_value: pattern: ipv4-addr:value !=: an alert cannot answer that
            unknown_value: pattern: ipv4-addr:value = 7: an alert cannot answer that
            wrong_type: pattern: ipv4-addr:value = '1.2.3.400' is no such value
            wrong_type: pattern: ipv4-addr:value = '0.0.0.0/0' is no such value
            wrong_type: pattern: ipv4-addr:value = '0.0.0.0/1' is no such value
            wrong_type: pattern: ipv4-addr:value = '10.0.0.0/8' is no such value
            wrong_type: pattern: ipv4-addr:value = '127.0.0.1' is no such value
            unknown_value: pattern: a type without a value: an alert cannot answer that
            wrong_type: pattern: network-traffic:dst_ref.value = '1.2.3.400' is no such value
            wrong_type: pattern: file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' is no such value
            wrong_type: pattern: domain-name:value = '*.evil.example' is no such value
            wrong_type: pattern: domain-name:value = 'com' is no such value
            malformed: pattern: it ends where ] should stand
            malformed: pattern: a text does not end
            malformed: pattern: ipv4-addr:value stands where it cannot
            malformed: pattern: ] stands where a path should
            malformed: pattern: it ends where an observation should stand"#]]
        .assert_eq(&read.join("\n"));
    }

    #[test]
    fn comments_say_nothing_wherever_they_stand() {
        let commented = [
            "/* who */ [ipv4-addr:value = '1.2.3.4'] // where",
            "[ipv4-addr:value/* a * / b */=/**/'1.2.3.4'/*]*/]",
            "// [domain-name:value = 'a.b'] OR\r\n[ // ' \n ipv4-addr:value // x\n = '1.2.3.4' ]//",
        ];
        for text in commented {
            assert_eq!(read(text), "Address 1.2.3.4", "{text}");
        }
        // Within a text they are text, and what stands behind the end of one is a token.
        assert_eq!(read("[url:value = 'https://a.b/c/*d*/'] /**/"), "Url https://a.b/c/*d*");
        assert_eq!(
            read("[url:value = '//a.b/*']/**/OR/**/[domain-name:value='c.d']"),
            "any(Url //a.b/*, Domain c.d)"
        );
        assert_eq!(
            read("[ipv4-addr:value = '1.2.3.4'] /* who"),
            "malformed: pattern: a comment does not end"
        );
        assert_eq!(read("[ipv4-addr:value = '1.2.3.4'] /"), "malformed: pattern: / stands where it cannot");
        let long = format!("{}[ipv4-addr:value = '1.2.3.4']", "/**/ //\n".repeat(100_000));
        assert_eq!(read(&long), "Address 1.2.3.4");
    }

    #[test]
    fn what_no_alert_can_name_is_refused() {
        for url in [
            "hxxp://evil.example/a",
            "hxxps://evil.example",
            "http://evil[.]example/",
            "https",
            "https://",
            "evil",
            "http:///a",
            "http://[::g]/",
        ] {
            assert!(read(&format!("[url:value = '{url}']")).starts_with("wrong_type"), "{url}");
        }
        for url in [
            "evil.example",
            "intranet/a",
            "http://intranet",
            "http://me@evil.example:80/a[1]",
            "http://[2001:db8::1]:80/x",
        ] {
            assert!(read(&format!("[url:value = '{url}']")).starts_with("Url "), "{url}");
        }
        assert_eq!(read("[ipv4-addr:value = '::ffff:203.0.113.0/120']"), "Network 203.0.113.0/24");
        assert_eq!(read("[ipv6-addr:value = '::ffff:203.0.113.9/128']"), "Address 203.0.113.9");
        assert!(read("[ipv6-addr:value = '::ffff:203.0.113.0/90']").starts_with("wrong_type"));
        for nothing in [
            "[network-traffic:dst_ref.type IN ('ipv4-addr')]",
            "[network-traffic:dst_ref.type IN ('ipv4-addr', 'domain-name')]",
            "([network-traffic:dst_ref.type IN ('ipv4-addr')] OR [domain-name:value='a.b']) AND [ipv4-addr:value='1.2.3.4']",
            "[(network-traffic:dst_ref.type IN ('ipv4-addr')) AND domain-name:value='a.b']",
        ] {
            assert_eq!(
                read(nothing),
                "unknown_value: pattern: a type without a value: an alert cannot answer that",
                "{nothing}"
            );
        }
        assert_eq!(
            read(
                "[network-traffic:dst_ref.type IN ('ipv4-addr') AND network-traffic:dst_ref.value = '1.2.3.4']"
            ),
            "Address 1.2.3.4"
        );
    }

    #[test]
    fn a_hash_is_one_however_its_algorithm_is_written() {
        let (md5, sha1, sha256) = ("4".repeat(32), "5".repeat(40), "6".repeat(64));
        for (names, hash) in [
            (&["MD5", "md5", "'MD5'", "\"md5\"", "'MD-5'"][..], &md5),
            (&["SHA1", "'SHA-1'", "\"sha-1\"", "SHA-1", "sha1"], &sha1),
            (&["SHA256", "\"SHA-256\"", "'sha-256'", "SHA-256", "sha_256", "'SHA256'", "Sha256"], &sha256),
        ] {
            for name in names {
                assert_eq!(
                    read(&format!("[file:hashes.{name} = '{hash}']")),
                    format!("File {hash}"),
                    "{name}"
                );
            }
        }
        assert_eq!(read(&format!("[file:hashes['SHA-256'] = '{sha256}']")), format!("File {sha256}"));
        for other in ["SHA3-256", "'SHA-512/256'", "'SHA-256'.x", "ssdeep"] {
            assert!(
                read(&format!("[file:hashes.{other} = '{sha256}']")).starts_with("unknown_value"),
                "{other}"
            );
        }
        assert!(read(&format!("[file:hashes_sha256 = '{sha256}']")).starts_with("unknown_value"));
    }

    #[test]
    fn neither_depth_nor_length_costs_more_than_it_may() {
        let deep = format!("{}[ipv4-addr:value = '1.2.3.4']{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(Pattern::read(&deep).is_err_and(|refusal| refusal.reason == RefusalReason::TooLarge));
        let long = format!("[domain-name:value IN ('a.b'{})]", ", 'a.b'".repeat(VALUES_MAX));
        assert!(Pattern::read(&long).is_err_and(|refusal| refusal.reason == RefusalReason::TooLarge));
        assert!(Pattern::read("é=é'\\").is_err());
    }
}
