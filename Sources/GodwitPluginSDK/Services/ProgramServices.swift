import GRPCCore
import PluginProtocol
import SwiftProtobuf

/// Says which plugins there are.
struct ListerService: Generated_PluginLister.SimpleServiceProtocol {
    let plugins: ServedPlugins

    func listPlugins(request: Generated_Empty, context: ServerContext) async throws -> Generated_ListPluginsResponse {
        var response = Generated_ListPluginsResponse()
        response.plugins = plugins.listing.map { plugin in
            var identifier = Generated_PluginIdentifier()
            identifier.command = CommandLine.arguments.first ?? ""
            identifier.kind = plugin.kind.rawValue
            identifier.name = plugin.name
            return identifier
        }
        return response
    }
}

/// Says that the program serves.
struct HealthService: Grpc_Health_V1_Health.SimpleServiceProtocol {
    func check(
        request: Grpc_Health_V1_HealthCheckRequest, context: ServerContext
    ) async throws -> Grpc_Health_V1_HealthCheckResponse {
        guard ["", "plugin"].contains(request.service) else {
            throw RPCError(code: .notFound, message: "unknown service '\(request.service)'")
        }
        var response = Grpc_Health_V1_HealthCheckResponse()
        response.status = .serving
        return response
    }
}

/// Ends the program when the host asks for it.
struct ControllerService: Plugin_GRPCController.SimpleServiceProtocol {
    let ending: Ending

    func shutdown(request: Plugin_Empty, context: ServerContext) async throws -> Plugin_Empty {
        ending.action?()
        return Plugin_Empty()
    }
}

/// Says which of Godwit's own services are served: all of them.
struct ExtensionsService: Godwit_V1_Extensions.SimpleServiceProtocol {
    func describe(
        request: Godwit_V1_DescribeRequest, context: ServerContext
    ) async throws -> Godwit_V1_DescribeResponse {
        var response = Godwit_V1_DescribeResponse()
        response.services = ExtensionService.allCases.map(\.rawValue)
        return response
    }
}
