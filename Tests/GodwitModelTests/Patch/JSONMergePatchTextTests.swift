import GodwitTestKit
import Testing

@testable import GodwitModel

@Suite struct JSONMergePatchTextTests {
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The text after a patch holds what the object does after it, whatever both are.
    @Test func textAndObjectAgree() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<4000 {
            let object = JSONValue.randomObject(&generator, depth: 4)
            let patch = JSONValue.randomObject(&generator, depth: 4)
            let expected = JSONMergePatch.apply(patch, to: object)
            for text in [object.serialized(), Array(object.prettyPrinted().utf8)] {
                let patched = try JSONMergePatch.apply(patch.object ?? [:], toText: text)
                #expect(try JSONValue(parsing: patched) == expected)
            }
        }
    }

    /// Of many members too, however their keys are spelled: escaped, long, and some that only look the same.
    @Test(arguments: [1, 8, 9, 300, 3000]) func manyMembersAgree(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let keys = (0..<count).map { number in
            switch number % 5 {
            case 0: "k\(number)"
            case 1: "a key of more bytes than fit into a word \(number)"
            case 2: "\u{E9}\(number)"
            case 3: "\"\(number)\\"
            default: "\u{1F426}\(number)/\u{7}"
            }
        }
        var (object, patch): ([String: JSONValue], [String: JSONValue]) = ([:], [:])
        for key in keys {
            let kind = Int.random(in: 0..<8, using: &generator)
            if kind > 0 { object[key] = kind > 4 ? ["a": 1, "b": [1]] : .string(key) }
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: patch[key] = .null
            case 1: patch[key] = ["a": .null, "c": 2]
            case 2: break
            default: patch[key] = .integer(Int64(kind))
            }
        }
        let expected = JSONMergePatch.apply(.object(patch), to: .object(object))
        for text in [JSONValue.object(object).serialized(), Self.escaped(object)] {
            let patched = try JSONMergePatch.apply(patch, toText: text)
            #expect(try JSONValue(parsing: patched) == expected)
        }
    }

    /// An object whose keys are escaped, character by character.
    private static func escaped(_ members: [String: JSONValue]) -> [UInt8] {
        let parts = members.map { key, value in
            let key = key.utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
            return "\"\(key)\":" + text(value.serialized())
        }
        return Array("{\(parts.joined(separator: ","))}".utf8)
    }

    /// Keys that look the same, and bytes that are not UTF-8, are other keys, among few and among many.
    @Test(arguments: [0, 20]) func keysAreTheirBytes(others: Int) throws {
        var patch: [String: JSONValue] = ["\u{E9}": 1, "\u{FFFD}": 2]
        for number in 0..<others { patch["z\(number)"] = .null }
        let strange = Array(#"{"e\#u{301}":0,""#.utf8) + [0xFF] + Array(#"":0,"e\u0301":0}"#.utf8)
        let patched = try JSONMergePatch.apply(patch, toText: strange)
        #expect(patched == strange.dropLast() + Array(#","\#u{E9}":1,"\#u{FFFD}":2}"#.utf8))
    }

    /// A difference leads from the one object to the other exactly, or there is none.
    @Test func differencesAreExact() throws {
        var generator = SeededGenerator(seed: 8)
        var found = 0
        for _ in 0..<4000 {
            let old = JSONValue.randomObject(&generator, depth: 4)
            let new = JSONValue.randomObject(&generator, depth: 4)
            let (from, to) = try (#require(old.object), #require(new.object))
            #expect(JSONMergePatch.exactDifference(from: from, to: from) == [:])
            guard let patch = JSONMergePatch.exactDifference(from: from, to: to) else { continue }
            found += 1
            #expect(JSONMergePatch.apply(.object(patch), to: old) == new)
            let patched = try JSONMergePatch.apply(patch, toText: old.serialized())
            #expect(try JSONValue(parsing: patched) == new)
            // Nothing but what differs is in it.
            #expect(patch.isEmpty == (old == new))
        }
        #expect(found > 1000)
    }

    @Test(arguments: [
        // What is not named keeps its bytes, its place and its spelling.
        (
            #"{"b": 1.0 ,"a":{"x":"\u00e9","y":[ 1 ]}}"#, #"{"a":{"z":2}}"#,
            #"{"b": 1.0,"a":{"x":"\u00e9","y":[ 1 ],"z":2}}"#
        ),
        (#"{"a":1,"b":2,"c":3}"#, #"{"b":null}"#, #"{"a":1,"c":3}"#),
        (#"{"a":1}"#, #"{"a":null}"#, "{}"), ("{}", #"{"a":null}"#, "{}"),
        (" { } ", #"{"b":1,"a":{"c":null,"d":2}}"#, #"{"a":{"d":2},"b":1}"#),
        (#"{"a":[1,2]}"#, #"{"a":[null]}"#, #"{"a":[null]}"#), (#"{"a":[1,2]}"#, #"{"a":{"b":1}}"#, #"{"a":{"b":1}}"#),
        // However a key is spelled; and of a member that stands twice, both.
        (#"{"\u0061":1}"#, #"{"a":2}"#, #"{"\u0061":2}"#), (#"{"a":1,"a":2}"#, #"{"a":3}"#, #"{"a":3,"a":3}"#),
        (#"{"a":1,"b":0,"a":2}"#, #"{"a":null}"#, #"{"b":0}"#),
    ]) func places(text: String, patch: String, expected: String) throws {
        let changes = try #require(try json(patch).object)
        #expect(Self.text(try JSONMergePatch.apply(changes, toText: Array(text.utf8))) == expected)
    }

    @Test(arguments: ["", "[]", "1", "{", #"{"a"}"#, #"{"a":1"#, #"{"a":}"#, "{} x", #"{"a":{"b":}"#])
    func textsThatAreNoObjects(text: String) {
        #expect(throws: JSONError.self) {
            _ = try JSONMergePatch.apply(["a": ["b": 1]], toText: Array(text.utf8))
        }
    }

    @Test func whatNoPatchSays() throws {
        // A null is not the same as nothing.
        #expect(JSONMergePatch.exactDifference(from: ["a": 1], to: ["a": .null]) == nil)
        #expect(JSONMergePatch.exactDifference(from: [:], to: ["a": ["b": .null]]) == nil)
        #expect(JSONMergePatch.exactDifference(from: ["a": .null], to: ["a": .null]) == [:])
        #expect(JSONMergePatch.exactDifference(from: [:], to: ["a": [.null]]) == ["a": [.null]])
        // Nor is a key another that looks the same.
        #expect(JSONMergePatch.exactDifference(from: ["\u{E9}": 1], to: ["e\u{301}": 1]) == nil)
    }
}
