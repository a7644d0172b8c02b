import GodwitPluginAPI
import Synchronization

/// Walks that wait for the request of their next page, so that paging through a directory does not read it from the
/// start for every page. A walk that is not here any more is simply begun anew at its continuation.
final class ListingCursors: Sendable {
    private struct Waiting {
        let request: [[UInt8]]
        let walk: KeyWalk
    }

    private static let limit = 8
    private let waiting = Mutex<[Waiting]>([])

    /// The page of a request.
    func page(_ request: ListRequest, root: Descriptor) throws -> ListPage {
        var walk = try take(request) ?? KeyWalk(request)
        let page = try walk.page(root: root, size: max(1, request.pageSize))
        if let next = page.continuation { keep(walk, Self.identity(request, continuation: next)) }
        return page
    }

    private func take(_ request: ListRequest) -> KeyWalk? {
        guard let continuation = request.continuation else { return nil }
        let wanted = Self.identity(request, continuation: continuation)
        return waiting.withLock { waiting in
            waiting.firstIndex { $0.request == wanted }.map { waiting.remove(at: $0).walk }
        }
    }

    private func keep(_ walk: KeyWalk, _ request: [[UInt8]]) {
        waiting.withLock { waiting in
            waiting.append(Waiting(request: request, walk: walk))
            if waiting.count > Self.limit { waiting.removeFirst() }
        }
    }

    /// Bytes, because strings of different bytes can be equal.
    private static func identity(_ request: ListRequest, continuation: String) -> [[UInt8]] {
        [Array(request.prefix.utf8), Array((request.delimiter ?? "").utf8), Array(continuation.utf8)]
    }
}
