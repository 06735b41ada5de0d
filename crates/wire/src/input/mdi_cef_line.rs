use std::borrow::Cow;

use super::shorten;
use crate::{Refusal, RefusalReason};

/// A CEF line of Defender for Identity, taken apart; every text as it stands, escapes included.
///
/// Read by hand: the sensors' syslog leaves `CEF:` out, or writes its byte order mark as `ï»¿`, or leaves the version
/// empty, and the extension's values hold spaces and unescaped text.
pub(super) struct CefLine<'a> {
    /// What stands before the CEF header.
    pub(super) syslog: &'a str,
    /// Whether it is of Advanced Threat Analytics, whose numbers of alert types differ in places.
    pub(super) is_ata: bool,
    pub(super) signature: &'a str,
    pub(super) name: Cow<'a, str>,
    pub(super) severity: &'a str,
    extension: Vec<(&'a str, &'a str)>,
}

/// The names under which the product has sold.
const PRODUCTS: [&str; 5] =
    ["Azure ATP", "ATP", "ATA", "Azure Advanced Threat Protection", "Microsoft Defender for Identity"];

const VENDOR: &str = "|Microsoft|";

/// Whether a CEF header of this vendor begins in a text.
pub(super) fn has_header(text: &str) -> bool {
    text.contains(VENDOR)
}

impl<'a> CefLine<'a> {
    /// Takes a line apart.
    ///
    /// # Errors
    /// `unknown_format` if it is not CEF of this product, `truncated` if it ends within the header.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        let Some(at) = text.find(VENDOR) else { return Err(no_header(text)) };
        let mut rest = &text[at + VENDOR.len()..];
        let mut field = |name: &str| {
            next_field(&mut rest).ok_or_else(|| {
                Refusal::new(RefusalReason::Truncated, format!("it ends before the CEF header's {name}"))
            })
        };
        let product = field("product")?;
        if !PRODUCTS.iter().any(|known| known.eq_ignore_ascii_case(clean(product))) {
            let detail =
                format!("it is CEF of Microsoft's {:?}, not of Defender for Identity", shorten(product));
            return Err(Refusal::new(RefusalReason::UnknownFormat, detail));
        }
        let _product_version = field("version")?;
        let (signature, name) = (clean(field("signature id")?), unescape(clean(field("name")?), false));
        let severity = clean(field("severity")?);
        let is_ata = clean(product).eq_ignore_ascii_case("ATA");
        Ok(Self {
            syslog: syslog(&text[..at]),
            is_ata,
            signature,
            name,
            severity,
            extension: extension(rest),
        })
    }

    /// An extension field, without what its value escapes; `None` if it is absent or blank.
    pub(super) fn field(&self, key: &str) -> Option<Cow<'a, str>> {
        self.raw(key).map(|value| unescape(value, false))
    }

    /// An extension field of several lines: `\r\n` in it is a line break, which in a name (`contoso\ronhd`) it is not.
    pub(super) fn long_text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.raw(key).map(|value| unescape(value, true))
    }

    /// The custom field that carries a label: `labelled("url")` is `cs1` where `cs1Label=url`, in any order.
    pub(super) fn labelled(&self, label: &str) -> Option<Cow<'a, str>> {
        let (key, _) = self
            .extension
            .iter()
            .find(|(key, value)| key.ends_with("Label") && value.eq_ignore_ascii_case(label))?;
        self.field(key.strip_suffix("Label")?)
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        self.extension
            .iter()
            .find(|(known, value)| *known == key && !value.is_empty())
            .map(|(_, value)| *value)
    }
}

fn no_header(text: &str) -> Refusal {
    if text.ends_with("|Microsoft") {
        return Refusal::new(RefusalReason::Truncated, "it ends within the CEF header");
    }
    let found = text.find("CEF:").map_or(text, |at| &text[at..]);
    let detail = format!("no CEF header of vendor Microsoft in {:?}", shorten(found));
    Refusal::new(RefusalReason::UnknownFormat, detail)
}

/// Without blanks and the `**` that the manual's markdown leaves in its examples.
fn clean(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '*')
}

/// The syslog header: what precedes the CEF version, less the mark and the byte order mark before it.
fn syslog(before: &str) -> &str {
    let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let before = before.strip_suffix("CEF:").unwrap_or(before);
    // The mark as it is, read as Latin-1, and as the manual of ATA prints that.
    before.trim_end_matches('\u{feff}').trim_end_matches("ï»¿").trim_end_matches("‹¯¨").trim()
}

/// A header field up to the next `|` that is not escaped.
fn next_field<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.match_indices('|').map(|(at, _)| at).find(|&at| !is_escaped(rest, at))?;
    let field = &rest[..end];
    *rest = &rest[end + 1..];
    Some(field)
}

/// Whether an odd number of backslashes stands before a place.
fn is_escaped(text: &str, at: usize) -> bool {
    text.as_bytes()[..at].iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 1
}

/// The extension's pairs: a value reaches up to the next key, so it may hold anything but ` key=`.
fn extension(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::with_capacity(16);
    let mut open: Option<(&str, usize)> = None;
    for (equals, _) in text.match_indices('=') {
        let Some(key_at) = word_start(text, equals) else { continue };
        // A key cannot begin before the value that is being read.
        if open.is_some_and(|(_, value_at)| key_at < value_at) {
            continue;
        }
        let key = text[key_at..equals].trim_start_matches('*');
        let in_message = open.is_some_and(|(open_key, _)| open_key == "msg");
        if !is_key(key) || (in_message && !is_known_key(key)) {
            continue;
        }
        if let Some((open_key, value_at)) = open.replace((key, equals + 1)) {
            pairs.push((open_key, clean(&text[value_at..key_at])));
        }
    }
    pairs.extend(open.map(|(key, value_at)| (key, clean(&text[value_at..]))));
    pairs
}

/// Where the word before a place begins, if it can be a key: of its letters only, at the text's beginning or behind
/// white space. Looks back no further than the longest key, so that a line of nothing but `=` costs no square.
fn word_start(text: &str, end: usize) -> Option<usize> {
    const KEY_BYTES_MAX: usize = 64;
    let is_letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'*');
    let bytes = text.as_bytes();
    let length = bytes[..end].iter().rev().take(KEY_BYTES_MAX + 1).take_while(|b| is_letter(b)).count();
    let start = end - length;
    let is_word = start == 0 || bytes[start - 1].is_ascii_whitespace();
    (0 < length && length <= KEY_BYTES_MAX && is_word).then_some(start)
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// The keys that the product writes. Only these end a message, for a message may quote a `filter=value` of its own;
/// elsewhere any key ends a value, so that an unknown one never becomes part of a name.
fn is_known_key(key: &str) -> bool {
    const KNOWN: [&str; 20] = [
        "app",
        "cat",
        "cnt",
        "dhost",
        "dst",
        "duser",
        "dvc",
        "dvchost",
        "end",
        "externalId",
        "msg",
        "outcome",
        "reason",
        "request",
        "requestMethod",
        "rt",
        "shost",
        "src",
        "start",
        "suser",
    ];
    let bytes = key.as_bytes();
    let custom = matches!(bytes, [b'c', b's' | b'n', b'1'..=b'6', ..]) && matches!(&key[3..], "" | "Label");
    custom || KNOWN.contains(&key)
}

/// Takes `\\`, `\=`, `\:` and `\|` back; `\r` and `\n` only where lines may be broken.
fn unescape(value: &str, breaks_lines: bool) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next)) if matches!(next, '\\' | '=' | ':' | '|') => {
                text.push(next);
                chars.next();
            }
            ('\\', Some('r')) if breaks_lines => drop(chars.next()),
            ('\\', Some('n')) if breaks_lines => {
                text.push('\n');
                chars.next();
            }
            _ => text.push(c),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(extension: &str) -> String {
        format!(
            "<36>1 2026-01-01T00:00:00Z DC1 CEF 1 X CEF:0|Microsoft|Azure ATP|2.1|XSecurityAlert|A name|5|{extension}"
        )
    }

    #[test]
    fn values_hold_spaces_and_end_at_the_next_key() {
        let text = line("suser=Eugene Jenkins app= Samr **shost=CLIENT1** unknownKey=x dhost=");
        let cef = CefLine::parse(&text).expect("it is a line");
        assert_eq!(cef.field("suser").as_deref(), Some("Eugene Jenkins"));
        assert_eq!(cef.field("app").as_deref(), Some("Samr"));
        assert_eq!(cef.field("shost").as_deref(), Some("CLIENT1"));
        assert_eq!(cef.field("dhost"), None);
    }

    #[test]
    fn a_message_may_quote_an_equals_sign() {
        let text = line("msg=queried (name=krbtgt) with filter=all and a=b start=2026-01-01T00:00:00Z");
        let cef = CefLine::parse(&text).expect("it is a line");
        assert_eq!(cef.field("msg").as_deref(), Some("queried (name=krbtgt) with filter=all and a=b"));
        assert_eq!(cef.field("start").as_deref(), Some("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn an_account_s_backslash_is_no_line_break() {
        let text = line(r"suser=contoso\ronhd msg=first\r\nsecond\=x cs1=https\://a/b cs1Label=url");
        let cef = CefLine::parse(&text).expect("it is a line");
        assert_eq!(cef.field("suser").as_deref(), Some(r"contoso\ronhd"));
        assert_eq!(cef.long_text("msg").as_deref(), Some("first\nsecond=x"));
        assert_eq!(cef.labelled("url").as_deref(), Some("https://a/b"));
    }

    #[test]
    fn the_header_is_found_with_and_without_its_marks() {
        for mark in ["CEF:0", "0", "", "\u{feff}0", "\u{feff}CEF:0", "ï»¿CEF:0", "ï»¿", "‹¯¨CEF:0"]
        {
            for product in ["Azure ATP", "ATP", "ATA"] {
                let text = format!(
                    "Feb 21 14:00:00 CENTER {mark}|Microsoft|{product}||XSecurityAlert|**N\\|ame** |10|a=b"
                );
                let cef = CefLine::parse(&text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
                assert_eq!(cef.syslog, "Feb 21 14:00:00 CENTER", "{text}");
                assert_eq!((cef.signature, &*cef.name, cef.severity), ("XSecurityAlert", "N|ame", "10"));
            }
        }
    }

    #[test]
    fn what_is_not_this_product_s_cef_says_so() {
        let reason = |text| CefLine::parse(text).err().map(|refusal| refusal.reason);
        assert_eq!(reason("CEF:0|Other|Firewall|1|2|3|4|"), Some(RefusalReason::UnknownFormat));
        assert_eq!(reason("CEF:0|Microsoft|Windows|1|2|3|4|"), Some(RefusalReason::UnknownFormat));
        assert_eq!(reason("CEF:0|Microsoft|ATA|1.9|Sig"), Some(RefusalReason::Truncated));
        assert_eq!(reason("CEF:0|Microsoft"), Some(RefusalReason::Truncated));
        assert_eq!(reason("hello"), Some(RefusalReason::UnknownFormat));
    }
}
