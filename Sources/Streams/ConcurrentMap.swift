extension Array where Element: Sendable {
    /// What `transform` makes of each element, in order, with at most `limit` calls at a time.
    public func mapConcurrently<Value: Sendable>(
        limit: Int, _ transform: @escaping @Sendable (Element) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var values = [Value?](repeating: nil, count: count)
            var next = 0
            func start() {
                guard next < count else { return }
                let (index, element) = (next, self[next])
                next += 1
                group.addTask { (index, try await transform(element)) }
            }
            for _ in 0..<limit { start() }
            while let (index, value) = try await group.next() {
                values[index] = value
                start()
            }
            return values.compactMap(\.self)
        }
    }
}
