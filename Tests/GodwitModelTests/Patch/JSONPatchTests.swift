import GodwitModel
import GodwitTestKit
import Testing

@Suite struct JSONPatchTests {
    /// The examples of RFC 6902, appendix A, and the corners around them: document, patch, result (nil: refused).
    static let cases: [(String, String, String?)] = [
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
        (#"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, #"{"foo":["bar","qux","baz"]}"#),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
        (#"{"baz":"qux"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#, #"{"baz":"boo"}"#),
        (
            #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
        ),
        (
            #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            #"{"foo":["all","cows","eat","grass"]}"#
        ),
        (
            #"{"baz":"qux","foo":["a",2,"c"]}"#,
            #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            #"{"baz":"qux","foo":["a",2,"c"]}"#
        ),
        (#"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, nil),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"g":{}}}]"#, #"{"child":{"g":{}},"foo":"bar"}"#),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"q","xyz":123}]"#, #"{"baz":"q","foo":"bar"}"#),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, nil),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":"10"}]"#, nil),
        (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc"]}]"#, #"{"foo":["bar",["abc"]]}"#),
        (#"{"foo":1}"#, #"[{"op":"add","path":"","value":[1]}]"#, "[1]"),
        (#"{"foo":1}"#, #"[{"op":"replace","path":"","value":null}]"#, "null"),
        (#"{"foo":1}"#, #"[{"op":"test","path":"/foo","value":1.0}]"#, #"{"foo":1}"#),
        (#"{"foo":100}"#, #"[{"op":"test","path":"/foo","value":1e2}]"#, #"{"foo":100}"#),
        (#"{"foo":null}"#, #"[{"op":"test","path":"/foo","value":null}]"#, #"{"foo":null}"#),
        (#"{"foo":[1,2]}"#, #"[{"op":"add","path":"/foo/2","value":3}]"#, #"{"foo":[1,2,3]}"#),
        (#"{"foo":[1,2]}"#, #"[{"op":"add","path":"/foo/3","value":3}]"#, nil),
        (#"{"foo":[1,2]}"#, #"[{"op":"replace","path":"/foo/-","value":3}]"#, nil),
        (#"{"foo":[1,2]}"#, #"[{"op":"remove","path":"/foo/01"}]"#, nil),
        (#"{"foo":[1,2]}"#, #"[{"op":"remove","path":"/foo/-1"}]"#, nil),
        (#"{"foo":[1,2]}"#, #"[{"op":"remove","path":"/foo/99999999999999999999"}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"remove","path":"/bar"}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"replace","path":"/bar","value":1}]"#, nil),
        (#"{"foo":{"a":1}}"#, #"[{"op":"move","from":"/foo","path":"/foo/a"}]"#, nil),
        (#"{"foo":{"a":1}}"#, #"[{"op":"move","from":"/foo","path":"/foo"}]"#, #"{"foo":{"a":1}}"#),
        (#"{"foo":{"a":1}}"#, #"[{"op":"copy","from":"/foo","path":"/foo/a"}]"#, #"{"foo":{"a":{"a":1}}}"#),
        (#"{"":1}"#, #"[{"op":"replace","path":"/","value":2}]"#, #"{"":2}"#),
        ("{}", #"{"op":"add","path":"/a","value":1}"#, nil),
        ("{}", #"[{"op":"add","path":"/a"}]"#, nil),
        ("{}", #"[{"op":"add","path":"a","value":1}]"#, nil),
        ("{}", #"[{"op":"add","path":"/~2","value":1}]"#, nil),
        ("{}", #"[{"op":"add","path":"/~","value":1}]"#, nil),
        ("{}", #"[{"op":"spam","path":"/a"}]"#, nil),
        ("{}", #"[{"path":"/a"}]"#, nil),
        ("{}", "[3]", nil),
    ]

    @Test(arguments: cases) func followsTheStandard(document: String, patch: String, expected: String?) throws {
        let result = Result { try JSONPatch(json: json(patch)).applied(to: json(document)) }
        if let expected {
            #expect(try result.get() == json(expected))
        } else {
            #expect(throws: JSONPatchError.self) { try result.get() }
        }
    }

    @Test func namesTheFailingOperationAndNoValue() throws {
        let patch = try JSONPatch(
            json: json(#"[{"op":"add","path":"/x","value":1},{"op":"test","path":"/secret","value":"a"}]"#))
        let error = #expect(throws: JSONPatchError.self) { try patch.applied(to: ["secret": "hunter2"]) }
        #expect(error?.operation == 1)
        #expect(error?.kind == .testFailed)
        let leaks = "\(error?.description ?? "") \(error?.advice ?? "")".contains("hunter2")
        #expect(!leaks)
    }

    @Test func copiesOfCopiesAreRefused() throws {
        let deep = JSONPatch.Operation.copy(from: .init(tokens: []), to: .init(tokens: ["a"]))
        #expect(throws: JSONPatchError.self) { try JSONPatch(Array(repeating: deep, count: 600)).applied(to: ["a": 1]) }
        let list = Array(
            repeating: JSONPatch.Operation.copy(from: .init(tokens: ["a"]), to: .init(tokens: ["a", "-"])), count: 60)
        let error = #expect(throws: JSONPatchError.self) { try JSONPatch(list).applied(to: ["a": [1]]) }
        #expect(error?.kind == .tooLarge)
    }

    @Test func roundTrips() throws {
        for (_, patch, result) in Self.cases where result != nil {
            let parsed = try JSONPatch(json: json(patch))
            #expect(try JSONPatch(json: parsed.json) == parsed)
        }
    }

    @Test func pointersRoundTrip() throws {
        for tokens in [[], [""], ["a/b", "m~n", "~1"], ["metadata", "annotations", "example.com/x"], ["\u{301}"]] {
            let pointer = JSONPointer(tokens: tokens)
            #expect(try JSONPointer(parsing: pointer.description) == pointer)
        }
    }
}

@Suite struct JSONMergePatchTests {
    /// RFC 7396, appendix A: original, patch, result.
    static let cases: [(String, String, String)] = [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#), (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
        ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ]

    @Test(arguments: cases) func followsTheStandard(document: String, patch: String, expected: String) throws {
        #expect(JSONMergePatch.apply(try json(patch), to: try json(document)) == (try json(expected)))
    }

    @Test func differenceLeadsFromOneToTheOther() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let from = JSONValue.randomObject(&generator, depth: 3, nulls: false)
            let to = JSONValue.randomObject(&generator, depth: 3, nulls: false)
            if let patch = JSONMergePatch.difference(from: from, to: to) {
                #expect(JSONMergePatch.apply(patch, to: from) == to)
            } else {
                #expect(from == to)
            }
            #expect(JSONMergePatch.difference(from: from, to: from) == nil)
        }
    }

    @Test func nullsCountAsAbsent() {
        #expect(JSONMergePatch.difference(from: ["a": .null], to: ["a": .null]) == nil)
        #expect(JSONMergePatch.difference(from: ["a": 1], to: ["a": .null]) == ["a": .null])
        #expect(JSONMergePatch.difference(from: [:], to: ["a": .null]) == nil)
    }
}
