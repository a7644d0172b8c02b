import GodwitPluginAPI
package import HTTPTransport
package import Streams
import Synchronization

/// A body that ends exactly where it should and holds what it should, or throws.
package final class CheckedBody: Sendable {
    /// Which bytes of a body are wanted.
    package struct Extent: Sendable {
        /// Bytes of the whole object.
        package let total: Int64
        /// Bytes before the wanted ones.
        package let skipped: Int64
        /// Wanted bytes.
        package let length: Int64
    }

    private let stream: ByteStream
    private let rest: Mutex<(skip: Int64, left: Int64)>
    private let verifier: BodyVerifier?
    private let request: StoreRequest
    private let store: String

    /// - Parameter verifier: is given all bytes of the body, if all of them are wanted.
    package init(
        _ stream: ByteStream, _ extent: Extent, verifier: BodyVerifier? = nil, request: StoreRequest, store: String
    ) {
        self.stream = stream
        rest = Mutex((extent.skipped, extent.length))
        self.verifier = verifier
        self.request = request
        self.store = store
    }

    /// The next piece; nil at the end.
    package func next() async throws -> [UInt8]? {
        try Task.checkCancellation()
        let left = rest.withLock { $0.left }
        // Each iterator goes on with the one consumption.
        var pieces = stream.makeAsyncIterator()
        let piece: [UInt8]?
        do {
            piece = try await pieces.next()
        } catch {
            // Once everything has come, how the connection ends is of no interest.
            guard left == 0, !(error is CancellationError) else { throw request.translate(error, store: store) }
            piece = nil
        }
        guard let piece else {
            guard left == 0 else {
                throw request.error(.connection, "the body ended \(left) bytes early", store: store)
            }
            // Where no piece ever came, this has not been asked before.
            try requireSound()
            return nil
        }
        let wanted = wanted(of: piece)
        if let wanted, let verifier {
            try await verifier.update(wanted)
            // Before the last piece is handed on: who has read everything may rely on it.
            if rest.withLock({ $0.left }) == 0 { try requireSound() }
        }
        return wanted
    }

    private func requireSound() throws {
        if let flaw = verifier?.flaw { throw request.error(.corrupted, flaw, store: store) }
    }

    private func wanted(of piece: [UInt8]) -> [UInt8]? {
        rest.withLock { rest in
            let skipped = min(rest.skip, Int64(piece.count))
            rest.skip -= skipped
            let taken = min(rest.left, Int64(piece.count) - skipped)
            if rest.left == 0 { return nil }
            rest.left -= taken
            if taken == Int64(piece.count) { return piece }
            return Array(piece[Int(skipped)..<Int(skipped + taken)])
        }
    }
}

extension StoreRequest {
    /// Which bytes of an answer's body are wanted, by its head.
    ///
    /// - Parameter range: what was asked for.
    package func extent(
        of response: HTTPResponse, _ range: Range<Int64>?, store: String
    ) throws -> CheckedBody.Extent {
        guard response.status == 206 || response.status == 200 else {
            throw error(.unavailable, "the answer has status \(response.status)", store: store)
        }
        guard response.status == 200 || range != nil else {
            throw error(.unavailable, "the answer is a part of the object, and all of it was asked for", store: store)
        }
        let length = response.headers["Content-Length"].flatMap(Int64.init)
        guard response.status == 206, let range else {
            guard let length else {
                throw error(.unavailable, "the answer does not say how long the object is", store: store)
            }
            guard let range else { return CheckedBody.Extent(total: length, skipped: 0, length: length) }
            // A server without ranges sends everything.
            guard range.lowerBound < length else {
                throw error(.invalidRange, "it has \(length) bytes", store: store)
            }
            return CheckedBody.Extent(
                total: length, skipped: range.lowerBound, length: min(range.upperBound, length) - range.lowerBound)
        }
        // Content-Range: bytes 0-99/12345
        let parts = (response.headers["Content-Range"] ?? "").split { " -/".contains($0) }
        guard parts.count == 4, parts[0] == "bytes", let first = Int64(parts[1]), let last = Int64(parts[2]),
            let total = Int64(parts[3]), first == range.lowerBound, last >= first,
            last == min(range.upperBound, total) - 1
        else { throw error(.unavailable, "the answer is for another range than asked", store: store) }
        return CheckedBody.Extent(total: total, skipped: 0, length: last - first + 1)
    }
}
