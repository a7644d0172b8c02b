import GodwitModel
import Testing

@testable import KubernetesClient

@Suite struct ListPageScannerTests {
    static let things = APIResource(
        groupVersion: GroupVersion(apiVersion: "v1"), plural: "things", kind: "Thing", isNamespaced: true,
        verbs: ["list"])

    static func scan(_ pieces: [[UInt8]], limit: Int = 1 << 20) throws -> (ListPageScanner, [Item]) {
        var scanner = ListPageScanner(resource: things, limit: limit)
        var items: [Item] = []
        for piece in pieces { items += try scanner.scan(piece) }
        try scanner.finish()
        return (scanner, items)
    }

    static func scan(_ text: String) throws -> (ListPageScanner, [Item]) { try scan([Array(text.utf8)]) }

    @Test(arguments: 0..<60)
    func anyChunkingGivesTheSameItems(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let texts = (0..<Int.random(in: 0..<8, using: &random.generator)).map { index in
            random.item(index, typed: Bool.random(using: &random.generator))
        }
        let page = Array(random.list(items: texts).utf8)
        let (whole, expected) = try Self.scan([page])
        #expect(expected.count == texts.count)
        for (item, text) in zip(expected, texts) {
            var value = try JSONValue(parsing: text)
            if value["kind"] == nil {
                value["kind"] = "Thing"
                value["apiVersion"] = "v1"
            } else {
                // Nothing was missing, so nothing was touched.
                #expect(String(decoding: item.bytes, as: UTF8.self) == text)
            }
            #expect(try JSONValue(parsing: item.bytes) == value)
            #expect(item.metadata == (try ItemMetadata(scanning: item.bytes)))
        }
        #expect(whole.continueToken == "next")
        #expect(whole.resourceVersion == "42")
        #expect(whole.remainingItemCount == 7)
        for size in [1, 2, 7, 64, 1000] {
            let (scanner, items) = try Self.scan(random.pieces(of: page, atMost: size))
            #expect(items.map(\.bytes) == expected.map(\.bytes))
            #expect(items.map(\.metadata) == expected.map(\.metadata))
            #expect(scanner.continueToken == "next")
        }
    }

    @Test(arguments: 0..<20)
    func everyTruncationIsNoticed(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let page = Array(random.list(items: [random.item(0, typed: true)]).utf8)
        let end = try #require(page.lastIndex(of: UInt8(ascii: "}")))
        for length in 0...end {
            #expect(throws: EnvelopeError.self) { try Self.scan([Array(page[..<length])]) }
        }
    }

    @Test func typedListsNameTheirItems() throws {
        let (_, items) = try Self.scan(
            #"{"kind":"SecretList","apiVersion":"v7","metadata":{},"items":[{"metadata":{"name":"a"},"data":null}]}"#)
        #expect(
            String(decoding: items[0].bytes, as: UTF8.self)
                == #"{"apiVersion":"v7","kind":"Secret","metadata":{"name":"a"},"data":null}"#)
        #expect(items[0].metadata.kind == "Secret")
        #expect(items[0].identity.description == "things/a")
    }

    @Test func theResourceNamesItemsThatComeBeforeTheKind() throws {
        let (_, items) = try Self.scan(#"{"items":[{"metadata":{"name":"a"}}],"kind":"OtherList","apiVersion":"v2"}"#)
        #expect(items[0].metadata.kind == "Thing")
        #expect(items[0].metadata.apiVersion == "v1")
    }

    @Test(arguments: [#"{"items":null}"#, #"{"items":[]}"#, #"{"metadata":{"continue":""}}"#])
    func emptyLists(text: String) throws {
        let (scanner, items) = try Self.scan(text)
        #expect(items.isEmpty)
        #expect(scanner.continueToken == nil)
    }

    @Test(arguments: [
        "", "[]", "7", #"{"items":[1]}"#, #"{"items":[{"metadata":{"name":"a"}},]}"#, #"{"items":[{}]}"#,
        #"{"items":[{"metadata":{}}]}"#, #"{"items":[],}"#, #"{"a" 1}"#, #"{"a":}"#, #"{"items":[],"items":[]}"#,
        #"{"a":1}{"a":2}"#, #"{"a":1"#, #"{"items":[{"metadata":{"name":"a"}}"#, #"{"metadata":tru:e}"#,
        #"{"metadata":nonsense}"#,
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: EnvelopeError.self) { try Self.scan(text) }
    }

    @Test(arguments: [
        #"{"a":[}]"#, #"{"a":{]}"#, "[[}]]", #"{"a":[1}"#, #"{"a":1]}"#, #"{"a":1}}"#, "[1]]", "[1,]", "[,1]", "[1 2]",
        #"{"a":1,}"#, #"{"a"}"#, #"{"a":}"#, #"{1:2}"#, #"{"a":1 "b":2}"#, #"{"a" "b"}"#, #"["a":1]"#, "[:]", "{,}",
        "[tru]", "[nul]", "[truee]", "[True]", "[01]", "[1.]", "[.5]", "[-]", "[1e]", "[1e+]", "[+1]", "[0x10]",
        "[NaN]", "[1-2]", "01", "1.", "nul", "truefalse", "-", #"["a\qb"]"#, #"["\u12g4"]"#, #""\u12""#,
        "[\"a\nb\"]", "\"a\u{1}b\"", "[<html>]", "[1}{2]", "[//]", "['a']",
    ])
    func whatIsNoJSONIsNoItem(value: String) throws {
        let text = #"{"items":[{"metadata":{"name":"a"},"data":\#(value)}]}"#
        #expect(throws: EnvelopeError.self) { try Self.scan(text) }
        #expect(throws: EnvelopeError.self) { try Self.scan(text.utf8.map { [$0] }) }
    }

    @Test(arguments: [
        "[]", "{}", "[[],{}]", "[ 1 , -0 , 0.5e+10 , 1E5 , 10 , true , false , null ]", #"{"a":{"b":[{"c":[]}]}}"#,
        #"["\\\"\/\b\f\n\r\t\u00eF",""]"#, "-1.25e-3", "null", #""""#,
        String(repeating: "[", count: 500) + String(repeating: "]", count: 500),
        String(repeating: #"{"a":["#, count: 250) + String(repeating: "]}", count: 250),
    ])
    func whatIsJSONIsTaken(value: String) throws {
        let text = #"{"items":[{"metadata":{"name":"a"},"data":\#(value)}]}"#
        #expect(try Self.scan(text).1.count == 1)
        #expect(try Self.scan(text.utf8.map { [$0] }).1.count == 1)
    }

    /// Whatever one changed byte makes of a page: what is cut out of it is JSON.
    @Test(arguments: 0..<40)
    func whatIsCutOutIsJSON(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let page = Array(random.list(items: (0..<3).map { random.item($0, typed: true) }).utf8)
        for _ in 0..<100 {
            var changed = page
            let place = Int.random(in: 0..<page.count, using: &random.generator)
            changed[place] = Array(#"{}[]",:\0e-t "#.utf8).randomElement(using: &random.generator)!
            guard let items = try? Self.scan(random.pieces(of: changed, atMost: 50)).1 else { continue }
            for item in items { #expect(throws: Never.self) { try JSONValue(parsing: item.bytes) } }
        }
    }

    @Test(arguments: ["metadata", "kind", "apiVersion"])
    func identityStandsOnce(member: String) {
        let text = #"{"items":[{"metadata":{"name":"a"},"kind":"K","apiVersion":"v1","\#(member)":{"name":"b"}}]}"#
        #expect(throws: EnvelopeError.self) { try Self.scan(text) }
    }

    @Test func anItemHasALimit() throws {
        let page = Array(
            #"{"items":[{"metadata":{"name":"a"},"data":"\#(String(repeating: "x", count: 5000))"}]}"#.utf8)
        for pieces in [[page], page.map { [$0] }] {
            #expect(throws: EnvelopeError.tooLarge(limit: 4096)) { try Self.scan(pieces, limit: 4096) }
        }
        #expect(try Self.scan([page], limit: 6000).1.count == 1)
    }

    @Test func nestingHasALimit() {
        let deep = String(repeating: "[", count: 600) + String(repeating: "]", count: 600)
        #expect(throws: EnvelopeError.self) { try Self.scan("{\"a\":\(deep)}") }
    }

    @Test func watchEventsAreCutAtAnyByte() throws {
        let text = """
            {"type":"ADDED","object":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}}}
            {"object":{"kind":"Secret","metadata":{"resourceVersion":"5"}},"type":"BOOKMARK"}

            """
        var random = RandomJSON(seed: 1)
        for size in [1, 3, 50, 500] {
            var scanner = WatchScanner()
            var events: [RawWatchEvent] = []
            for piece in random.pieces(of: Array(text.utf8), atMost: size) { events += try scanner.scan(piece) }
            #expect(events.map(\.type) == ["ADDED", "BOOKMARK"])
            #expect(
                String(decoding: events[0].object, as: UTF8.self)
                    == #"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}}"#)
        }
    }
}
