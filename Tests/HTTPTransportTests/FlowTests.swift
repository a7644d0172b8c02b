import HTTPTransport
import Streams
import Testing

@testable import HTTPTransport

/// Back-pressure, cancellation, and that nothing is left behind.
@Suite(.needsNginx) struct FlowTests {
    private func client(isHTTP2: Bool = true) throws -> CurlClient {
        try CurlClient(configuration: .trusting(Nginx.shared().certificates) { $0.allowsHTTP2 = isHTTP2 })
    }

    @Test(arguments: [false, true]) func slowReaderBoundsMemory(isHTTP2: Bool) async throws {
        let nginx = try Nginx.shared()
        let client = try client(isHTTP2: isHTTP2)
        let response = try await client.send(HTTPRequest("GET", (isHTTP2 ? nginx.http2URL : nginx.plainURL) + "/huge"))
        #expect(response.majorVersion == (isHTTP2 ? 2 : 1))
        var total = 0
        var pieces = 0
        for try await piece in response.body {
            total += piece.count
            pieces += 1
            if pieces % 64 == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(total == Nginx.hugeSize)
        let bound = Exchange.bufferLimit + (isHTTP2 ? 32 << 20 : EasyHandle.receiveBufferSize)
        #expect(client.loop.buffered.peak <= bound)
        #expect(client.loop.buffered.value == 0)
    }

    @Test func pausedStreamDoesNotStallOthers() async throws {
        let nginx = try Nginx.shared()
        let client = try client()
        // Two responses that nobody reads, and others on the same connection.
        let stuck = [
            try await client.send(HTTPRequest("GET", nginx.http2URL + "/huge")),
            try await client.send(HTTPRequest("GET", nginx.http2URL + "/huge")),
        ]
        for _ in 0..<20 {
            let response = try await client.send(HTTPRequest("GET", nginx.http2URL + "/large"))
            #expect(response.majorVersion == 2)
            #expect(try await response.body.collect(upTo: 8 << 20) == nginx.large)
        }
        #expect(client.loop.buffered.value <= 2 * (Exchange.bufferLimit + (32 << 20)))
        // The stuck ones go on when they are read.
        for response in stuck {
            var total = 0
            for try await piece in response.body {
                total += piece.count
                if total > 200 << 20 { break }
            }
            #expect(total > 200 << 20)
        }
    }

    @Test func pauseOfTheReaderIsNotIdle() async throws {
        let nginx = try Nginx.shared()
        let client = try client()
        // Long enough for a machine that is busy with other tests.
        let timeouts = HTTPTimeouts(idle: .seconds(5))
        let response = try await client.send(HTTPRequest("GET", nginx.plainURL + "/large", timeouts: timeouts))
        try await Task.sleep(for: .seconds(7))
        #expect(try await response.body.collect(upTo: 8 << 20) == nginx.large)
    }

    @Test func droppedBodyAbortsTheTransfer() async throws {
        let nginx = try Nginx.shared()
        let client = try client()
        for url in [nginx.plainURL, nginx.http2URL, nginx.http1URL] {
            do {
                let response = try await client.send(HTTPRequest("GET", url + "/huge"))
                #expect(response.status == 200)
                #expect(client.loop.active.value == 1)
            }
            #expect(try await eventually { client.loop.active.value == 0 && client.loop.buffered.value == 0 })
        }
        #expect(try await client.text(HTTPRequest("GET", nginx.http2URL + "/small")).text == "small\n")
    }

    @Test func dropsAfterSomeReading() async throws {
        let nginx = try Nginx.shared()
        let client = try client()
        do {
            let response = try await client.send(HTTPRequest("GET", nginx.http2URL + "/huge"))
            var iterator = response.body.makeAsyncIterator()
            for _ in 0..<10 { _ = try await iterator.next() }
        }
        #expect(try await eventually { client.loop.active.value == 0 && client.loop.buffered.value == 0 })
    }

    @Test func cancellationBeforeTheHead() async throws {
        let accepted = Counter()
        let ended = Counter()
        let server = ScriptServer { peer, _ in
            accepted.next()
            peer.waitForEnd()
            ended.next()
        }
        let client = try CurlClient(configuration: .testing)
        let tasks = (0..<20).map { _ in Task { _ = try await client.send(HTTPRequest("GET", server.url)) } }
        #expect(try await eventually { accepted.value == 20 })
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(try await eventually { client.loop.active.value == 0 && ended.value == 20 })
    }

    @Test func cancellationInTheBody() async throws {
        let nginx = try Nginx.shared()
        let client = try client()
        let tasks = (0..<20).map { _ in
            Task {
                let response = try await client.send(HTTPRequest("GET", nginx.http2URL + "/huge"))
                for try await _ in response.body {}
            }
        }
        try await Task.sleep(for: .milliseconds(50))
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(try await eventually { client.loop.active.value == 0 && client.loop.buffered.value == 0 })
    }

    @Test func cancellationOfAnUpload() async throws {
        let cancelled = Counter()
        let server = ScriptServer { peer, _ in peer.waitForEnd() }
        let client = try CurlClient(configuration: .testing)
        let stream = ByteStream {
            do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.next() }
            return [1]
        }
        let task = Task { _ = try await client.send(HTTPRequest("PUT", server.url, body: .stream(stream, length: 10))) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { client.loop.active.value == 0 && cancelled.value == 1 })
    }

    @Test func cancelledRequestsDoNotHarmOthersOfTheConnection() async throws {
        let nginx = try Nginx.shared()
        let client = try client()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let task = Task {
                        try await client.text(HTTPRequest("GET", nginx.http2URL + "/large")).text.utf8.count
                    }
                    if index % 2 == 0 {
                        try await Task.sleep(for: .microseconds(index * 50))
                        task.cancel()
                        _ = try? await task.value
                    } else {
                        #expect(try await task.value == nginx.large.count)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await eventually { client.loop.active.value == 0 && client.loop.buffered.value == 0 })
    }

    @Test func releaseOfTheClientEndsEverything() async throws {
        let nginx = try Nginx.shared()
        let server = ScriptServer { peer, _ in peer.waitForEnd() }
        var client: CurlClient? = try client()
        let loop = try #require(client?.loop)
        let response = try #require(try await client?.send(HTTPRequest("GET", nginx.plainURL + "/huge")))
        #expect(response.status == 200)
        client = nil
        let error = try await transportError { for try await _ in response.body {} }
        #expect(error?.kind == .shutdown)
        #expect(try await eventually { loop.active.value == 0 })
        _ = server
    }
}
