import GodwitModel

@testable import KubernetesClient

// What API servers, kubeconfigs and manifest directories hold.
extension Harness {
    static let cluster = [
        Harness(name: "list-page", seeds: { [Array(list.utf8)] }, run: readListPage),
        Harness(name: "watch", seeds: { [Array(events.utf8)] }, run: readWatch),
        Harness(name: "web-socket", seeds: frames, run: readFrames),
        Harness(name: "kubeconfig", seeds: { [Array(kubeconfig.utf8)] }, run: readKubeconfig),
        Harness(name: "yaml", seeds: { [Array(manifest.utf8)] }, run: readYAML),
    ]

    // MARK: Lists and watches

    private static let list = """
        {"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"x","remainingItemCount":3},\
        "items":[{"metadata":{"name":"a","namespace":"b","uid":"u","labels":{"c":"d"}},"data":{"k":"dg=="}},
         {"kind":"Secret", "metadata" : {"name":"\\u00e9"},"n":[-1.5e+3,true,null,{}]}]}
        """
    private static let events = """
        {"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}
        {"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}}
        """
    private static let secrets = APIResource(
        groupVersion: GroupVersion(group: "", version: "v1"), plural: "secrets", kind: "Secret", isNamespaced: true,
        verbs: ["list"])

    private static func readListPage(_ bytes: [UInt8]) throws {
        let whole = try items(in: [bytes])
        let parts = try items(in: pieces(of: bytes))
        try require(whole.isComplete == parts.isComplete, "a list in pieces is another list")
        guard whole.isComplete else { return }
        try require(whole.items.map(\.bytes) == parts.items.map(\.bytes), "an item in pieces is another item")
        try require(whole.items.map(\.identity) == parts.items.map(\.identity), "an item has another name in pieces")
        try require(whole.token == parts.token, "a list in pieces goes on elsewhere")
        for item in whole.items {
            let text = item.bytes
            try require(text.first == UInt8(ascii: "{") && text.last == UInt8(ascii: "}"), "an item is no object")
            // Twice the same key, bytes that are not UTF-8 and deep nesting are not the scanner's business.
            guard let value = try accepting(JSONError.self, { try JSONValue(parsing: text) }) else { continue }
            try require(value["kind"] != nil && value["apiVersion"] != nil, "an item has no kind or version")
        }
    }

    private static func items(in pieces: [[UInt8]]) throws -> (items: [Item], token: String?, isComplete: Bool) {
        var scanner = ListPageScanner(resource: secrets, limit: 1 << 20)
        var items: [Item] = []
        let finished: Void? = try accepting(EnvelopeError.self) {
            for piece in pieces { items += try scanner.scan(piece) }
            try scanner.finish()
        }
        return (items, scanner.continueToken, finished != nil)
    }

    private static func readWatch(_ bytes: [UInt8]) throws {
        func events(_ pieces: [[UInt8]]) throws -> (events: [[UInt8]], isWhole: Bool) {
            var scanner = WatchScanner(limit: 1 << 20)
            var events: [[UInt8]] = []
            let finished: Void? = try accepting(EnvelopeError.self) {
                for piece in pieces { events += try scanner.scan(piece).map { Array($0.type.utf8) + $0.object } }
            }
            return (events, finished != nil)
        }
        let whole = try events([bytes])
        let parts = try events(pieces(of: bytes))
        try require(whole.isWhole == parts.isWhole, "a watch in pieces is another watch")
        try require(!whole.isWhole || whole.events == parts.events, "an event in pieces is another event")
    }

    // MARK: WebSocket

    private static let frames: @Sendable () -> [[UInt8]] = {
        // As a server sends them: without masks.
        let status = Array("\u{3}{\"status\":\"Success\",\"metadata\":{}}".utf8)
        let messages: [[UInt8]] = [
            [0x82, 3, 1, 104, 105], [0x02, 2, 2, 120, 0x80, 1, 121], [0x89, 1, 7],
            [0x82, UInt8(status.count)] + status, [0x82, 126, 0, 2, 1, 65], [0x88, 2, 3, 232],
        ]
        return [messages.flatMap { $0 }]
    }

    private static func readFrames(_ bytes: [UInt8]) throws {
        let whole = try session([bytes])
        let parts = try session(pieces(of: bytes))
        try require(whole.failed == parts.failed, "frames in pieces are other frames")
        guard !whole.failed else { return }
        try require(whole.messages == parts.messages, "messages in pieces are other messages")
        var channels = ExecChannels()
        _ = try accepting(WebSocketError.self) {
            for message in whole.messages { try channels.receive(message) }
        }
        _ = channels.exitCode
        try require(channels.standardOutput.count <= ExecChannels.outputLimit, "more output than the limit is kept")
    }

    private static func session(_ pieces: [[UInt8]]) throws -> (messages: [[UInt8]], failed: Bool) {
        var session = WebSocketSession(limit: 1 << 16)
        var messages: [[UInt8]] = []
        let finished: Void? = try accepting(WebSocketError.self) {
            for piece in pieces {
                for event in try session.receive(piece) {
                    if case .message(let message) = event { messages.append(message) }
                }
            }
        }
        return (messages, finished == nil)
    }

    // MARK: YAML

    private static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: c
        clusters: [{name: k, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}]
        contexts:
        - name: c
          context: {cluster: k, user: &u admin, namespace: n}
        users:
        - name: *u
          user:
            token: 0123
        """
    private static let manifest = """
        apiVersion: v1
        kind: ConfigMap
        metadata: &m
          name: a
          labels: {b: "c", 'd': 012, e: 1.5e3, f: ~, g: !!str 7}
        data:
          text: |
            two
            lines
          folded: >-
            one
            line
          <<: *m
        ---
        - 0x1F
        - .inf
        """

    private static func readKubeconfig(_ bytes: [UInt8]) throws {
        _ = try accepting(KubeconfigError.self) {
            var kubeconfig = Kubeconfig()
            try kubeconfig.merge(bytes, file: "config")
            try kubeconfig.merge(bytes, file: "config")
        }
    }

    private static func readYAML(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let documents = try accepting(KubernetesYAML.Fault.self, { try KubernetesYAML.parse(text) }) else {
            return
        }
        for document in documents {
            let again = try KubernetesYAML.parse(KubernetesYAML.serialize(document))
            try require(again == [document], "a document changes when it is written again: \(document)")
        }
    }
}
