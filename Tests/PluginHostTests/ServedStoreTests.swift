import Foundation
import GRPCCore
import GodwitPluginAPI
import GodwitTestKit
import PluginProtocol
import Testing

@testable import GodwitPluginSDK

/// What a program made with the SDK hands on to its store.
@Suite struct ServedStoreTests {
    /// A store that keeps what is not short-lived.
    private struct Keeping: ObjectStoreProvider {
        let name = "example.com/keeping"
        let schemes = ["keeping"]
        let parameters: [(name: String, meaning: String)] = []
        let store = MemoryObjectStore(retention: .seconds(3600))

        func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
            OpenedObjectStore(store: store, prefix: "")
        }
    }

    private static let context = ServerContext(
        descriptor: MethodDescriptor(fullyQualifiedService: "test", method: "test"), remotePeer: "", localPeer: "",
        cancellation: ServerContext.RPCCancellationHandle())

    @Test(arguments: [true, false]) func whatIsShortLivedIsNotKept(isShortLived: Bool) async throws {
        let provider = Keeping()
        let stores = OpenStores(providers: [provider.name: provider])
        try await stores.open(provider.name, ["bucket": "b"])
        let service = GodwitObjectStoreService(stores: stores)
        var put = Godwit_V1_PutRequest()
        put.header.plugin = provider.name
        put.header.bucket = "b"
        put.header.key = "key"
        put.header.isShortLived = isShortLived
        put.body = Data([1, 2, 3])
        put.isLast = true
        let messages = AsyncThrowingStream { [put] continuation in
            continuation.yield(put)
            continuation.finish()
        }
        _ = try await service.put(request: RPCAsyncSequence(wrapping: messages), context: Self.context)
        var stat = Godwit_V1_StatRequest()
        stat.plugin = provider.name
        stat.bucket = "b"
        stat.key = "key"
        let info = try await service.stat(request: stat, context: Self.context).info
        #expect(info.size == 3 && info.isLocked == !isShortLived)
    }
}
