package import GodwitPluginAPI
import HTTPTransport
import Streams

extension StoreRequest {
    /// Asks for a range of an object. HTTP has no empty range: nothing is set for one, see ``emptyRange(_:store:stat:)``.
    ///
    /// - Throws: ``ObjectStoreError`` of kind `invalidRange` when it starts before the object.
    package mutating func setRange(_ range: Range<Int64>, header: String = "Range", store: String) throws {
        guard range.lowerBound >= 0 else { throw error(.invalidRange, "it starts before the object", store: store) }
        if !range.isEmpty { headers[header] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)" }
    }

    /// Reads an empty range: the object is only looked at.
    ///
    /// - Parameter stat: looks at it; nil when there is none.
    /// - Throws: ``ObjectStoreError`` of kind `notFound`, or `invalidRange` when it starts past the object's end.
    package func emptyRange(
        _ range: Range<Int64>, store: String, stat: () async throws -> ObjectInfo?
    ) async throws -> ObjectReader {
        guard let info = try await stat() else {
            throw ObjectStoreError(.notFound, operation: operation, key: subject, store: store)
        }
        guard range.lowerBound < info.size else {
            throw error(
                .invalidRange, "it has \(info.size) bytes, asked was from \(range.lowerBound) on", store: store)
        }
        return ObjectReader(info: info, body: ByteStream { nil })
    }
}
