import GodwitModel
import HTTPTransport
import Streams

/// Watches a resource and sends what happens into a channel, over as many requests as it takes.
///
/// A request ends after some minutes, or breaks; the next one goes on from the last resource version, which bookmarks
/// keep young. When that has expired (410) the resource is listed anew and compared with what was reported.
struct Watcher {
    /// How long the server is asked to keep one request open, in seconds; spread, so that many watches do not come
    /// back together.
    private let serverTimeout: ClosedRange<Int>
    private let connection: APIConnection
    private let resource: APIResource
    private let request: APIRequest
    private let channel: BoundedChannel<WatchEvent>

    private var resourceVersion: String?
    private var state = WatchState()
    private var failures = 0

    init(
        _ connection: APIConnection, _ resource: APIResource, request: APIRequest, resourceVersion: String?,
        serverTimeout: ClosedRange<Int> = 240...300, into channel: BoundedChannel<WatchEvent>
    ) {
        self.serverTimeout = serverTimeout
        self.connection = connection
        self.resource = resource
        self.request = request
        self.resourceVersion = resourceVersion
        self.channel = channel
    }

    /// Watches until the consumer has gone, the task is cancelled, or the server says no.
    mutating func run() async {
        do {
            while true { try await step() }
        } catch is ChannelAbandoned {
            channel.finish()
        } catch let failure as APIFailure {
            channel.finish(throwing: failure.error)
        } catch {
            channel.finish(throwing: error)
        }
    }

    private mutating func step() async throws {
        do {
            if let resourceVersion {
                let begin = ContinuousClock.now
                try await watch(from: resourceVersion)
                // A server, or a proxy, that hangs up at once must not be asked in a tight loop.
                if ContinuousClock.now - begin < .seconds(1) { try await pause() }
            } else {
                try await list()
            }
        } catch let error as EnvelopeError {
            throw connection.error(.malformedAnswer, request.operation, "\(error)")
        } catch let failure as APIFailure where failure.error.kind == .gone {
            resourceVersion = nil
            try await pause()
        } catch let failure as APIFailure where failure.status.isPassing {
            try await pause()
        } catch let error as HTTPTransportError where error.isRetryable {
            try await pause()
        }
    }

    /// Waits longer from failure to failure; an event sets that back.
    private mutating func pause() async throws {
        let delay = RetryPolicy.standard.delay(afterAttempt: failures)
        failures += 1
        try await Task.sleep(for: delay)
    }

    // MARK: listing

    private mutating func list() async throws {
        state.beginListing()
        var token: String?
        var version: String?
        repeat {
            var page = request
            page.query.add("limit", "500")
            page.query.add("continue", token)
            let response = try await connection.open(page)
            var scanner = ListPageScanner(resource: resource)
            for try await piece in response.body {
                for item in try scanner.scan(piece) {
                    for event in state.events(forListed: item) { try await channel.send(event) }
                }
            }
            try scanner.finish()
            version = scanner.resourceVersion
            token = scanner.continueToken
        } while token != nil
        for event in state.endListing(resource) { try await channel.send(event) }
        guard let version else {
            throw connection.error(.malformedAnswer, request.operation, "the list has no resource version")
        }
        resourceVersion = version
    }

    // MARK: watching

    private mutating func watch(from version: String) async throws {
        let seconds = Int.random(in: serverTimeout)
        var request = request
        request.query.add("watch", "true")
        request.query.add("allowWatchBookmarks", "true")
        request.query.add("timeoutSeconds", String(seconds))
        request.query.add("resourceVersion", version)
        // A quiet watch is silent until the server's own timeout.
        request.timeouts = HTTPTimeouts(idle: .seconds(seconds + 15), total: .seconds(seconds + 30))
        let response = try await connection.open(request)
        var scanner = WatchScanner()
        for try await piece in response.body {
            for event in try scanner.scan(piece) { try await take(event) }
        }
    }

    private mutating func take(_ raw: RawWatchEvent) async throws {
        if raw.type == "ERROR" {
            let document = (try? JSONValue(parsing: raw.object)) ?? .null
            let status = APIStatus(document, httpStatus: 500)
            throw APIFailure(
                error: connection.error(status.kind, request.operation, status.reasonText(nil)), status: status)
        }
        let metadata: ItemMetadata
        do {
            metadata = try ItemMetadata(scanning: raw.object)
        } catch {
            throw EnvelopeError.malformed(error.reason, offset: error.offset)
        }
        if !metadata.resourceVersion.isEmpty { resourceVersion = metadata.resourceVersion }
        failures = 0
        let item = Item(bytes: raw.object, metadata: metadata, resource: resource.groupResource)
        let event: WatchEvent
        switch raw.type {
        case "ADDED": event = .added(item)
        case "MODIFIED": event = .modified(item)
        case "DELETED": event = .deleted(item)
        // A bookmark only brings a younger version; an unknown type is a later server's.
        default: return
        }
        state.note(event)
        try await channel.send(event)
    }
}
