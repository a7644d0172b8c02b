import BackupActions
import ClaimMapping
import FilesystemObjectStore
import GodwitModel
import GodwitPluginAPI
import KubeVirt
import NamespaceMapping
import ReclaimPolicy
import RestoreFixes
import S3ObjectStore
import StorageClassMapping

/// The plugins that are built in. This is the only place that knows them all.
enum Providers {
    /// What makes object stores.
    static let objectStores: [any ObjectStoreProvider] = [
        FilesystemProvider(), S3Provider(userAgent: Version.userAgent),
    ]

    /// Makes the store of a location.
    static func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        guard let provider = objectStores.first(where: { $0.schemes.contains(location.scheme) }) else {
            throw UnknownProviderError(scheme: location.scheme, known: objectStores.flatMap(\.schemes))
        }
        return try await provider.open(location)
    }

    /// A plugin in a listing.
    struct Plugin {
        let name: String
        let kind: String
        let purpose: String
    }

    /// All plugins.
    static var plugins: [Plugin] {
        let stores = objectStores.map { provider in
            Plugin(
                name: provider.name, kind: "ObjectStore",
                purpose: provider.schemes.map { "\($0)://" }.joined(separator: ", "))
        }
        let backup = (BackupActions.all { [] } + KubeVirt.backupActions()).map { action in
            Plugin(name: action.name, kind: "BackupItemAction", purpose: purpose(action.appliesTo))
        }
        let transformers: [any RestoreItemAction] = [
            NamespaceMapping(mapping: [:]), ClaimMapping(mapping: [:]), StorageClassMapping(mapping: [:]),
            ReclaimPolicy(.restoreOriginal),
        ]
        let restore = (platformFixes + RestoreFixes.all() + transformers + listedTransformers).map { action in
            Plugin(name: action.name, kind: "RestoreItemAction", purpose: purpose(action.appliesTo))
        }
        return stores + backup + restore + configuredTransformers
    }

    private static func purpose(_ selector: ResourceSelector) -> String {
        selector.includedResources.isEmpty ? "everything" : selector.includedResources.joined(separator: ", ")
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
