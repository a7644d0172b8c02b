/// Sends the parts of a body several at a time, in bounded memory: the parts that are under way and the one that is
/// being filled. There are as many under way as allowed while parts have the usual size, and fewer as they grow.
package struct ParallelParts: Sendable {
    private let concurrency: Int
    private let budget: Int

    /// - Parameters:
    ///   - concurrency: parts under way at most.
    ///   - partSize: the usual size in bytes; `concurrency` times this is under way at most, or one part.
    package init(concurrency: Int, partSize: Int) {
        self.concurrency = concurrency
        budget = concurrency * partSize
    }

    /// Sends all parts. The first failure cancels the others and is thrown.
    ///
    /// - Parameters:
    ///   - next: gives the parts in order, one call after the other; an empty one after the last.
    ///   - send: stores a part; numbers count from 1.
    /// - Returns: what `send` gave, in the order of the parts.
    package func send<Part: Sendable>(
        _ next: () async throws -> [UInt8],
        send: @escaping @Sendable (_ bytes: [UInt8], _ number: Int) async throws -> Part
    ) async throws -> [Part] {
        try await withThrowingTaskGroup(of: (number: Int, size: Int, part: Part).self) { group in
            var parts: [(number: Int, part: Part)] = []
            var bytes = try await next()
            var number = 1
            var underWay = 0
            var count = 0
            while !bytes.isEmpty {
                while count > 0, count >= concurrency || underWay + bytes.count > budget {
                    guard let done = try await group.next() else { break }
                    parts.append((done.number, done.part))
                    underWay -= done.size
                    count -= 1
                }
                underWay += bytes.count
                count += 1
                group.addTask { [bytes, number] in (number, bytes.count, try await send(bytes, number)) }
                number += 1
                bytes = try await next()
            }
            for try await done in group { parts.append((done.number, done.part)) }
            return parts.sorted { $0.number < $1.number }.map(\.part)
        }
    }
}
