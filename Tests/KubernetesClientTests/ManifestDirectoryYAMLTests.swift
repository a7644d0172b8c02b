import GodwitModel
import GodwitTestKit
import Testing

@testable import KubernetesClient

@Suite struct ManifestDirectoryYAMLTests {
    private func parse(_ text: String) throws -> JSONValue? { try KubernetesYAML.parse(text).first }

    /// Scalars as sigs.k8s.io/yaml reads them.
    static let scalars: [(String, JSONValue)] = [
        ("yes", true), ("No", false), ("on", true), ("OFF", false), ("y", true), ("n", false), ("True", true),
        ("~", .null), ("null", .null), ("nUll", "nUll"), ("yEs", "yEs"), ("truest", "truest"),
        ("0644", 420), ("0o17", 15), ("0x1F", 31), ("0b101", 5), ("08", 8), ("-0x10", -16), ("+5", 5), ("1_000", 1000),
        ("12", 12), ("-0", 0), ("1.5", .number("1.5")), ("1.0", 1), ("1e3", 1000), (".5", .number("0.5")),
        ("0.5", .number("0.5")), ("-0.25", .number("-0.25")), ("0.10", .number("0.10")), ("0.0", 0), ("0e1", 0),
        ("012.5", .number("12.5")), ("0_17", 15),
        ("9223372036854775807", .integer(.max)), ("18446744073709551615", .number("18446744073709551615")),
        ("123456789012345678901234567890", .number("123456789012345678901234567890")),
        ("1.2.3", "1.2.3"), ("10.0.0.1", "10.0.0.1"), ("12:30:45", "12:30:45"), ("2026-11-21", "2026-11-21"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"), ("1e400", "1e400"), ("100m", "100m"), ("10Gi", "10Gi"),
        ("+", "+"), ("_1", "_1"), ("0x", "0x"), ("0xg", "0xg"), ("1-2", "1-2"), ("<<x", "<<x"),
        ("'yes'", "yes"), ("\"0644\"", "0644"), ("!!str 12", "12"), ("!!int \"12\"", 12), ("!!float 1", 1),
        ("!!binary aGVsbG8=", "hello"), ("!custom 12", "12"), ("!!bool yes", true),
    ]

    @Test(arguments: scalars) func readsScalars(text: String, expected: JSONValue) throws {
        #expect(try parse("a: \(text)\n")?["a"] == expected)
    }

    @Test func readsKeysAnchorsAndMerges() throws {
        #expect(try parse("1: a\nyes: b\n1.5: c\n0x10: d\n") == ["1": "a", "true": "b", "1.5": "c", "16": "d"])
        #expect(
            try parse("base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\nlist:\n  <<: [{z: 1}, {z: 2, w: 3}]\n")
                == ["base": ["x": 1, "z": 2], "use": ["x": 1, "z": 3], "list": ["z": 1, "w": 3]])
        #expect(try parse("a: |\n  x\n  y\nb: >-\n  p\n  q\n") == ["a": "x\ny\n", "b": "p q"])
    }

    @Test(arguments: [
        "a: .inf", "a: .nan", "~: 1", "[1]: 2", "a: 1\na: 2", "a: *nowhere", "a: [", "a: \"\\q\"", "a: 1\n b: 2",
        "a: !!int x", "a: !!binary '%'", "<<: 3", "a: 'x",
    ]) func refuses(text: String) {
        #expect(throws: KubernetesYAML.Fault.self) { try KubernetesYAML.parse(text) }
    }

    @Test func faultsNameTheLineAndNoContent() throws {
        let fault = #expect(throws: KubernetesYAML.Fault.self) {
            try KubernetesYAML.parse("a: 1\n---\nb: 2\npassword: hunter2\npassword: hunter3\n")
        }
        #expect(fault?.line == 4 || fault?.line == 5)
        let mentions = fault?.description.contains("hunter") ?? true
        #expect(!mentions)
    }

    @Test func aliasBombsAreRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let inner = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(inner)]\n"
        }
        #expect(throws: KubernetesYAML.Fault.self) { try KubernetesYAML.parse(text) }
        #expect(throws: KubernetesYAML.Fault.self) {
            try KubernetesYAML.parse(String(repeating: "[", count: 900) + String(repeating: "]", count: 900))
        }
    }

    @Test func splitsDocuments() throws {
        let text =
            "# only a comment\n---\na: 1\n---\n# nothing\n---\n---   \nb: |\n  x\n  ---\n  y\n...\n---\n{c: 3}\n--- {d: 4}\n"
        #expect(try KubernetesYAML.parse(text) == [["a": 1], ["b": "x\n---\ny\n"], ["c": 3], ["d": 4]])
        #expect(try KubernetesYAML.parse("").isEmpty)
        #expect(try KubernetesYAML.parse("a: 1\r\n---\r\nb: 2\r\n") == [["a": 1], ["b": 2]])
    }

    /// Found by fuzzing: a line of four dots passed for the end of a document, and its text for nothing.
    @Test func dotsEndADocumentOnlyAlone() throws {
        #expect(try KubernetesYAML.parse("....\n") == ["...."])
        #expect(try KubernetesYAML.parse("...\n") == [])
        #expect(try KubernetesYAML.parse("a: 1\n...\n---\nb: 2\n") == [["a": 1], ["b": 2]])
        for text in ["...", "... x", "....", ".....-- y"] {
            for value: JSONValue in [.string(text), .object([text: 1]), .object(["a": .string(text)])] {
                #expect(try KubernetesYAML.parse(KubernetesYAML.serialize(value)) == [value], "\(value)")
            }
        }
    }

    @Test func writesWhatAPersonWouldWrite() {
        let value: JSONValue = [
            "kind": "ConfigMap", "apiVersion": "v1",
            "data": [
                "script": "a\nb\n", "open": "yes", "version": "2.10", "empty": "", "text": "hello: world", "ip": "::1",
            ],
            "list": [["name": "a", "ports": [1, 2]], [[1], []], [:], "x"], "ok": true, "none": .null,
        ]
        #expect(
            KubernetesYAML.serialize(value) == """
                apiVersion: v1
                data:
                  empty: ""
                  ip: "::1"
                  open: "yes"
                  script: |
                    a
                    b
                  text: "hello: world"
                  version: "2.10"
                kind: ConfigMap
                list:
                - name: a
                  ports:
                  - 1
                  - 2
                - - - 1
                  - []
                - {}
                - x
                none: null
                ok: true

                """)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var generator = SeededGenerator(seed: 21)
        for _ in 0..<1500 {
            let value: JSONValue = ["root": .randomManifest(&generator)]
            let text = KubernetesYAML.serialize(value)
            #expect(try KubernetesYAML.parse(text) == [value], "\(text)")
        }
    }

    /// Every text that YAML could take for something else.
    @Test func stringsStayStrings() throws {
        let odd =
            Self.scalars.map(\.0) + [
                "", " ", " a", "a ", "a\n", "\na", "a\n\n\nb\n\n", "  a\n b", "a\tb", "\ta", "a: b", "a:", "a #b", "#a",
                "&a",
                "*a", "!a", "|", ">", "%a", "@a", "`a", "{a", "[a", "a]", ",", "?", "? a", "-", "- a", "---", "--- a",
                "...",
                ":", "=", "<<", "\"", "'", "\\", "a\\b", "a\r\nb", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}a",
                "é",
                "e\u{301}", "漢字", "😀", "a\nb\u{0}", "x\n---\ny", "x\n  y\n", "1:2", "190:20:30", "1e5", "0e0", "0b",
                "0o8", "00",
                "1.", "+.5", ".", "..", "1__0", "NaN", "inf", "Infinity", "2026-1-1", "null ", "~a", "a~", "key: |\n",
                "a: b\nc",
                String(repeating: "k", count: 3000),
            ]
        for text in odd {
            let value: JSONValue = ["a": .string(text), "l": [.string(text)], "o": .object([text: 1])]
            #expect(try KubernetesYAML.parse(KubernetesYAML.serialize(value)) == [value], "\(text)")
        }
    }
}
