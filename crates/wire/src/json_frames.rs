//! Where a record of JSON begins and ends, found without reading it.

use crate::{BoundedBytes, Envelope, RECORD_BYTES_MAX, Refusal, RefusalReason};

/// A stretch of JSON that is a record by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFrame {
    /// The line that it begins in, from 0.
    pub line: u64,
    /// Which element of a list it is.
    pub element: Option<i32>,
    /// At which byte it begins; it extends from there without a gap.
    pub start: u64,
    /// Its bytes; or why they are not even tried.
    pub bytes: Result<Vec<u8>, Refusal>,
}

/// What a line break means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// The first document tells.
    Unknown,
    /// It ends the record, whole or not: what is broken spoils its own line only.
    Lines,
    /// Nothing: documents extend over lines.
    Documents,
}

/// What the scanner is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Between documents.
    Nothing,
    /// Something that is no document; it ends with its line.
    Other,
    /// An object that is a record, or may turn out to be an envelope.
    Object,
    /// A list of records, whose elements are at this depth.
    List(usize),
    /// A record under the name of a list, which its sender made no list of one.
    Single,
    /// What stands behind a list in the object that holds it: a link to the next page, a count, another list.
    Rest,
}

/// Finds the records in JSON: in lines, in documents one behind the other, in lists of any length, whichever it turns out to be.
///
/// It does not read JSON, it only finds where a record begins and ends (brackets outside of texts); whether what lies
/// between is JSON is for the decoder to say.
///
/// What is an envelope by its format is taken apart, each list in it, where one begins at all: what a cut one holds before the cut
/// is good.
#[derive(Debug)]
pub struct JsonFrames {
    layout: Layout,
    within: Within,
    /// How several records are wrapped.
    envelope: Envelope,
    /// Whether an envelope is left whole.
    whole: bool,
    /// What has been seen of the object at hand: a list as envelopes have it, and what only a record has.
    lists: bool,
    is_record: bool,
    /// The field at hand, if it is an object in which there may be what only a record has.
    holder: Option<String>,
    /// Whether it is an envelope that is being taken apart.
    apart: bool,
    /// How many brackets are open.
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// What of the record at hand has been seen.
    bytes: BoundedBytes,
    /// The line at hand, and the one that the record at hand begins in.
    line: u64,
    begins: u64,
    element: i32,
    /// A line has ended within the first document, and what comes next tells the layout.
    watch: bool,
    /// How many bytes have been seen, and before how many of them the record at hand begins.
    at: u64,
    start: u64,
    /// The last byte outside of texts that is no white space.
    last: u8,
    found: Vec<JsonFrame>,
}

impl Default for JsonFrames {
    fn default() -> Self {
        Self {
            layout: Layout::Unknown,
            within: Within::Nothing,
            envelope: Envelope::default(),
            whole: false,
            lists: false,
            is_record: false,
            holder: None,
            apart: false,
            depth: 0,
            in_text: false,
            escaped: false,
            bytes: BoundedBytes::new(RECORD_BYTES_MAX),
            line: 0,
            begins: 0,
            element: 0,
            watch: false,
            at: 0,
            start: 0,
            last: 0,
            found: Vec::new(),
        }
    }
}

impl JsonFrames {
    /// Those of a file, in which a line may be a record.
    ///
    /// With `whole` an envelope is a record with all that is in it, as its topic has it, as long as it is no larger than any
    /// record may be.
    pub fn of_file(envelope: Envelope, whole: bool) -> Self {
        Self { envelope, whole, ..Self::default() }
    }

    /// Those within one record of a topic, in which line breaks mean nothing.
    pub fn of_record(envelope: Envelope) -> Self {
        Self { envelope, layout: Layout::Documents, ..Self::default() }
    }

    /// What has been found since this was last asked.
    pub fn found(&mut self) -> impl Iterator<Item = JsonFrame> + '_ {
        self.found.drain(..)
    }

    /// Whether anything has been found since that was last asked for.
    pub const fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// Says that nothing more comes.
    pub fn end(&mut self) {
        self.cut_off();
    }

    /// Takes the next byte.
    pub fn take(&mut self, byte: u8) {
        if self.watch && !byte.is_ascii_whitespace() {
            self.tell_layout(byte);
        }
        if self.within == Within::Object && self.bytes.is_full() && self.is_envelope() {
            // Larger than any record: it is no message of a topic, and what is in it is read one by one.
            self.take_apart();
        }
        match self.within {
            Within::Nothing => self.begin(byte),
            Within::Other => self.bytes.extend(&[byte]),
            Within::Object | Within::List(_) | Within::Single | Within::Rest => self.go_on(byte),
        }
        self.at += 1;
        if byte == b'\n' {
            self.end_line();
        }
    }

    /// Whether the object at hand is an envelope, as far as it is known.
    const fn is_envelope(&self) -> bool {
        self.lists && !self.is_record && !self.apart
    }

    /// Goes over the object at hand again, for what its lists hold.
    fn take_apart(&mut self) {
        let kept = self.bytes.kept().to_vec();
        self.bytes.clear();
        // The byte at hand may be one of these or the one behind them: where they begin is known either way.
        let at = std::mem::replace(&mut self.at, self.start);
        (self.within, self.depth, self.line) = (Within::Nothing, 0, self.begins);
        (self.in_text, self.escaped, self.apart) = (false, false, true);
        kept.into_iter().for_each(|byte| self.take(byte));
        self.at = at;
    }

    fn begin(&mut self, byte: u8) {
        (self.begins, self.start) = (self.line, self.at);
        match byte {
            b'{' => self.within = Within::Object,
            b'[' => self.within = Within::List(1),
            // A mark of the byte order, which some programs leave at the beginning.
            0xEF | 0xBB | 0xBF if self.at < 3 => return,
            _ if byte.is_ascii_whitespace() => return,
            _ => self.within = Within::Other,
        }
        if matches!(self.within, Within::Object | Within::List(_)) {
            self.depth = 1;
            self.last = byte;
        }
        if !matches!(self.within, Within::List(_)) {
            self.bytes.extend(&[byte]);
        }
    }

    fn go_on(&mut self, byte: u8) {
        if self.in_text {
            self.keep(byte);
            (self.in_text, self.escaped) = (self.escaped || byte != b'"', !self.escaped && byte == b'\\');
            if !self.in_text && self.within == Within::Object && self.depth == 1 && self.envelope.has_kind() {
                self.take_kind();
            }
            return;
        }
        match byte {
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => self.close(byte),
            b',' if self.within == Within::List(self.depth) => self.end_element(),
            b',' if self.within == Within::Rest && self.depth == 1 => self.bytes.clear(),
            _ => {
                if byte == b':' && self.within == Within::Object && self.depth <= 2 {
                    self.take_name();
                }
                self.in_text = byte == b'"';
                self.keep(byte);
            }
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
    }

    /// Looks whether only a record has a field of this name.
    fn take_name(&mut self) {
        let Some(name) = self.last_text() else { return };
        let is_mark = match (self.depth, &self.holder) {
            (1, _) => self.envelope.is_mark(name),
            (_, Some(holder)) => self.envelope.is_mark(&format!("{holder}.{name}")),
            (_, None) => return,
        };
        if self.depth == 1 {
            self.holder = self.envelope.holds_marks(name).then(|| name.to_owned());
        }
        self.is_record |= is_mark;
    }

    /// Looks what the object at hand says it is, where a text has ended.
    fn take_kind(&mut self) {
        let kept = self.bytes.kept();
        let Some(kind) = self.last_text() else { return };
        let before = kept[..kept.len() - kind.len() - 2].trim_ascii_end();
        let is_kind = before.strip_suffix(b":").and_then(text_at_end) == Some("type");
        self.is_record |= is_kind && self.envelope.is_other_kind(kind);
    }

    fn keep(&mut self, byte: u8) {
        let at_element = matches!(self.within, Within::List(depth) if depth == self.depth);
        if at_element && self.bytes.is_blank() {
            if byte.is_ascii_whitespace() {
                return;
            }
            (self.begins, self.start) = (self.line, self.at);
        }
        // Of the rest only what the next value is called can tell anything.
        if self.within != Within::Rest || self.depth == 1 {
            self.bytes.extend(&[byte]);
        }
    }

    fn open(&mut self, byte: u8) {
        let in_wrapper = matches!(self.within, Within::Object | Within::Rest) && self.depth == 1;
        let lists = in_wrapper && self.is_behind_list_name();
        self.lists |= lists;
        if lists && self.apart {
            self.bytes.clear();
            self.within = if byte == b'[' { Within::List(2) } else { Within::Single };
            (self.begins, self.start) = (self.line, self.at);
        }
        let begins_list = lists && self.apart && byte == b'[';
        if !begins_list {
            self.keep(byte);
        }
        self.depth += 1;
    }

    /// Whether what comes is what envelopes call their list.
    fn is_behind_list_name(&self) -> bool {
        let Some(before) = self.bytes.kept().trim_ascii_end().strip_suffix(b":") else { return false };
        text_at_end(before).is_some_and(|name| self.envelope.is_list(name))
    }

    /// The text that has just ended.
    fn last_text(&self) -> Option<&str> {
        text_at_end(self.bytes.kept())
    }

    fn close(&mut self, byte: u8) {
        match self.within {
            Within::List(depth) if depth == self.depth => self.end_list(depth, byte),
            Within::Single if self.depth == 2 => {
                self.keep(byte);
                self.end_element();
                self.within = Within::Rest;
            }
            _ => self.keep(byte),
        }
        self.depth -= 1;
        if self.depth == 0 {
            self.end_document();
        }
    }

    fn end_document(&mut self) {
        match self.within {
            Within::Object if self.is_envelope() && !self.whole => self.take_apart(),
            Within::Object => self.give(None),
            Within::List(_) | Within::Rest if self.element == 0 => {
                self.refuse(RefusalReason::BesideAlerts, "an empty list");
            }
            _ => {}
        }
        self.forget();
    }

    /// Begins anew.
    fn forget(&mut self) {
        self.bytes.clear();
        (self.within, self.depth, self.element) = (Within::Nothing, 0, 0);
        (self.lists, self.is_record, self.apart, self.holder) = (false, false, false, None);
    }

    fn end_element(&mut self) {
        self.give(Some(self.element));
        self.element = self.element.saturating_add(1);
    }

    fn end_list(&mut self, depth: usize, byte: u8) {
        if !self.bytes.is_blank() {
            self.end_element();
        }
        self.bytes.clear();
        if byte != b']' {
            let detail = "brackets of two kinds close one another: what follows in the list is not read";
            self.refuse(RefusalReason::Malformed, detail);
        }
        self.within = if depth == 1 { Within::List(1) } else { Within::Rest };
    }

    fn end_line(&mut self) {
        self.line += 1;
        match (self.within, self.layout) {
            // A document has been there, and has not extended over lines.
            (Within::Nothing, Layout::Unknown) if self.last != 0 => self.layout = Layout::Lines,
            (Within::Nothing, _) => {}
            (Within::Other, _) | (_, Layout::Lines) => self.cut_off(),
            (_, Layout::Unknown) if self.in_text => {
                // No text extends over lines, so this one was cut.
                self.layout = Layout::Lines;
                self.cut_off();
            }
            (_, Layout::Unknown) => self.watch = true,
            (_, Layout::Documents) => {}
        }
    }

    /// The first line has left brackets open. If the next one begins an object where none can stand, it was cut;
    /// otherwise a document is laid out over lines.
    fn tell_layout(&mut self, byte: u8) {
        self.watch = false;
        let cut = byte == b'{' && self.within == Within::Object && self.last != b':' && self.last != b'[';
        self.layout = if cut { Layout::Lines } else { Layout::Documents };
        if cut {
            self.cut_off();
        }
    }

    /// Ends what is at hand where it is, and begins anew.
    fn cut_off(&mut self) {
        if self.within == Within::Object && self.is_envelope() && !self.whole {
            self.take_apart();
        }
        match self.within {
            Within::Nothing => {}
            Within::Other | Within::Object => self.give(None),
            Within::List(_) | Within::Single | Within::Rest => {
                let is_element = self.within != Within::Rest && !self.bytes.is_blank();
                // What is cut itself says so.
                let is_whole = !is_element || self.within == Within::List(self.depth);
                if is_element {
                    self.give(Some(self.element));
                }
                if is_whole {
                    self.refuse(RefusalReason::Truncated, "it ends before the list of alerts is closed");
                }
            }
        }
        self.forget();
        (self.in_text, self.escaped, self.watch) = (false, false, false);
    }

    fn give(&mut self, element: Option<i32>) {
        let bytes = self.bytes.take();
        self.found.push(JsonFrame { line: self.begins, element, start: self.start, bytes });
    }

    fn refuse(&mut self, reason: RefusalReason, detail: &str) {
        let bytes = Err(Refusal::new(reason, detail));
        self.found.push(JsonFrame { line: self.begins, element: None, start: self.start, bytes });
    }
}

/// The text that ends here, as it stands between its quotes; none if one is escaped, which no name of interest is.
fn text_at_end(bytes: &[u8]) -> Option<&str> {
    let inner = bytes.trim_ascii_end().strip_suffix(b"\"")?;
    let begin = inner.iter().rposition(|byte| *byte == b'"')? + 1;
    let is_whole = !inner[begin..].contains(&b'\\') && !inner[..begin - 1].ends_with(b"\\");
    std::str::from_utf8(&inner[begin..]).ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use crate::Format;

    use super::*;

    /// Each frame as `line:element bytes`, lines from 1.
    fn frames(text: &str) -> Vec<String> {
        frames_of(text, false)
    }

    fn frames_of(text: &str, whole: bool) -> Vec<String> {
        let mut frames = Vec::new();
        let mut scanner = JsonFrames::of_file(Format::OcsfDetectionFinding.envelope(), whole);
        text.bytes().for_each(|byte| scanner.take(byte));
        scanner.end();
        for frame in scanner.found() {
            let element = frame.element.map_or(String::new(), |element| format!(":{element}"));
            let bytes = match &frame.bytes {
                Ok(bytes) => String::from_utf8_lossy(bytes.trim_ascii()).into_owned(),
                Err(refusal) => refusal.reason.to_string(),
            };
            if let Ok(bytes) = &frame.bytes {
                let start = usize::try_from(frame.start).unwrap();
                assert_eq!(&text.as_bytes()[start..start + bytes.len()], bytes, "{text}");
            }
            frames.push(format!("{}{element} {bytes}", frame.line + 1));
        }
        frames
    }

    #[test]
    fn lines_are_records_and_blank_ones_are_not() {
        assert_eq!(frames("\u{feff}{\"a\":1}\r\n\n {\"b\":[2]}"), ["1 {\"a\":1}", "3 {\"b\":[2]}"]);
    }

    #[test]
    fn a_broken_line_spoils_itself_alone() {
        let text = "{\"a\":1}\n{\"b\":{\n{\"c\":3}\nnonsense\n{\"d\":\"x\n{\"e\":5}\n";
        let told = ["1 {\"a\":1}", "2 {\"b\":{", "3 {\"c\":3}", "4 nonsense", "5 {\"d\":\"x", "6 {\"e\":5}"];
        assert_eq!(frames(text), told);
    }

    #[test]
    fn a_broken_first_line_spoils_itself_alone() {
        assert_eq!(frames("{\"a\":1,\n{\"c\":3}\n"), ["1 {\"a\":1,", "2 {\"c\":3}"]);
        assert_eq!(frames("{\"a\":\"x\n{\"c\":3}\n"), ["1 {\"a\":\"x", "2 {\"c\":3}"]);
    }

    #[test]
    fn documents_may_extend_over_lines_and_follow_one_another() {
        let text = "{\n \"a\": {\"x\": \"}\\\"{\"}\n}\n{\n \"b\": 1\n}\n";
        assert_eq!(frames(text), ["1 {\n \"a\": {\"x\": \"}\\\"{\"}\n}", "4 {\n \"b\": 1\n}"]);
    }

    #[test]
    fn each_element_of_a_list_is_a_record_at_its_own_line() {
        let text = "[\n  {\"a\": [1, 2]},\n  {\"b\": 2}\n]\n[{\"c\":3}]";
        assert_eq!(frames(text), ["2:0 {\"a\": [1, 2]}", "3:1 {\"b\": 2}", "5:0 {\"c\":3}"]);
    }

    #[test]
    fn the_list_of_a_page_is_found_and_what_is_around_it_left() {
        let text = "{\"@odata.context\":\"…\",\"value\":[{\"id\":\"1\"},{\"id\":\"2\"}],\"next\":{\"a\":[1]}}\n{\"records\" : [{\"id\":\"3\"}]}";
        assert_eq!(frames(text), ["1:0 {\"id\":\"1\"}", "1:1 {\"id\":\"2\"}", "2:0 {\"id\":\"3\"}"]);
        // Deeper down the name means nothing.
        assert_eq!(
            frames("{\"x\":{\"value\":[{\"id\":\"1\"}]}}"),
            ["1 {\"x\":{\"value\":[{\"id\":\"1\"}]}}"]
        );
    }

    #[test]
    fn what_stands_in_two_lists_is_read_and_what_merely_has_a_list_is_a_record() {
        let text = "{\"value\":[],\"n\":1,\n\"records\":[{\"a\":1}, {\"b\":2}\n],\"x\":{\"value\":[3]},\"value\":[{\"c\":3}]}";
        assert_eq!(frames(text), ["2:0 {\"a\":1}", "2:1 {\"b\":2}", "3:2 {\"c\":3}"]);
        assert_eq!(frames("{\"events\":[],\"value\":[]}\n{\"value\":[1]}"), ["1 beside_alerts", "2:0 1"]);
        for own in ["{\"value\":[1,2],\"class_uid\":2004}", "{\"class_uid\" : 2004,\"events\":[]}"] {
            assert_eq!(
                frames(&format!("{own}\n{{\"value\":[7]}}")),
                [format!("1 {own}"), "2:0 7".to_owned()]
            );
            let cut = own.trim_end_matches('}');
            assert_eq!(
                frames(&format!("{{}}\n{cut}\n{{}}")),
                ["1 {}".to_owned(), format!("2 {cut}"), "3 {}".to_owned()]
            );
        }
        // A name within a text is none, nor one with a quote in it.
        let odd = "{\"x\":\"\\\"class_uid\\\":\",\"a\\\"class_uid\":1,\"value\":[1],\"b\\\"value\":[2]}";
        assert_eq!(frames(odd), ["1:0 1"]);
    }

    #[test]
    fn a_message_of_several_rows_is_left_whole_where_its_rows_belong_together() {
        let text = "{\"records\":[{\"id\":\"1\"},{\"id\":\"2\"}]}\n{\"records\":[{\"id\":\"3\"}]}\n";
        let expected =
            ["1 {\"records\":[{\"id\":\"1\"},{\"id\":\"2\"}]}", "2 {\"records\":[{\"id\":\"3\"}]}"];
        assert_eq!(frames_of(text, true), expected);
        let row = format!("{{\n\"id\":\"{}\"}}", "]}".repeat(500));
        let rows = RECORD_BYTES_MAX / row.len() + 1;
        let page = format!("{{\"records\":[{}]}}", vec![row; rows].join(","));
        assert!(page.len() > RECORD_BYTES_MAX);
        assert_eq!(frames_of(&page, true), frames_of(&page, false), "larger than a record: row by row");
        assert_eq!(frames_of(&page, true).len(), rows);
        let followed = format!("{page}\n{{\"records\":[1]}}");
        let last = frames_of(&followed, true).remove(rows);
        assert!(last.ends_with(" {\"records\":[1]}"), "what follows is a message again: {last}");
    }

    #[test]
    fn a_list_that_is_cut_or_empty_is_told() {
        assert_eq!(frames("[{\"a\":1},"), ["1:0 {\"a\":1}", "1 truncated"]);
        assert_eq!(frames("[{\"a\":1},{\"b\""), ["1:0 {\"a\":1}", "1:1 {\"b\""]);
        assert_eq!(frames("[{\"a\":1},{\"b\":2} "), ["1:0 {\"a\":1}", "1:1 {\"b\":2}", "1 truncated"]);
        assert_eq!(frames("{\"value\":[{\"a\":1}]"), ["1:0 {\"a\":1}", "1 truncated"]);
        assert_eq!(frames("[ ]\n{\"value\":[]}"), ["1 beside_alerts", "2 beside_alerts"]);
    }

    #[test]
    fn a_record_under_the_name_of_a_list_is_one_and_brackets_of_two_kinds_are_told() {
        let text = "{\"n\":{\"value\":1}, \"records\": {\"a\":[1,{}]} , \"value\":[{\"b\":2}]}";
        assert_eq!(frames(text), ["1:0 {\"a\":[1,{}]}", "1:1 {\"b\":2}"]);
        assert_eq!(frames("{\"value\":{\"a\":1"), ["1:0 {\"a\":1"]);
        assert_eq!(
            frames("{\"value\":[{\"a\":1},{\"b\":]},{\"c\":3}]}"),
            ["1:0 {\"a\":1}", "1:1 {\"b\":]", "1 malformed", "1 }"]
        );
    }

    #[test]
    fn a_record_beyond_the_bound_is_told_with_its_size_and_what_follows_is_read() {
        let long = "x".repeat(RECORD_BYTES_MAX);
        let text = format!("{{\"a\":\"{long}\"}}\n{{\"b\":1}}\n");
        assert_eq!(frames(&text), ["1 too_large", "2 {\"b\":1}"]);
    }

    #[test]
    fn brackets_that_do_not_match_are_the_decoder_s_to_refuse() {
        assert_eq!(frames("}\n{\"a\":]\n{\"b\":1}"), ["1 }", "2 {\"a\":]", "3 {\"b\":1}"]);
    }
}
