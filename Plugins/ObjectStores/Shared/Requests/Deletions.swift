import GodwitPluginAPI

/// Deletes objects with a request each, several at a time, for services without a request for many of them.
///
/// - Throws: after trying all of them, the error of the first key that could not be deleted.
package func deleteEach(
    _ keys: [String], atOnce: Int = 16, _ delete: @escaping @Sendable (String) async throws -> Void
) async throws {
    var first: (index: Int, error: ObjectStoreError)?
    func note(_ failure: (index: Int, error: ObjectStoreError)?) {
        if let failure, failure.index < first?.index ?? .max { first = failure }
    }
    try await withThrowingTaskGroup(of: (index: Int, error: ObjectStoreError)?.self) { group in
        for (index, key) in keys.enumerated() {
            if index >= atOnce, let result = try await group.next() { note(result) }
            group.addTask {
                do {
                    try await delete(key)
                    return nil
                } catch let error as ObjectStoreError {
                    return (index, error)
                }
            }
        }
        for try await result in group { note(result) }
    }
    if let first { throw first.error }
}
