import GodwitModel
import GodwitPluginAPI

/// The plugins that are built in. This is the only place that knows them.
enum Providers {
    /// What makes object stores.
    static let objectStores: [any ObjectStoreProvider] = []

    /// Makes the store of a location.
    static func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        guard let provider = objectStores.first(where: { $0.schemes.contains(location.scheme) }) else {
            throw UnknownProviderError(scheme: location.scheme, known: objectStores.flatMap(\.schemes))
        }
        return try await provider.open(location)
    }
}

/// A scheme that no plugin serves.
struct UnknownProviderError: AdvisedError, UsageError {
    let scheme: String
    let known: [String]
    var summary: String { "no plugin serves \(scheme)://" }
    var reason: String? { nil }
    var advice: String? { "use one of \(known.map { "\($0)://" }.joined(separator: ", ")); see 'godwit plugin get'" }
}
