import GodwitModel
import HTTPTransport
import Testing

@testable import KubernetesClient

@Suite struct RequestTests {
    private let things = ListPageScannerTests.things
    private static let stored = #"{"kind":"Thing","apiVersion":"v1","metadata":{"name":"a"}}"#

    private func create(_ client: ScriptedClient, _ object: String = stored) async throws -> Item {
        try await client.cluster().create(
            things, namespace: "n", object: Array(object.utf8), options: WriteOptions(isDryRun: true))
    }

    @Test func whatIsSent() async throws {
        let client = ScriptedClient { _, _ in ScriptedClient.response(201, Self.stored) }
        _ = try await create(client)
        let request = try #require(client.requests.first)
        #expect(request.method == "POST")
        #expect(request.url == "https://scripted/api/v1/namespaces/n/things?dryRun=All&fieldManager=godwit")
        #expect(request.headers["Content-Type"] == "application/json")
    }

    @Test(arguments: [429, 503])
    func askedToWaitAndTryAgain(code: Int) async throws {
        let client = ScriptedClient { _, number in
            number < 2
                ? ScriptedClient.response(code, "{}", headers: ["Retry-After": "0"])
                : ScriptedClient.response(201, Self.stored)
        }
        #expect(try await create(client).metadata.name == "a")
        #expect(client.requests.count == 3)
    }

    @Test func aGeneratedNameIsNotSentTwice() async throws {
        let client = ScriptedClient { _, _ in throw HTTPTransportError(.interrupted, request: "POST", reason: nil) }
        await #expect(throws: HTTPTransportError.self) {
            _ = try await create(client, #"{"metadata":{"generateName":"a-"}}"#)
        }
        #expect(client.requests.count == 1)
        await #expect(throws: HTTPTransportError.self) { _ = try await create(client) }
        #expect(client.requests.count == 1 + 4)
    }

    @Test(arguments: [
        (400, "BadRequest", "", ClusterError.Kind.invalid), (401, "Unauthorized", "", .unauthorized),
        (403, "Forbidden", "", .forbidden),
        (403, "Forbidden", #","details":{"causes":[{"reason":"NamespaceTerminating"}]}"#, .namespaceTerminating),
        (404, "NotFound", "", .notFound), (409, "AlreadyExists", "", .alreadyExists),
        (409, "Conflict", "", .conflict), (410, "Expired", "", .gone), (413, "RequestEntityTooLarge", "", .tooLarge),
        (422, "Invalid", "", .invalid), (429, "TooManyRequests", "", .throttled),
        (500, "InternalError", "", .unavailable),
        (418, "", "", .other(status: 418)),
    ])
    func refusals(code: Int, reason: String, more: String, expected: ClusterError.Kind) async throws {
        let client = ScriptedClient { _, _ in ScriptedClient.status(code, reason, more) }
        let error = await #expect(throws: ClusterError.self) { _ = try await create(client) }
        #expect(error?.kind == expected)
        #expect(error?.reason == "said so")
        #expect(error?.summary == "cannot create things/n/a (https://scripted)")
    }

    @Test func aQuotaWithoutStatusPasses() async throws {
        let reason = "status unknown for quota: q, resources: count/widgets.x.io"
        let client = ScriptedClient { _, _ in
            ScriptedClient.response(
                403, #"{"kind":"Status","code":403,"reason":"Forbidden","message":"\#(reason)"}"#)
        }
        let error = await #expect(throws: ClusterError.self) { _ = try await create(client) }
        #expect(error?.kind == .quotaPending && error?.isRetryable == true)
        #expect(client.requests.count == 1, "who waits for it decides how long")
    }

    @Test func retryAfterIsHandedOn() async throws {
        let client = ScriptedClient { _, _ in
            ScriptedClient.status(500, "InternalError", #","details":{"retryAfterSeconds":0}"#)
        }
        let error = await #expect(throws: ClusterError.self) { _ = try await create(client) }
        #expect(error?.retryAfter == .seconds(0))
        #expect(client.requests.count == 4)
    }

    @Test func aProxysAnswerIsCutAndCleaned() async throws {
        let client = ScriptedClient { _, _ in
            ScriptedClient.response(400, "<html>\u{1B}[31m\n" + String(repeating: "x", count: 100_000))
        }
        let error = await #expect(throws: ClusterError.self) { _ = try await create(client) }
        #expect((error?.reason?.count ?? 0) <= 1001)
        #expect(error?.reason?.contains("\u{1B}") == false)
    }

    @Test func secretsVanishFromMessages() {
        let body = Array(#"{"data":{"k":"aHVudGVyMg=="},"stringData":{"p":"correct horse"}}"#.utf8)
        let redaction = Redaction(body: body)
        for message in ["value hunter2 is bad", "aHVudGVyMg== is bad", "p: correct horse", #"Invalid value: "other""#] {
            let status = APIStatus(["message": .string(message), "code": 422], httpStatus: 422)
            let text = status.reasonText(redaction) ?? ""
            for secret in ["hunter2", "aHVudGVyMg", "horse", "other"] { #expect(!text.contains(secret)) }
        }
    }
}

@Suite struct DiscoveryTests {
    @Test func aggregated() throws {
        let document = try JSONValue(
            parsing: """
                {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[
                 {"metadata":{"name":"apps"},"versions":[
                  {"version":"v1","freshness":"Current","resources":[
                   {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced",
                    "singularResource":"deployment","verbs":["get","list"],"shortNames":["deploy"],"categories":["all"],
                    "subresources":[{"subresource":"scale"}]},
                   {"resource":"onlysub","scope":"Cluster","verbs":[]}]},
                  {"version":"v1beta1","freshness":"Stale","resources":[]}]}]}
                """)
        guard case .complete(let found)? = DiscoveryDocuments.root(document) else {
            Issue.record("not complete")
            return
        }
        #expect(found.resources.map(\.plural) == ["deployments"])
        #expect(found.resources[0].shortNames == ["deploy"])
        #expect(found.resources[0].isNamespaced)
        #expect(found.preferredVersions == ["apps": "v1"])
        #expect(found.failed.keys.map(\.description) == ["apps/v1beta1"])
    }

    @Test func oneBrokenGroupDoesNotSpoilTheRest() async throws {
        let client = ScriptedClient { request, _ in
            switch request.url {
            case "https://scripted/api": ScriptedClient.response(200, #"{"kind":"APIVersions","versions":["v1"]}"#)
            case "https://scripted/apis":
                ScriptedClient.response(
                    200,
                    """
                    {"kind":"APIGroupList","groups":[
                     {"name":"x.io","versions":[{"version":"v2"},{"version":"v1"}],"preferredVersion":{"version":"v1"}},
                     {"name":"broken.io","versions":[{"version":"v1"}]}]}
                    """)
            case "https://scripted/apis/broken.io/v1": ScriptedClient.status(503, "ServiceUnavailable")
            default:
                ScriptedClient.response(
                    200,
                    """
                    {"kind":"APIResourceList","resources":[{"name":"ys","kind":"Y","namespaced":true,"verbs":["list"]},
                     {"name":"ys/status","kind":"Y","namespaced":true,"verbs":["get"]},
                     {"name":"../evil","kind":"Evil","namespaced":true,"verbs":["list"]}]}
                    """)
            }
        }
        let catalog = try await client.cluster().discover()
        #expect(catalog.all.map(\.groupVersion.description) == ["v1", "x.io/v2", "x.io/v1"])
        #expect(catalog[GroupResource(group: "x.io", resource: "ys")]?.groupVersion.version == "v1")
        #expect(catalog.failedGroups.keys.map(\.description) == ["broken.io/v1"])
    }
}
