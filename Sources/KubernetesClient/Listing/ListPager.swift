import GodwitModel
import HTTPTransport
import Streams

/// Reads a listing page by page and sends its items into a channel.
///
/// The next page is asked for as soon as the token is known, while this page still arrives, so that the server works
/// on it meanwhile. A page that breaks off is asked for again, and what was delivered of it is passed over; a token
/// that has expired is replaced by the one that the server offers, or the listing begins anew and passes over what
/// was delivered. Both use the order of the keys, `namespace/name`, in which servers list.
struct ListPager {
    /// Batches are gathered until they have this many bytes, or the page ends.
    private static let batchSize = 128 << 10
    /// How often in a row a page may break off, or the listing begin anew, without one new item.
    private static let fruitlessAttempts = 5

    private let connection: APIConnection
    private let resource: APIResource
    private let request: APIRequest
    private let pageSize: Int
    private let channel: BoundedChannel<[Item]>

    private var batch: [Item] = []
    private var batchBytes = 0
    private var lastKey: [UInt8] = []
    private var isOrdered = true
    /// Whether items up to the last key have been delivered and are to be passed over.
    private var isSkipping = false
    private var fruitless = 0

    init(
        _ connection: APIConnection, _ resource: APIResource, request: APIRequest, pageSize: Int,
        into channel: BoundedChannel<[Item]>
    ) {
        self.connection = connection
        self.resource = resource
        self.request = request
        self.pageSize = pageSize
        self.channel = channel
    }

    /// Reads everything and ends the channel.
    mutating func run() async {
        do {
            try await readPages()
            channel.finish()
        } catch is ChannelAbandoned {
            channel.finish()
        } catch let failure as APIFailure {
            channel.finish(throwing: failure.error)
        } catch {
            channel.finish(throwing: error)
        }
    }

    private mutating func readPages() async throws {
        var next: Page? = startPage(nil)
        while let page = next {
            do {
                next = try await read(page)
            } catch {
                page.answer.cancel()
                next = startPage(try await token(after: error, in: page))
            }
        }
    }

    /// A page that has been asked for.
    private struct Page {
        let token: String?
        let answer: Task<HTTPResponse, any Error>
    }

    private func startPage(_ token: String?) -> Page {
        var request = request
        if pageSize > 0 { request.query.add("limit", String(pageSize)) }
        request.query.add("continue", token)
        let (connection, finished) = (connection, request)
        return Page(token: token, answer: Task { try await connection.open(finished) })
    }

    /// Delivers a page and gives the next one, which is already on its way; nil after the last.
    private mutating func read(_ page: Page) async throws -> Page? {
        let response = try await withTaskCancellationHandler {
            try await page.answer.value
        } onCancel: {
            page.answer.cancel()
        }
        var scanner = ListPageScanner(resource: resource)
        var following: Page?
        do {
            for try await piece in response.body {
                let items = try scanner.scan(piece)
                if following == nil, let token = scanner.continueToken { following = startPage(token) }
                try await deliver(items)
            }
            try scanner.finish()
            try await flush()
            return following
        } catch {
            following?.answer.cancel()
            throw BrokenPage(cause: error)
        }
    }

    /// A page whose answer began well.
    private struct BrokenPage: Error {
        let cause: any Error
    }

    // MARK: delivery

    private mutating func deliver(_ items: [Item]) async throws {
        for item in items {
            let key = Self.key(of: item.metadata)
            if !lastKey.isEmpty, !lastKey.lexicographicallyPrecedes(key) {
                if isSkipping { continue }
                isOrdered = false
            }
            isSkipping = false
            fruitless = 0
            lastKey = key
            batch.append(item)
            batchBytes += item.bytes.count
        }
        if batchBytes >= Self.batchSize { try await flush() }
    }

    private mutating func flush() async throws {
        guard !batch.isEmpty else { return }
        let full = batch
        batch = []
        batchBytes = 0
        try await channel.send(full)
    }

    /// The key by which etcd orders objects.
    private static func key(of metadata: ItemMetadata) -> [UInt8] {
        guard let namespace = metadata.namespace else { return Array(metadata.name.utf8) }
        var key = Array(namespace.utf8)
        key.append(UInt8(ascii: "/"))
        key.append(contentsOf: metadata.name.utf8)
        return key
    }

    // MARK: recovery

    /// The token with which to go on after a failure; nil to begin anew.
    ///
    /// - Throws: the failure, if there is no going on.
    private mutating func token(after error: any Error, in page: Page) async throws -> String? {
        if let failure = error as? APIFailure, failure.error.kind == .gone, page.token != nil {
            if let offered = failure.status.continueToken {
                try countFruitless(failure)
                return offered
            }
            try await beginSkipping(failure)
            return nil
        }
        guard let broken = error as? BrokenPage else { throw error }
        if let fault = broken.cause as? EnvelopeError {
            throw clusterError(fault)
        }
        guard let cause = broken.cause as? HTTPTransportError, cause.isRetryable else { throw broken.cause }
        try await beginSkipping(cause)
        return page.token
    }

    private mutating func beginSkipping(_ error: any Error) async throws {
        guard isOrdered else { throw error }
        try countFruitless(error)
        isSkipping = !lastKey.isEmpty
        try await Task.sleep(for: RetryPolicy.standard.delay(afterAttempt: fruitless))
    }

    private mutating func countFruitless(_ error: any Error) throws {
        guard fruitless < Self.fruitlessAttempts else { throw error }
        fruitless += 1
    }

    private func clusterError(_ fault: EnvelopeError) -> ClusterError {
        switch fault {
        case .malformed(let reason, let offset):
            connection.error(.malformedAnswer, request.operation, "\(reason) at byte \(offset) of a page")
        case .tooLarge(let limit):
            connection.error(.tooLarge, request.operation, "an object has more than \(limit) bytes")
        }
    }
}
