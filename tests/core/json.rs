//! Strict JSON: what is read, what is refused and where, and JSON pointers.

use eec_authn::json::{Json, MAX_DEPTH, Pointer, Step, parse, parse_keeping_duplicates};

fn read(text: &str) -> Json {
    parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refused(text: impl AsRef<[u8]>) -> (&'static str, usize) {
    let text = text.as_ref();
    match parse(text) {
        Ok(value) => panic!("{} was read as {value:?}", String::from_utf8_lossy(text)),
        Err(e) => (e.what, e.at),
    }
}

#[test]
fn values_of_every_kind() {
    assert_eq!(read("null"), Json::Null);
    assert_eq!(read("true"), Json::Bool(true));
    assert_eq!(read(" \t\r\nfalse \t\r\n"), Json::Bool(false));
    assert_eq!(read("\"\""), Json::String("".into()));
    assert_eq!(read("[]"), Json::Array(vec![]));
    assert_eq!(read("[ ]"), Json::Array(vec![]));
    assert_eq!(read("{ }"), Json::Object(vec![]));
    assert_eq!(
        read("{\"b\" : [ 1 , null ] , \"a\":{}}"),
        Json::Object(vec![
            ("b".into(), Json::Array(vec![Json::Number("1".into()), Json::Null])),
            ("a".into(), Json::Object(vec![])),
        ]),
        "members keep their order"
    );
}

#[test]
fn numbers_keep_their_text() {
    let good =
        ["0", "-0", "60.0", "1e3", "1E+3", "1e-3", "-1.50e01", "123456789012345678901234567890", "1e999"];
    for text in good {
        assert_eq!(read(text), Json::Number(text.into()));
    }
    for text in [
        "-",
        "+1",
        ".5",
        "5.",
        "5.e1",
        "01",
        "-01",
        "00",
        "1e",
        "1e+",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "-Infinity",
        "1.2.3",
        "--1",
        "1e1.5",
        "\u{0661}",
    ] {
        refused(text);
        refused(format!("[{text}]"));
    }
}

#[test]
fn numbers_as_doubles_are_finite() {
    let finite = |text| read(text).as_finite();
    assert_eq!(finite("60"), Some(60.0));
    assert_eq!(finite("60.0"), Some(60.0));
    assert_eq!(finite("1.79e9"), Some(1_790_000_000.0));
    assert_eq!(finite("-0"), Some(0.0));
    assert_eq!(finite("1e999"), None);
    assert_eq!(finite("-1e999"), None);
    assert_eq!(finite("1e-999"), Some(0.0));
    assert_eq!(finite("\"60\""), None, "a string is no number");
    assert_eq!(finite("null"), None);
}

#[test]
fn strings_are_unescaped() {
    for (text, meaning) in [
        (r#""plain""#, "plain"),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""a\u00e9b""#, "aéb"),
        (r#""\u0000""#, "\0"),
        (r#""\u002F""#, "/"),
        (r#""\ud83d\uDE00!""#, "😀!"),
        (r#""\udbff\udfff""#, "\u{10ffff}"),
        (r#""\ud7ff\ue000""#, "\u{d7ff}\u{e000}"),
        ("\"é😀\u{7f}\u{2028}\"", "é😀\u{7f}\u{2028}"),
    ] {
        assert_eq!(read(text).as_str(), Some(meaning), "{text}");
    }
}

#[test]
fn strings_that_parsers_read_differently_are_refused() {
    let lone = "a lone surrogate";
    assert_eq!(refused(r#""\ud800""#), (lone, 1));
    assert_eq!(refused(r#""ab\udc00""#), (lone, 3));
    assert_eq!(refused(r#""\ud800\ud800""#), (lone, 1));
    assert_eq!(refused(r#""\ud800x""#), (lone, 1));
    assert_eq!(refused(r#""\ud800\n""#), (lone, 1));
    assert_eq!(refused(r#""\udc00\ud800""#), (lone, 1));
    for text in [
        r#""\x41""#,
        r#""\'""#,
        r#""\U0041""#,
        r#""\0""#,
        "\"\\\n\"",
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u+123""#,
    ] {
        refused(text);
    }
    for control in 0..0x20_u8 {
        let text = [b'"', b'a', control, b'"'];
        assert_eq!(refused(text), ("a control character in a string", 2));
    }
    for text in ["\"", "\"abc", "\"abc\\", "\"abc\\\"", "\"\\u", "\"\\u00", "\"\\ud800", "\"\\ud800\\u"] {
        refused(text);
    }
    for text in ["\"\\u", "\"\\u00", "\"\\u00\""] {
        assert_eq!(refused(text), ("a broken \\u escape", 3), "{text}");
    }
}

#[test]
fn only_utf8_without_a_byte_order_mark() {
    assert_eq!(refused("\u{feff}{}"), ("byte order mark", 0));
    assert_eq!(refused(" \u{feff}{}"), ("not a JSON value", 1));
    assert_eq!(refused("{}\u{feff}"), ("data after the JSON text", 2));
    assert_eq!(refused(b"\"a\xff\""), ("not UTF-8", 2));
    for bytes in [
        &b"\"\xc0\xaf\""[..],    // overlong
        b"\"\xe0\x80\xaf\"",     // overlong
        b"\"\xed\xa0\x80\"",     // a surrogate
        b"\"\xf4\x90\x80\x80\"", // over U+10FFFF
        b"\"\xe2\x82",           // cut off
        b"\xff\xfe{\0}\0",       // UTF-16
        b"{}\x80",
    ] {
        assert_eq!(refused(bytes).0, "not UTF-8");
    }
}

#[test]
fn one_text_and_nothing_else() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "[1",
        "[1,",
        "{,}",
        "[,]",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{1:2}",
        "{null:1}",
        "{\"a\" 1}",
        "{\"a\",1}",
        "[1 2]",
        "[1:2]",
        "[}",
        "{]",
        "tru",
        "True",
        "nul",
        "nulll",
        "undefined",
        "// x\n1",
        "1 // x",
        "/**/1",
        "{} {}",
        "1 2",
        "\"a\" \"b\"",
        "[] ,",
        "}",
        "\u{a0}1",
        "\u{c}1",
        "\u{b}1",
        "1\0",
        "\0",
    ] {
        refused(text);
    }
}

#[test]
fn duplicate_members_at_any_level_however_they_are_written() {
    let what = "duplicate member";
    assert_eq!(refused(r#"{"a":1,"a":1}"#), (what, 7));
    assert_eq!(refused(r#"{"sub":1,"\u0073ub":2}"#), (what, 9));
    assert_eq!(refused(r#"[{"x":{"b":1,"c":2,"b":3}}]"#).0, what);
    assert_eq!(refused(r#"{"":1,"":2}"#).0, what);
    assert_eq!(read(r#"{"a":1,"A":2}"#).as_object().map(<[_]>::len), Some(2), "case makes another name");
    assert!(
        parse("{\"\u{e9}\":1,\"e\u{301}\":2}".as_bytes()).is_ok(),
        "no Unicode normal forms: other bytes, other name"
    );

    // Few members are compared one by one, many by sorting: both must find every pair.
    for size in 2..=30 {
        let names: Vec<String> = (0..size).map(|i| format!("\"n{i}\":{i}")).collect();
        assert!(parse(format!("{{{}}}", names.join(",")).as_bytes()).is_ok(), "{size}");
        for (first, second) in [(0, size - 1), (size - 2, size - 1), (0, 1), (size / 2, size - 1)] {
            if first != second {
                let mut twice = names.clone();
                twice[second] = names[first].clone();
                assert_eq!(refused(format!("{{{}}}", twice.join(","))).0, what, "{size}: {first}, {second}");
            }
        }
    }
}

#[test]
fn duplicates_are_kept_for_who_reports_them() {
    let kept = parse_keeping_duplicates(br#"{"a":1,"b":{"c":1,"c":2},"a":3}"#).unwrap();
    assert_eq!(kept.as_object().map(<[_]>::len), Some(3));
    assert_eq!(kept.get("b").and_then(Json::as_object).map(<[_]>::len), Some(2));
    let many = format!("{{{}}}", vec![r#""a":1"#; 100].join(","));
    let kept = parse_keeping_duplicates(many.as_bytes()).unwrap();
    assert_eq!(kept.as_object().map(<[_]>::len), Some(100));
    for text in ["\u{feff}{}", "{} {}", r#"{"a":"\ud800"}"#] {
        assert!(parse_keeping_duplicates(text.as_bytes()).is_err(), "{text}: strict in everything else");
    }
}

#[test]
fn a_duplicate_is_found_however_many_members_there_are() {
    for count in 1..40 {
        let object = |last: &str| {
            let names = (0..count).map(|n| format!("m{n}")).chain([last.to_owned()]);
            format!("{{{}}}", names.map(|name| format!("\"{name}\":1")).collect::<Vec<_>>().join(","))
        };
        assert!(parse(object("other").as_bytes()).is_ok(), "{count}");
        for twice in [0, count - 1] {
            assert_eq!(refused(object(&format!("m{twice}"))).0, "duplicate member", "{count} and {twice}");
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let arrays = |n: usize| "[".repeat(n) + &"]".repeat(n);
    let objects = |n: usize| "{\"a\":".repeat(n) + "1" + &"}".repeat(n);
    assert!(parse(arrays(MAX_DEPTH).as_bytes()).is_ok());
    assert!(parse(objects(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(refused(arrays(MAX_DEPTH + 1)), ("nested too deep", MAX_DEPTH));
    assert_eq!(refused(objects(MAX_DEPTH + 1)).0, "nested too deep");
    assert_eq!(refused("[".repeat(1_000_000)).0, "nested too deep");
    let wide = format!("[{}]", vec!["[]"; 1000].join(","));
    assert!(parse(wide.as_bytes()).is_ok(), "width is not depth");
}

#[test]
fn errors_have_a_place() {
    let text = b"{\n  \"a\": 1,\n  \"a\": 2\n}";
    let error = parse(text).unwrap_err();
    assert_eq!(error.line_and_column(text), (3, 3));
    assert_eq!(error.to_string(), "duplicate member at byte 14");
    let empty = parse(b"").unwrap_err();
    assert_eq!(empty.line_and_column(b""), (1, 1));
    assert_eq!(empty.line_and_column(b"another text"), (1, 1), "no panic, whatever the text");
}

#[test]
fn ways_into_a_value() {
    let value = read(r#"{"s":"x","l":["x","y"],"m":["x",1],"e":[],"n":null}"#);
    let strings = |name| value.get(name).and_then(Json::strings).map(Iterator::collect::<Vec<_>>);
    assert_eq!(strings("s"), Some(vec!["x"]));
    assert_eq!(strings("l"), Some(vec!["x", "y"]));
    assert_eq!(strings("e"), Some(vec![]));
    assert_eq!(strings("m"), None, "not nothing but strings");
    assert_eq!(strings("n"), None);
    assert_eq!(strings("absent"), None);
    assert_eq!(read("[1]").get("0"), None, "an array has no members");
    let kinds: Vec<_> =
        ["null", "true", "1", "\"\"", "[]", "{}"].into_iter().map(|t| read(t).kind()).collect();
    assert_eq!(kinds, ["null", "a boolean", "a number", "a string", "an array", "an object"]);
}

#[test]
fn pointers_of_rfc_6901() {
    // The document and the answers of RFC 6901, section 5.
    let root =
        read(r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#);
    let at = |pointer: &str| Pointer::parse(pointer).unwrap().resolve(&root).cloned();
    assert_eq!(at(""), Some(root.clone()));
    assert_eq!(at("/foo"), root.get("foo").cloned());
    assert_eq!(at("/foo/0"), Some(Json::String("bar".into())));
    let names = ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"];
    for (number, pointer) in names.into_iter().enumerate() {
        assert_eq!(at(pointer), Some(Json::Number(number.to_string().into())), "{pointer}");
    }
    for absent in [
        "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/ 1", "/foo/", "/foo/0/x", "/no", "/m~0n/x",
    ] {
        assert_eq!(at(absent), None, "{absent}");
    }
    assert_eq!(at("/foo/99999999999999999999999"), None);
    assert_eq!(Pointer::to_member("a/b").resolve(&root), root.get("a/b"));
    assert_eq!(Pointer::to_member("m~n").as_str(), "/m~0n");
    assert_eq!(Pointer::to_member("m~n"), Pointer::parse("/m~0n").unwrap());
    for (text, written) in [("/sub", "sub"), ("/a/b", "/a/b"), ("/m~1n", "/m~1n"), ("/", ""), ("", "")] {
        assert_eq!(
            Pointer::parse(text).map(|pointer| pointer.as_claim().to_owned()).as_deref(),
            Some(written)
        );
    }
}

#[test]
fn what_is_written_is_what_another_writes() {
    for c in (0..=0x7f_u8).map(char::from).chain(['\u{80}', 'ü', '\u{2028}', '\u{1f600}']) {
        let text = format!("a{c}b");
        let written = Json::String(text.as_str().into()).to_string();
        assert_eq!(written, serde_json::to_string(&text).unwrap());
        assert_eq!(read(&written).as_str(), Some(&*text));
    }
}

#[test]
fn members_that_are_null_are_taken_out_at_any_depth_and_items_are_not() {
    for (text, left) in [
        (
            r#"{"a":{"b":null,"c":1},"b":null,"d":[{"b":null},null,[null]],"e":"null"}"#,
            r#"{"a":{"c":1},"d":[{},null,[null]],"e":"null"}"#,
        ),
        (r#"{"a":{"b":null}}"#, r#"{"a":{}}"#),
        (r#"{"a":null,"b":null}"#, "{}"),
        (r#"{"a":false,"b":0,"c":"","d":[],"e":{}}"#, r#"{"a":false,"b":0,"c":"","d":[],"e":{}}"#),
        ("[null]", "[null]"),
        ("null", "null"),
    ] {
        let mut root = read(text);
        root.remove_nulls();
        assert_eq!(root.to_string(), left, "{text}");
    }
}

#[test]
fn a_parameter_is_named_as_the_member_or_the_way_to_it() {
    let pointer = Pointer::parse("/requestorId/eecId").unwrap();
    for name in ["requestorId", "RequestorID", "requestorId[eecId]", "requestorId.eecId", "requestorid[x]"] {
        assert!(pointer.is_named_by(name), "{name}");
    }
    for name in ["", "requestor", "x", "x[requestorId]x"] {
        assert!(!pointer.is_named_by(name), "{name}");
    }
}

#[test]
fn pointers_are_well_formed() {
    for text in ["a", "a/b", "#/a", "/~", "/~2", "/a~", "/~a", "/~~01", "/~~0"] {
        assert_eq!(Pointer::parse(text), None, "{text}");
    }
    let escapes = Pointer::parse("/~01/~10").unwrap();
    assert!(escapes.resolve(&read(r#"{"~1":{"/0":true}}"#)).is_some(), "`~01` is `~1`, never `/`");
}

#[test]
fn a_name_that_differs_by_case_only_is_told_apart() {
    let pointer = Pointer::parse("/requestorId/eecId").unwrap();
    for (text, look_alike) in [
        (r#"{"requestorId":{"eecId":"x"}}"#, false),
        (r#"{"requestorId":{"EECID":"x"}}"#, true),
        (r#"{"RequestorId":{"eecId":"x"}}"#, true),
        (r#"{"requestorId":{"eecId":"x","eecID":"y"}}"#, true),
        (r#"{"requestorID":1,"requestorId":{"eecId":"x"}}"#, true),
        (r#"{"requestorıd":{"eecId":"x"}}"#, true),
        (r#"{"eecID":"x","requestorId":{"eecId":"x"}}"#, false),
        (r#"{"x":{"REQUESTORID":1}}"#, false),
    ] {
        let root = read(text);
        assert_eq!(pointer.walk(&root) == Step::LookAlike, look_alike, "{text}");
    }
    let kelvin = Pointer::to_member("k");
    assert_eq!(kelvin.walk(&read("{\"\u{212a}\":1}")), Step::LookAlike);
    assert_eq!(Pointer::to_member("s").walk(&read("{\"\u{17f}\":1}")), Step::LookAlike);
}

#[test]
fn only_a_walk_minds_names_in_another_case() {
    let json = parse(br#"{"sub":"a","SUB":"b"}"#).expect("two different names");
    let pointer = Pointer::to_member("sub");
    assert_eq!(pointer.resolve(&json).and_then(Json::as_str), Some("a"));
    assert_eq!(pointer.walk(&json), Step::LookAlike);
    let pointer = Pointer::to_member("Sub");
    assert_eq!(pointer.resolve(&json), None);
}
