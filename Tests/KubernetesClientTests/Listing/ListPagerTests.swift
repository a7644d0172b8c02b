import GodwitModel
import HTTPTransport
import Testing

@testable import KubernetesClient

@Suite struct ListPagerTests {
    private static func page(_ names: [String], next: String?, cut: Bool = false) -> String {
        let items = names.map { #"{"metadata":{"name":"\#($0)","namespace":"n"}}"# }.joined(separator: ",")
        let metadata = next.map { #""metadata":{"continue":"\#($0)"},"# } ?? ""
        return #"{"kind":"ThingList","apiVersion":"v1",\#(metadata)"items":[\#(items)"# + (cut ? "," : "]}")
    }

    private static func token(_ request: HTTPRequest) -> String? {
        request.url.split(separator: "continue=").dropFirst().first.map { String($0.prefix { $0 != "&" }) }
    }

    private func names(_ client: ScriptedClient) async throws -> [String] {
        try await client.cluster().list(
            ListPageScannerTests.things, namespace: nil, options: ListOptions(pageSize: 2)
        ).all().map(\.metadata.name)
    }

    @Test func pagesFollowEachOther() async throws {
        let client = ScriptedClient { request, _ in
            switch Self.token(request) {
            case nil: ScriptedClient.response(200, Self.page(["a", "b"], next: "two"))
            case "two": ScriptedClient.response(200, Self.page(["c", "d"], next: "three"))
            default: ScriptedClient.response(200, Self.page(["e"], next: nil))
            }
        }
        #expect(try await names(client) == ["a", "b", "c", "d", "e"])
        #expect(client.requests.count == 3)
        #expect(client.requests[0].url == "https://scripted/api/v1/things?limit=2")
    }

    @Test func anExpiredTokenIsReplacedByTheOffer() async throws {
        let client = ScriptedClient { request, _ in
            switch Self.token(request) {
            case nil: ScriptedClient.response(200, Self.page(["a", "b"], next: "old"))
            case "old": ScriptedClient.status(410, "Expired", #","metadata":{"continue":"fresh"}"#)
            default: ScriptedClient.response(200, Self.page(["c"], next: nil))
            }
        }
        #expect(try await names(client) == ["a", "b", "c"])
    }

    @Test func withoutAnOfferTheListingBeginsAnewAndRepeatsNothing() async throws {
        let client = ScriptedClient { request, number in
            switch (Self.token(request), number) {
            case (nil, 0): ScriptedClient.response(200, Self.page(["a", "b"], next: "old"))
            case ("old", _): ScriptedClient.status(410, "Expired")
            case (nil, _): ScriptedClient.response(200, Self.page(["a", "aa", "b", "c"], next: nil))
            default: ScriptedClient.status(400, "BadRequest")
            }
        }
        #expect(try await names(client) == ["a", "b", "c"])
    }

    @Test func whatWasDeliveredIsPassedOverOnEveryPage() async throws {
        let client = ScriptedClient { request, number in
            switch (Self.token(request), number) {
            case (nil, _): ScriptedClient.response(200, Self.page(["a", "b"], next: "two"))
            case ("two", _): ScriptedClient.response(200, Self.page(["c", "d"], next: number < 3 ? "old" : "three"))
            case ("old", _): ScriptedClient.status(410, "Expired")
            default: ScriptedClient.response(200, Self.page(["da", "e"], next: nil))
            }
        }
        #expect(try await names(client) == ["a", "b", "c", "d", "da", "e"])
    }

    @Test func aListingThatAlwaysExpiresIsGivenUp() async throws {
        let client = ScriptedClient { request, _ in
            Self.token(request) == nil
                ? ScriptedClient.response(200, Self.page(["a", "b"], next: "old"))
                : ScriptedClient.status(410, "Expired")
        }
        #expect(try await kind { try await names(client) } == .gone)
    }

    @Test func aPageThatBreaksOffIsResumed() async throws {
        let client = ScriptedClient { request, number in
            number == 0
                ? ScriptedClient.broken(Self.page(["a", "b"], next: nil, cut: true))
                : ScriptedClient.response(200, Self.page(["a", "b", "c"], next: nil))
        }
        #expect(try await names(client) == ["a", "b", "c"])
    }

    @Test func aServerThatAlwaysBreaksOffIsGivenUp() async throws {
        let client = ScriptedClient { _, _ in ScriptedClient.broken(Self.page(["a"], next: nil, cut: true)) }
        await #expect(throws: HTTPTransportError.self) { try await names(client) }
        let expiring = ScriptedClient { request, _ in
            Self.token(request) == nil
                ? ScriptedClient.response(200, Self.page(["a"], next: "old"))
                : ScriptedClient.status(410, "Expired", #","metadata":{"continue":"old"}"#)
        }
        #expect(try await kind { try await names(expiring) } == .gone)
    }

    @Test(arguments: ["", "<html>", #"{"items":["#, #"{"items":[{"metadata":{"name":"a"}}]"#])
    func nonsenseIsNamed(body: String) async throws {
        let client = ScriptedClient { _, _ in ScriptedClient.response(200, body) }
        #expect(try await kind { try await names(client) } == .malformedAnswer)
    }
}
