import GodwitTestKit
import Testing

@testable import GodwitModel

@Suite struct JSONTextTests {
    @Test func valuesRoundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<4000 {
            let value = JSONValue.random(&generator)
            let bytes = value.serialized()
            #expect(try JSONValue(parsing: bytes) == value)
            #expect(try JSONValue(parsing: value.prettyPrinted()) == value)
            #expect(try JSONValue(parsing: bytes).serialized() == bytes)
        }
    }

    @Test(arguments: [
        ("\"\\u00e9\\n\\t\\\"\\\\\\/\\b\\f\\r\"", "\u{E9}\n\t\"\\/\u{8}\u{C}\r"), ("\"\\ud83d\\ude00\"", "😀"),
        ("\"\\ud83d\"", "\u{FFFD}"), ("\"\\ude00x\"", "\u{FFFD}x"), ("\"\\ud83d\\u0041\"", "\u{FFFD}A"),
        ("\"\\ud83d\\ud83d\\ude00\"", "\u{FFFD}😀"), ("\"\\u0000\"", "\u{0}"), ("\"\u{7F}\"", "\u{7F}"),
        ("\"aaaaaaaa\\\\\"", "aaaaaaaa\\"), ("\"1234567\\n9\"", "1234567\n9"),
    ]) func strings(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: text) == .string(expected))
    }

    @Test(arguments: [
        ("0", JSONValue.integer(0)), ("-0", .number("-0")), ("-1", -1), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number("9223372036854775808")),
        ("123456789012345678", 123_456_789_012_345_678), ("1.0", .number("1.0")), ("1e5", .number("1e5")),
        ("1E+400", .number("1E+400")), (" \n\t1\r ", 1),
    ]) func numbers(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == expected)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "--1", "1 2", "NaN", "\"",
        "\"\\\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\\x\"", "\"\n\"", "\"\t\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{",
        "{\"a\"",
        "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1]", "[1}", "{}{}",
        "'a'", "[1]x",
        "\u{FEFF}1", "/**/1",
    ]) func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        let item = Array("{\"metadata\":{\"name\":\"x\"},\"data\":\(text)}".utf8)
        #expect(throws: JSONError.self) { try ItemMetadata(checking: item) }
    }

    @Test func everyTruncationIsAnError() {
        let text =
            #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x\u00e9\n","labels":{"a":"b"}},"data":[1,-2.5e3,true,null,{}]}"#
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            let part = Array(bytes[..<count])
            #expect(throws: JSONError.self) { try JSONValue(parsing: part) }
            #expect(throws: JSONError.self) { try ItemMetadata(scanning: part) }
            #expect(throws: JSONError.self) { try ItemMetadata(checking: part) }
        }
    }

    /// Bytes that a stranger changed give a value or an error, never a crash.
    @Test func mutationsNeverTrap() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<4000 {
            var bytes = JSONValue.randomObject(&generator, depth: 4).serialized()
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? ItemMetadata(scanning: bytes)
            do {
                let value = try JSONValue(parsing: bytes)
                #expect((try? JSONValue(parsing: value.serialized())) != nil)
                #expect((try? ItemMetadata(checking: bytes)) != nil || value.object == nil)
            } catch {
                #expect((try? ItemMetadata(checking: bytes)) == nil || error.reason.hasPrefix("two keys"))
            }
        }
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(500))
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(513)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(1_000_000)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 1_000_000)) }
        #expect(throws: JSONError.self) { try ItemMetadata(scanning: Array("{\"a\":\(nested(100_000))}".utf8)) }
        #expect(throws: JSONError.self) { try ItemMetadata(checking: Array("{\"a\":\(nested(100_000))}".utf8)) }
    }

    @Test func ofEqualKeysTheLastCounts() throws {
        #expect(try JSONValue(parsing: #"{"a":1,"\u0061":2}"#) == ["a": 2])
        #expect(throws: JSONError.self) { try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}") }
    }

    @Test func bytesThatAreNotUTF8AreReplaced() throws {
        #expect(try JSONValue(parsing: [0x22, 0x61, 0xFF, 0x22]) == "a\u{FFFD}")
    }

    @Test func findsTheFirstSpecialByteAtEveryOffset() {
        for length in 0..<40 {
            for place in 0...length {
                for special: UInt8 in [0x22, 0x5C, 0x00, 0x1F, 0x0A] {
                    var bytes = [UInt8](repeating: 0x80, count: length)
                    for index in bytes.indices {
                        bytes[index] = [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xFF, 0xA2, 0xDC][index % 10]
                    }
                    if place < length { bytes[place] = special }
                    let found = bytes.withUnsafeBufferPointer { JSONBytes.special(in: $0, from: 0) }
                    #expect(found == place)
                }
            }
        }
    }

    @Test func decimalsAreComparedByValue() {
        for (left, right) in [
            ("1", "1.0"), ("100", "1e2"), ("0.01", "1E-2"), ("-0", "0"), ("0e9", "0.000"), ("12e-1", "1.2"),
        ] {
            #expect(JSONDecimal(left) == JSONDecimal(right))
        }
        for (left, right) in [
            ("1", "-1"), ("1", "10"), ("1e99999999999999999999", "1e99999999999999999998"), ("0.1", "0.10001"),
        ] {
            #expect(JSONDecimal(left) != JSONDecimal(right))
        }
    }
}

@Suite struct ItemMetadataTests {
    /// The scan and a full decode tell the same, also of texts made to tell them apart.
    @Test func scanEqualsDecode() throws {
        var texts = [
            #"{"metadata":{"name":"a"},"metadata":{"uid":"u"}}"#, #"{"metadata":{"name":"a"},"metadata":null}"#,
            #"{"met\u0061data":{"n\u0061me":"a","labels":{"\u0061":"b"}}}"#,
            #"{"metadata":{"labels":{"a":"b","a":null}}}"#,
            #"{"metadata":{"name":3,"labels":[],"annotations":null,"namespace":""},"kind":{}}"#,
            #"{"metadata":{"name":"x","name":"y","deletionTimestamp":"t"},"apiVersion":"v1","kind":"Pod"}"#,
            #"{"metadata":{"ownerReferences":[{"kind":"K","controller":true},3]}}"#, "{}",
            #" { "metadata" : { "name" : "a" , "labels" : { } } , "spec" : [ "}" , "\"" ] } "#,
        ]
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<1500 {
            var value = JSONValue.randomObject(&generator, depth: 3)
            value["metadata"] = .randomObject(&generator, depth: 2)
            value[path: "metadata", "labels"] = .randomObject(&generator, depth: 0)
            texts.append(String(decoding: value.serialized(), as: UTF8.self))
        }
        for text in texts {
            let scanned = try ItemMetadata(scanning: Array(text.utf8))
            let decoded = KubernetesObject(try JSONValue(parsing: text))
            #expect(scanned.name == decoded.name, "\(text)")
            #expect(scanned.namespace == decoded.namespace, "\(text)")
            #expect(scanned.kind == decoded.kind, "\(text)")
            #expect(scanned.apiVersion == decoded.apiVersion, "\(text)")
            #expect(scanned.labels == decoded.labels, "\(text)")
            #expect(scanned.annotations == decoded.annotations, "\(text)")
            #expect(scanned.owners == decoded.owners, "\(text)")
            #expect(scanned.uid == decoded[path: "metadata", "uid"]?.string ?? "", "\(text)")
        }
    }

    @Test(arguments: ["[]", "3", "", "{} x", "{\"metadata\":{\"name\":\"a\"}", "{\"metadata\":{\"name\":\"\\u12\"}}"])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try ItemMetadata(scanning: Array(text.utf8)) }
    }
}
