import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import S3ObjectStore

/// A service whose clock is an hour before ours, and requests that are refused for it all at once.
@Suite struct CloudClockTests {
    private static let atOnce = 20

    /// Says what such a service says to a request that was signed at a time; nil for one of a time that is right.
    private static func refusal(of request: HTTPRequest) -> HTTPResponse? {
        let now = Date().addingTimeInterval(3600)
        // 20130524T000000Z
        let basic = request.headers["x-amz-date"].map(Array.init)
        let date =
            basic.map { text in
                "\(String(text[0..<4]))-\(String(text[4..<6]))-\(String(text[6..<8]))T"
                    + "\(String(text[9..<11])):\(String(text[11..<13])):\(String(text[13...]))"
            }.flatMap(ServiceDate.parseExtended) ?? request.headers["x-ms-date"].flatMap(ServiceDate.parseHTTP)
        guard let date, abs(date.timeIntervalSince(now)) > 900 else { return nil }
        return .answer(
            403, ["Date": ServiceDate.http(now), "x-ms-error-code": "AuthenticationFailed", "x-ms-request-id": "1"])
    }

    private static let blob = HTTPResponse.answer(
        200, ["ETag": "\"e\"", "x-ms-request-id": "1", "Content-Length": "5"])

    /// Has many requests refused before any of them is answered.
    private func expectAllToCorrect(_ store: any ObjectStore) async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.atOnce {
                group.addTask {
                    do {
                        let info = try await store.stat("a")
                        #expect(info?.size == 5)
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
        }
        #expect(try await store.stat("a")?.size == 5)
    }

    @Test func ofS3() async throws {
        let meeting = MeetingPoint(Self.atOnce)
        let store = try AnsweringClient.s3 { request in
            await meeting.pass()
            return Self.refusal(of: request) ?? Self.blob
        }
        try await expectAllToCorrect(store)
    }

    @Test(.enabled(if: Cloud.areThere, "needs the testbed"), arguments: ["key at hand", "key that is asked for"])
    func ofAzure(key: String) async throws {
        func value(_ name: String) throws -> String { try #require(Cloud.azure.value(name)) }
        let meeting = MeetingPoint(Self.atOnce)
        let client = AnsweringClient(before: try Cloud.sharedClient.get()) { request in
            guard request.headers["x-ms-date"] != nil else { return nil }
            await meeting.pass()
            return Self.refusal(of: request) ?? Self.blob
        }
        if key == "key at hand" {
            return try await expectAllToCorrect(try Cloud.azure.store(client: client))
        }
        let environment = [
            "AZURE_TENANT_ID": try value("TENANT"), "AZURE_CLIENT_ID": try value("CLIENT"),
            "AZURE_CLIENT_SECRET": try value("CLIENT_SECRET"), "AZURE_AUTHORITY_HOST": try value("AUTHORITY"),
            "AZURE_RESOURCE_MANAGER_ENDPOINT": try value("MANAGER"),
        ]
        let place = ["subscriptionId": try value("SUBSCRIPTION"), "resourceGroup": try value("GROUP")]
        try await expectAllToCorrect(try Cloud.azure.store(place, environment: environment, client: client))
    }
}
