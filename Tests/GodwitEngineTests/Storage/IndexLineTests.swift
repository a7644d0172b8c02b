import GodwitModel
import Tarball
import Testing

@testable import GodwitEngine

@Suite("Lines of the index")
struct IndexLineTests {
    private func entry(_ name: String, namespace: String? = "shop", digest: [UInt8] = Array(0..<32)) -> IndexEntry {
        IndexEntry(
            identity: ItemIdentity(
                resource: GroupResource(group: "apps", resource: "deployments"), namespace: namespace, name: name),
            apiVersion: "apps/v1", kind: "Deployment", uid: "u",
            location: ContentLocation(frame: 1 << 40, offset: 512, length: 0), sha256: digest)
    }

    @Test("what is written is read", arguments: ["web", "system:node:a,b", "quo\"te\\n", "grün", "tab\t", "\u{1}"])
    func roundTrip(name: String) throws {
        for candidate in [entry(name), entry(name, namespace: nil), entry(name, digest: [])] {
            var text: [UInt8] = []
            IndexLine.append(candidate, to: &text)
            #expect(text.last == 0x0A)
            #expect(text.dropLast().withUnsafeBufferPointer { IndexLine.parse($0) } == candidate)
            _ = try JSONValue(parsing: Array(text.dropLast()))
        }
    }

    @Test("other spellings of JSON are read too")
    func otherSpellings() throws {
        let line =
            #"{ "name":"web", "sha256":"", "kind":"Pod","apiVersion":"v1","resource":"p\u006fds","frame":0,"offset":1,"length":2, "new":[1] }"#
        let parsed = try #require(Array(line.utf8).withUnsafeBufferPointer { IndexLine.parse($0) })
        #expect(parsed.identity.description == "pods/web")
    }

    @Test(
        "what is no entry is refused",
        arguments: [
            "", "{}", "[]", "nonsense",
            #"{"resource":"a","name":"b","apiVersion":"v1","kind":"K","frame":-1,"offset":0,"length":0}"#,
            #"{"resource":"a","name":"b","apiVersion":"v1","kind":"K","frame":99999999999999999999,"offset":0,"length":0}"#,
        ])
    func refused(line: String) {
        #expect(Array(line.utf8).withUnsafeBufferPointer { IndexLine.parse($0) } == nil)
    }

    @Test("lines are put together from pieces of any size", arguments: [1, 7, 100, 5000])
    func pieces(size: Int) throws {
        let entries = (0..<50).map { entry("item-\($0)") }
        var text: [UInt8] = []
        for entry in entries { IndexLine.append(entry, to: &text) }
        var decoder = IndexDecoder()
        var found: [IndexEntry] = []
        for piece in text.chunks(of: size) { found += try decoder.entries(piece) }
        try decoder.finish()
        #expect(found == entries)
        var cut = IndexDecoder()
        _ = try cut.entries(Array(text.dropLast(3)))
        #expect(throws: IndexFault.self) { try cut.finish() }
    }

    @Test("paths of items are read as they are written; anything else is none")
    func paths() {
        let identities = [
            ItemIdentity(resource: .pods, namespace: "namespaces", name: "cluster"),
            ItemIdentity(resource: .clusterRoles, namespace: nil, name: "system:a,b.json"),
            ItemIdentity(resource: GroupResource(group: "a.b", resource: "cluster"), namespace: "x", name: "y"),
        ]
        for identity in identities {
            #expect(ItemPath.parse(ItemPath.path(identity))?.identity == identity)
            let copy = ItemPath.parse(ItemPath.path(identity, preferredVersion: "v1beta1"))
            #expect(copy?.identity == identity && copy?.version == "v1beta1" && copy?.isPreferredVersion == true)
        }
        for path in [
            "metadata/version", "resources", "resources/pods", "resources/pods/cluster", "resources/pods/cluster/.json",
            "resources/pods/namespaces/a.json", "resources/pods/cluster/a/b.json",
            "resources/pods/v1/v1/cluster/a.json",
        ] { #expect(ItemPath.parse(path) == nil, "\(path)") }
    }
}
