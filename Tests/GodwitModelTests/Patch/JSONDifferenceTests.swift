import GodwitModel
import GodwitTestKit
import Testing

@Suite struct JSONDifferenceTests {
    private func lines(_ old: String, _ new: String, kind: String = "Deployment") throws -> [String] {
        JSONDifference.lines(JSONDifference.compute(from: try json(old), to: try json(new)), kind: kind)
    }

    @Test func readsAsAPersonWouldSayIt() throws {
        #expect(try lines(#"{"spec":{"replicas":2}}"#, #"{"spec":{"replicas":3}}"#) == ["spec.replicas: 2 -> 3"])
        #expect(
            try lines(
                #"{"spec":{"template":{"spec":{"containers":[{"name":"log","image":"l"},{"name":"web","image":"docker.io/a:1"}]}}}}"#,
                #"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"quay.io/a:1"}]}}}}"#)
                == [
                    #"- spec.template.spec.containers[name=log]: {"image":"l","name":"log"}"#,
                    "spec.template.spec.containers[name=web].image: docker.io/a:1 -> quay.io/a:1",
                ])
        #expect(
            try lines(#"{"metadata":{"labels":{}}}"#, #"{"metadata":{"labels":{"a.b/c":"true"}}}"#)
                == [#"+ metadata.labels["a.b/c"]: "true""#])
        #expect(
            try lines(#"{"args":["a","b","c"]}"#, #"{"args":["a","x","c","d"]}"#) == [
                "args[1]: b -> x", "+ args[3]: d",
            ])
        #expect(try lines(#"{"args":["a","b","c"]}"#, #"{"args":["a","c"]}"#) == ["- args[1]: b"])
        #expect(
            try lines(#"{"c":[{"name":"a"},{"name":"b"}]}"#, #"{"c":[{"name":"b"},{"name":"a"}]}"#)
                == [#"c[order by name]: ["a","b"] -> ["b","a"]"#])
    }

    @Test func secretsAreMaskedWhereverTheyStand() throws {
        let old = #"{"metadata":{},"data":{"password":"aHVudGVyMmh1bnRlcg==","user":"cm9vdA=="},"kind":"Secret"}"#
        let new =
            #"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"hunter2"}},"data":{"password":"aHVudGVyM2h1bnRlcg=="},"stringData":{"x":"hunter2"},"kind":"Secret"}"#
        #expect(
            try lines(old, new, kind: "Secret") == [
                "data.password: (13 bytes, changed)", "- data.user: (4 bytes)",
                #"+ metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]: (7 bytes)"#,
                "+ stringData.x: (7 bytes)",
            ])
        for (from, to) in [(old, new), ("null", new), (old, "{}"), ("[]", old), (#"{"metadata":3}"#, new)] {
            let text = try lines(from, to, kind: "Secret").joined()
            #expect(!text.contains("hunter") && !text.contains("aHVudGV"))
        }
    }

    @Test func controlCharactersDoNotReachTheTerminal() throws {
        let text = try lines("{}", #"{"a":"\u001b[31m\u009b\u202e","b":["\u007f"],"c\u001b":1}"#).joined()
        #expect(
            text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0 != "\u{202E}" }
        )
    }

    @Test func noChangeMeansEqual() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let left = JSONValue.random(&generator, depth: 3)
            let right = JSONValue.random(&generator, depth: 3)
            #expect(JSONDifference.compute(from: left, to: right).isEmpty == (left == right))
            #expect(JSONDifference.compute(from: left, to: left).isEmpty)
        }
    }

    @Test func normalisationIsADifference() {
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(!JSONDifference.compute(from: ["\u{E9}": 1], to: ["e\u{301}": 1]).isEmpty)
        #expect(JSONDifference.compute(from: ["a": "\u{E9}"], to: ["a": "e\u{301}"]).count == 1)
    }
}
