/// Works on several elements at once and hands the results on in the order of the elements.
///
/// At most `limit` elements are between their reading and the handing on of their results, so memory stays bounded
/// however long one of them takes. The first error cancels the rest and is thrown.
///
/// - Parameters:
///   - limit: at least 1.
///   - next: gives the elements, one call after the other; nil after the last.
///   - work: runs for several elements at once.
///   - consume: takes the results, one call after the other.
public func forEachInOrder<Element: Sendable, Result: Sendable>(
    limit: Int, next: () async throws -> Element?, work: @escaping @Sendable (Element) async throws -> Result,
    consume: (Result) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var started = 0
        var consumed = 0
        var isExhausted = false
        var ready: [Int: Result] = [:]
        while true {
            while !isExhausted, started - consumed < max(1, limit) {
                guard let element = try await next() else {
                    isExhausted = true
                    break
                }
                let number = started
                started += 1
                group.addTask { (number, try await work(element)) }
            }
            if let result = ready.removeValue(forKey: consumed) {
                consumed += 1
                try await consume(result)
            } else if let (number, result) = try await group.next() {
                ready[number] = result
            } else {
                return
            }
        }
    }
}
