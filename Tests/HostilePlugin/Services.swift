import Foundation
import GRPCCore
import PluginProtocol

/// What is served: what a good program would serve, except for one thing.
enum Services {
    static var all: [any RegistrableRPCService] {
        var services: [any RegistrableRPCService] = [Lister(), Action(), Store()]
        if !Behaviour.is("no-health") { services.append(Health()) }
        if !Behaviour.is("no-controller") { services.append(Controller()) }
        if Behaviour.name.hasSuffix("-snapshots") { services.append(Snapshotter()) }
        if Behaviour.name.hasPrefix("godwit-") {
            services += [Extensions(), GodwitAction(), GodwitStore()] as [any RegistrableRPCService]
        }
        return services
    }
}

struct Health: Grpc_Health_V1_Health.SimpleServiceProtocol {
    func check(
        request: Grpc_Health_V1_HealthCheckRequest, context: ServerContext
    ) async throws -> Grpc_Health_V1_HealthCheckResponse {
        var response = Grpc_Health_V1_HealthCheckResponse()
        response.status = Behaviour.is("not-serving") ? .notServing : .serving
        return response
    }
}

struct Controller: Plugin_GRPCController.SimpleServiceProtocol {
    func shutdown(request: Plugin_Empty, context: ServerContext) async throws -> Plugin_Empty {
        if Behaviour.is("hangs-at-shutdown") { try await Task.sleep(for: .seconds(1000)) }
        if Behaviour.is("ignores-term") { return Plugin_Empty() }
        exit(0)
    }
}

struct Lister: Generated_PluginLister.SimpleServiceProtocol {
    func listPlugins(request: Generated_Empty, context: ServerContext) async throws -> Generated_ListPluginsResponse {
        func plugin(_ kind: String, _ name: String) -> Generated_PluginIdentifier {
            var identifier = Generated_PluginIdentifier()
            (identifier.kind, identifier.name) = (kind, name)
            return identifier
        }
        let good = [plugin("BackupItemAction", "example.com/action"), plugin("ObjectStore", "example.com/store")]
        var response = Generated_ListPluginsResponse()
        response.plugins =
            switch Behaviour.name {
            case "no-plugins": []
            case "names-twice": good + [good[0]]
            case "bad-name": [plugin("BackupItemAction", "no prefix")]
            case "unknown-kind": [plugin("Teapot", "example.com/teapot")] + good
            case "our-name": [plugin("VolumeSnapshotter", "godwit.io/ebs")]
            case "no-block-selector": good + [plugin("ItemBlockAction", "example.com/block")]
            case "aws-snapshots": ["VolumeSnapshotter", "ObjectStore"].map { plugin($0, "velero.io/aws") }
            case _ where Behaviour.name.hasSuffix("-snapshots"):
                [plugin("VolumeSnapshotter", "example.com/snapshotter")]
            case "many-plugins": (0..<1000).map { plugin("BackupItemAction", "example.com/a\($0)") }
            default: good
            }
        if Behaviour.is("dies-in-listing") { die() }
        return response
    }
}

struct Action: Generated_BackupItemAction.SimpleServiceProtocol {
    func appliesTo(
        request: Generated_BackupItemActionAppliesToRequest, context: ServerContext
    ) async throws -> Generated_BackupItemActionAppliesToResponse {
        var response = Generated_BackupItemActionAppliesToResponse()
        response.resourceSelector.includedResources = ["configmaps"]
        if Behaviour.is("bad-selector") { response.resourceSelector.selector = "((" }
        if Behaviour.is("bad-pattern") { response.resourceSelector.includedNamespaces = ["["] }
        return response
    }

    func execute(request: Generated_ExecuteRequest, context: ServerContext) async throws -> Generated_ExecuteResponse {
        var response = Generated_ExecuteResponse()
        response.item = request.item
        func item(_ name: String) -> Generated_ResourceIdentifier {
            var identifier = Generated_ResourceIdentifier()
            (identifier.resource, identifier.namespace, identifier.name) = ("secrets", "default", name)
            return identifier
        }
        switch Behaviour.name {
        case "dies-in-call": die()
        case "dies-once":
            let marker = "/tmp/hostile-\(getppid())-dies-once"
            if !FileManager.default.fileExists(atPath: marker) {
                _ = FileManager.default.createFile(atPath: marker, contents: nil)
                die()
            }
            unlink(marker)
        case "dies-of-one":
            // Others are under way by then.
            try await Task.sleep(for: .milliseconds(20))
            if request.item.isPoison { die() }
        case "exits-in-call": exit(7)
        case "hangs-in-call": try await Task.sleep(for: .seconds(1000))
        case "huge-message": response.item = Data(repeating: 0x20, count: 48 << 20)
        case "many-items": response.additionalItems = (0..<50_000).map { item("secret-\($0)") }
        case "nameless-item": response.additionalItems = [item("")]
        case "escaping-item": response.additionalItems = [item("../../etc/passwd")]
        case "invalid-json": response.item = Data("{\"kind\": ".utf8)
        case "not-an-object": response.item = Data("[1, 2]".utf8)
        case "other-item":
            response.item = Data(
                #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"another","namespace":"default"}}"#.utf8)
        case "refuses":
            var error = RPCError(code: .unknown, message: "the moon is in the wrong house")
            try error.add(stack: [("oracle.go", 42, "Ask"), ("main.go", 7, "main")])
            throw error
        case "multi-line-error":
            throw RPCError(code: .unknown, message: "first\nsecond \u{1B}[31m")
        default: break
        }
        return response
    }
}

struct Store: Generated_ObjectStore.SimpleServiceProtocol {
    func initialize(request: Generated_ObjectStoreInitRequest, context: ServerContext) async throws -> Generated_Empty {
        if Behaviour.is("refuses-configuration") {
            throw RPCError(code: .unknown, message: "unknown key 'colour'")
        }
        if Behaviour.is("hangs-in-configuration") { try await Task.sleep(for: .seconds(1000)) }
        return Generated_Empty()
    }

    func putObject(
        request: RPCAsyncSequence<Generated_PutObjectRequest, any Error>, context: ServerContext
    ) async throws -> Generated_Empty {
        if Behaviour.is("stops-reading") { try await Task.sleep(for: .seconds(1000)) }
        for try await _ in request {
            if Behaviour.is("dies-in-put") { die() }
            if Behaviour.is("refuses-put") { throw RPCError(code: .permissionDenied, message: "not on my shelf") }
        }
        return Generated_Empty()
    }

    func objectExists(
        request: Generated_ObjectExistsRequest, context: ServerContext
    ) async throws -> Generated_ObjectExistsResponse {
        var response = Generated_ObjectExistsResponse()
        response.exists = true
        return response
    }

    func getObject(
        request: Generated_GetObjectRequest, response: RPCWriter<Generated_Bytes>, context: ServerContext
    ) async throws {
        var piece = Generated_Bytes()
        piece.data = Data(repeating: 0x61, count: 64 << 10)
        if Behaviour.is("endless-stream") { while true { try await response.write(piece) } }
        try await response.write(piece)
        if Behaviour.is("stalling-stream") { try await Task.sleep(for: .seconds(1000)) }
        if Behaviour.is("dies-in-stream") { die() }
        if Behaviour.is("breaks-stream") { throw RPCError(code: .unknown, message: "the disk is on fire") }
    }

    func listCommonPrefixes(
        request: Generated_ListCommonPrefixesRequest, context: ServerContext
    ) async throws -> Generated_ListCommonPrefixesResponse { Generated_ListCommonPrefixesResponse() }

    func listObjects(
        request: Generated_ListObjectsRequest, context: ServerContext
    ) async throws -> Generated_ListObjectsResponse {
        var response = Generated_ListObjectsResponse()
        response.keys =
            Behaviour.is("foreign-keys")
            ? ["other/1", request.prefix + "b", request.prefix + "a", request.prefix + "a"] : [request.prefix + "a"]
        return response
    }

    func deleteObject(request: Generated_DeleteObjectRequest, context: ServerContext) async throws -> Generated_Empty {
        Generated_Empty()
    }

    func createSignedURL(
        request: Generated_CreateSignedURLRequest, context: ServerContext
    ) async throws -> Generated_CreateSignedURLResponse { throw RPCError(code: .unimplemented, message: "no") }
}
