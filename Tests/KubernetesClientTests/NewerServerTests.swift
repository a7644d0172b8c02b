import Crypto
import Foundation
import GodwitModel
import HTTPTransport
import ProgramTestKit
import Synchronization
import Testing

@testable import KubernetesClient

/// What servers newer than the testbed's do, over real sockets: aggregated discovery, and v5.channel.k8s.io.
@Suite struct NewerServerTests {
    private func cluster(_ server: LocalServer) throws -> KubernetesCluster {
        var configuration = ClusterConfiguration(server: server.url)
        configuration.http.proxy = ProxyConfiguration.none
        return try KubernetesCluster(connecting: configuration)
    }

    // MARK: discovery

    /// Answers as kube-apiserver does from 1.26 on: the long form only to those who ask for it, by the first of the
    /// media types that it knows.
    private func discoveryServer(_ version: String, _ heads: HeadLog) throws -> LocalServer {
        try LocalServer { connection in
            while let head = HTTPWire.head(from: connection) {
                heads.add(head)
                let path = String(head.split(separator: " ")[1])
                let wanted = "g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
                guard head.lowercased().contains(wanted.lowercased()), let items = Self.discovered[path] else {
                    guard HTTPWire.answer(404, "{}", to: connection) else { return }
                    continue
                }
                let body = """
                    {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/\(version)","metadata":{},\
                    "items":\(items)}
                    """
                guard HTTPWire.answer(200, body, type: "application/json;\(wanted)", to: connection) else { return }
            }
        }
    }

    private static let discovered = [
        "/api": """
        [{"metadata":{"creationTimestamp":null},"versions":[{"version":"v1","freshness":"Current","resources":[
        {"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced",
        "singularResource":"pod","verbs":["list","get"],"shortNames":["po"],"categories":["all"],
        "subresources":[{"subresource":"exec","responseKind":{"group":"","version":"v1","kind":"PodExecOptions"},
        "verbs":["create"]}]},
        {"resource":"nodes","responseKind":{"group":"","version":"v1","kind":"Node"},"scope":"Cluster",
        "singularResource":"node","verbs":["list"]}]}]}]
        """,
        "/apis": """
        [{"metadata":{"name":"apps"},"versions":[{"version":"v1","freshness":"Current","resources":[
        {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},
        "scope":"Namespaced","singularResource":"deployment","verbs":["list"]}]},
        {"version":"v1beta1","freshness":"Current","resources":[
        {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},
        "scope":"Namespaced","singularResource":"deployment","verbs":["list"]}]}]},
        {"metadata":{"name":"metrics.example.com"},"versions":[{"version":"v1","freshness":"Stale"}]}]
        """,
    ]

    @Test(arguments: ["v2", "v2beta1"]) func discoveryIsTwoRequests(version: String) async throws {
        let heads = HeadLog()
        let server = try discoveryServer(version, heads)
        let catalog = try await cluster(server).discover()
        #expect(Set(heads.all.map { String($0.split(separator: " ")[1]) }) == ["/api", "/apis"])
        #expect(heads.all.count == 2)
        #expect(
            catalog.preferred.map(\.groupResource.description).sorted() == ["deployments.apps", "nodes", "pods"])
        let deployments = GroupResource(group: "apps", resource: "deployments")
        #expect(catalog[deployments]?.groupVersion.version == "v1")
        #expect(catalog.versions(of: deployments) == ["v1", "v1beta1"])
        #expect(catalog[.pods]?.isNamespaced == true && catalog[.pods]?.shortNames == ["po"])
        #expect(catalog.find("nodes").first?.isNamespaced == false)
        // Not lost silently: what the backend would have served is unknown.
        #expect(catalog.failedGroups.keys.map(\.description) == ["metrics.example.com/v1"])
    }

    // MARK: exec

    /// A server's side of a WebSocket, which speaks v5 to who offers it.
    private func execServer(_ frames: [[UInt8]], _ heads: HeadLog, _ heard: HeadLog) throws -> LocalServer {
        try LocalServer { connection in
            guard let head = HTTPWire.head(from: connection) else { return }
            heads.add(head)
            guard let key = HTTPWire.field("Sec-WebSocket-Key", of: head) else { return }
            let digest = Insecure.SHA1.hash(data: Data("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
            let answer = """
                HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: \(Data(digest).base64EncodedString())\r\n\
                Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n
                """
            guard LocalServer.write(Array(answer.utf8), to: connection) else { return }
            for frame in frames { guard LocalServer.write(frame, to: connection) else { return } }
            // The farewell: a masked close frame with a code of two bytes.
            if let bytes = LocalServer.read(connection), bytes.count >= 8 {
                let code = UInt16(bytes[6] ^ bytes[2]) << 8 | UInt16(bytes[7] ^ bytes[3])
                heard.add("opcode \(bytes[0] & 15), masked \(bytes[1] >> 7), code \(code)")
            }
        }
    }

    /// An unmasked frame of a server's.
    private func frame(_ payload: [UInt8], opcode: UInt8 = 2) -> [UInt8] {
        precondition(payload.count < 65_536)
        let size: [UInt8] =
            payload.count < 126
            ? [UInt8(payload.count)] : [126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        return [0x80 | opcode] + size + payload
    }

    @Test func aCommandOverV5() async throws {
        let (heads, heard) = (HeadLog(), HeadLog())
        let status = """
            {"metadata":{},"status":"Failure","reason":"NonZeroExitCode","message":"exit 3",\
            "details":{"causes":[{"reason":"ExitCode","message":"3"}]}}
            """
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 300)
        let server = try execServer(
            [
                frame([1]), frame([2]), frame([3]), frame([1] + large), frame([2] + Array("oh".utf8)),
                // The close signal of v5: each output ends by itself, before the outcome comes.
                frame([255, 1]), frame([255, 2]), frame([3] + Array(status.utf8)),
            ], heads, heard)
        let result = try await cluster(server).execute(
            ["sh", "-c", "exit 3"], in: ContainerReference(namespace: "shop", pod: "web", container: "app"),
            timeout: .seconds(120))
        #expect(result == ExecResult(exitCode: 3, standardOutput: large, standardError: Array("oh".utf8)))
        let head = try #require(heads.all.first)
        #expect(head.hasPrefix("GET /api/v1/namespaces/shop/pods/web/exec?command=sh&command=-c&command=exit%203&"))
        let offered = HTTPWire.field("Sec-WebSocket-Protocol", of: head)
        #expect(offered == "v5.channel.k8s.io, v4.channel.k8s.io")
        for _ in 0..<6000 where heard.all.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(heard.all == ["opcode 8, masked 1, code 1000"])
    }

    /// All channels may be closed and the connection gone, and still nobody has said how the command ended.
    @Test func closedChannelsAreNoOutcome() async throws {
        let server = try execServer(
            [frame([1, 65]), frame([255, 1]), frame([255, 2]), frame([255, 3]), frame([3, 232], opcode: 8)],
            HeadLog(), HeadLog())
        let error = await #expect(throws: ClusterError.self) {
            try await cluster(server).execute(
                ["true"], in: ContainerReference(namespace: "shop", pod: "web", container: "app"),
                timeout: .seconds(120))
        }
        #expect(error?.kind == .outcomeUnknown)
    }
}

/// The least of HTTP/1.1 that a server needs.
private enum HTTPWire {
    /// The head of a request without a body.
    static func head(from connection: Int32) -> String? {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if text.hasSuffix("\r\n\r\n") { return text }
            guard let more = LocalServer.read(connection) else { return nil }
            bytes += more
        }
    }

    static func field(_ name: String, of head: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }.map {
            String($0.dropFirst(name.count + 1).trimmingPrefix(" "))
        }
    }

    static func answer(_ status: Int, _ body: String, type: String = "application/json", to connection: Int32) -> Bool {
        let head = "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return LocalServer.write(Array((head + body).utf8), to: connection)
    }
}

/// What a server was sent.
private final class HeadLog: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
