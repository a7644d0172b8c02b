import GodwitModel
import Testing

@testable import RestoreFixes

@Suite struct TokenActionsTests {
    private func token(_ name: String) throws -> KubernetesObject {
        try object(
            """
            {"apiVersion":"v1","kind":"Secret","metadata":{"name":"\(name)","namespace":"shop","annotations":{
            "kubernetes.io/service-account.name":"web","kubernetes.io/service-account.uid":"u","note":"x"}},
            "data":{"ca.crt":"Y2E=","namespace":"c2hvcA==","token":"dA==","extra":"eA=="},
            "type":"kubernetes.io/service-account-token"}
            """)
    }

    private let account = identity("serviceaccounts", "shop", "web")

    @Test func leavesOutAGeneratedToken() async throws {
        var context = FakeRestoreContext()
        context.backup[account] = KubernetesObject([:])
        #expect(try await SecretAction().outcome(token("web-token-8b6zq"), context).isSkipped)
        #expect(try await !SecretAction().outcome(token("web-token-ci"), context).isSkipped)
        var mapped = FakeRestoreContext(mapping: ["shop": "copy"])
        mapped.cluster[identity("serviceaccounts", "copy", "web")] = KubernetesObject([:])
        #expect(try await SecretAction().outcome(token("web-token-8b6zq"), mapped).isSkipped)
    }

    @Test func cleansATokenThatAPersonMade() async throws {
        let restored = try await SecretAction().restored(token("web-token-8b6zq"))
        #expect(restored.annotations == ["kubernetes.io/service-account.name": "web", "note": "x"])
        #expect(restored["data"] == ["namespace": "c2hvcA==", "extra": "eA=="])
        let moved = try await SecretAction().restored(
            token("web-token-8b6zq"), FakeRestoreContext(mapping: ["shop": "copy"]))
        #expect(moved["data"] == ["extra": "eA=="])
    }

    @Test func leavesOtherSecrets() async throws {
        var secret = try token("web-token-8b6zq")
        secret["type"] = "Opaque"
        #expect(try await SecretAction().restored(secret) == secret)
    }

    @Test func removesReferencesToGeneratedTokens() async throws {
        let account = try object(
            """
            {"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"web","namespace":"shop"},
            "imagePullSecrets":[{"name":"pull"}],"secrets":[{"name":"web-token-8b6zq"},{"name":"web-token-ci"},{"name":"pull"}]}
            """)
        let restored = try await ServiceAccountAction().restored(account)
        #expect(restored["secrets"] == [["name": "web-token-ci"], ["name": "pull"]])
        #expect(restored["imagePullSecrets"] == [["name": "pull"]])
        var only = account
        only["secrets"] = [["name": "web-token-8b6zq"]]
        #expect(try await ServiceAccountAction().restored(only)["secrets"] == nil)
    }

    @Test func knowsGeneratedNames() {
        #expect(TokenSecretName.isGenerated("default-token-x2x2x", for: "default"))
        #expect(!TokenSecretName.isGenerated("default-token-aaaaa", for: "default"))
        #expect(!TokenSecretName.isGenerated("default-token-x2x2xx", for: "default"))
        let long = String(repeating: "n", count: 80)
        #expect(TokenSecretName.isGenerated(String(repeating: "n", count: 58) + "x2x2x", for: long))
    }
}
