import Foundation
import GRPCCore
import PluginProtocol
import Synchronization

/// Godwit's own services, served wrongly.
struct Extensions: Godwit_V1_Extensions.SimpleServiceProtocol {
    func describe(
        request: Godwit_V1_DescribeRequest, context: ServerContext
    ) async throws -> Godwit_V1_DescribeResponse {
        var response = Godwit_V1_DescribeResponse()
        response.services = ExtensionService.allCases.map(\.rawValue) + ["godwit.v9.Unheard"]
        return response
    }
}

struct GodwitAction: Godwit_V1_BackupItemAction.SimpleServiceProtocol {
    private static let patches = [
        "godwit-both": "{\"data\":{}}",
        "godwit-broken-patch": "{\"data\":",
        "godwit-patch-of-nothing": "[1]",
        "godwit-patches-the-name": "{\"metadata\":{\"name\":\"another\"}}",
        "godwit-patches-all-away": "{\"metadata\":null}",
    ]

    func executeMany(
        request: Godwit_V1_ExecuteManyRequest, context: ServerContext
    ) async throws -> Godwit_V1_ExecuteManyResponse {
        var response = Godwit_V1_ExecuteManyResponse()
        if Behaviour.is("godwit-hangs") {
            FileHandle.standardError.write(Data("asked about \(request.items.count)\n".utf8))
            try await Task.sleep(for: .seconds(1000))
        }
        var outcome = Godwit_V1_ItemOutcome()
        let isPoisoned = request.items.contains(where: \.isPoison)
        switch Behaviour.name {
        case "godwit-dies-of-one":
            // Others are under way by then.
            if request.items.count > 1 { try await Task.sleep(for: .milliseconds(50)) }
            if isPoisoned { die() }
        case "godwit-hangs-at-one" where isPoisoned: try await Task.sleep(for: .seconds(1000))
        case "godwit-refuses-one" where isPoisoned: throw RPCError(code: .unknown, message: "not with this one")
        default: break
        }
        if Behaviour.is("godwit-fails-item") { outcome.error = "not this one" }
        if Behaviour.is("godwit-both") { outcome.item = request.items[0] }
        for (behaviour, patch) in Self.patches where Behaviour.is(behaviour) { outcome.patch = Data(patch.utf8) }
        let count = Behaviour.is("godwit-wrong-count") ? request.items.count + 1 : request.items.count
        response.outcomes = Array(repeating: outcome, count: count)
        return response
    }
}

struct GodwitStore: Godwit_V1_ObjectStore.SimpleServiceProtocol {
    func capabilities(
        request: Godwit_V1_CapabilitiesRequest, context: ServerContext
    ) async throws -> Godwit_V1_CapabilitiesResponse {
        var response = Godwit_V1_CapabilitiesResponse()
        response.sizesNotListed = Behaviour.is("godwit-lists-no-sizes")
        return response
    }

    /// Whether what was put last is kept, by a store that keeps what is not short-lived.
    private static let keepsLast = Mutex(false)

    func put(
        request: RPCAsyncSequence<Godwit_V1_PutRequest, any Error>, context: ServerContext
    ) async throws -> Godwit_V1_ObjectInfo {
        var info = Godwit_V1_ObjectInfo()
        for try await message in request {
            if message.hasHeader { Self.keepsLast.withLock { $0 = !message.header.isShortLived } }
            info.size += Int64(message.body.count)
            if Behaviour.is("godwit-refuses-put") {
                throw RPCError(code: .permissionDenied, message: "not on my shelf")
            }
        }
        if Behaviour.is("godwit-lying-put") { info.size -= 1 }
        return info
    }

    func get(
        request: Godwit_V1_GetRequest, response: RPCWriter<Godwit_V1_GetResponse>, context: ServerContext
    ) async throws {
        if Behaviour.is("godwit-empty-stream") { return }
        var message = Godwit_V1_GetResponse()
        if !Behaviour.is("godwit-no-info") { message.info.size = 1000 }
        if Behaviour.is("godwit-negative-size") { message.info.size = -1 }
        message.data = Data(repeating: 0x61, count: 500)
        try await response.write(message)
        if Behaviour.is("godwit-short-stream") { return }
        message = Godwit_V1_GetResponse()
        message.data = Data(repeating: 0x61, count: Behaviour.is("godwit-long-stream") ? 501 : 500)
        try await response.write(message)
    }

    func stat(request: Godwit_V1_StatRequest, context: ServerContext) async throws -> Godwit_V1_StatResponse {
        var response = Godwit_V1_StatResponse()
        if Behaviour.is("godwit-keeps") { response.info.isLocked = Self.keepsLast.withLock { $0 } }
        return response
    }

    func list(request: Godwit_V1_ListRequest, context: ServerContext) async throws -> Godwit_V1_ListResponse {
        var response = Godwit_V1_ListResponse()
        if Behaviour.is("godwit-foreign-keys") {
            var info = Godwit_V1_ObjectInfo()
            info.key = "elsewhere/key"
            response.objects = [info]
        }
        if Behaviour.is("godwit-endless-pages") { response.continuation = "again" }
        if Behaviour.is("godwit-circling-pages") { response.continuation = request.continuation == "a" ? "b" : "a" }
        if Behaviour.is("godwit-huge-sizes") {
            var info = Godwit_V1_ObjectInfo()
            (info.key, info.size) = (request.prefix + "a", .max)
            response.objects = [info]
        }
        return response
    }

    func delete(request: Godwit_V1_DeleteRequest, context: ServerContext) async throws -> Godwit_V1_DeleteResponse {
        Godwit_V1_DeleteResponse()
    }

    func discardUnfinishedPuts(
        request: Godwit_V1_DiscardRequest, context: ServerContext
    ) async throws -> Godwit_V1_DiscardResponse { Godwit_V1_DiscardResponse() }
}
