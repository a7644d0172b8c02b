import GodwitModel
import HTTPTransport
import Synchronization
import Testing

@testable import KubernetesClient

@Suite(.enabled(if: LiveCluster.isThere, LiveCluster.hint))
struct LiveIdentityTests {
    @Test func clientCertificate() async throws {
        let cluster = try LiveCluster.connect("GODWIT_TEST_CERT_KUBECONFIG")
        #expect(try await cluster.mayI("create", .secrets, namespace: nil))
        let all = try await cluster.list(LiveCluster.namespaces, namespace: nil, options: ListOptions()).all()
        #expect(all.contains { $0.metadata.name == "default" })
    }

    @Test func someoneWithoutRights() async throws {
        let cluster = try LiveCluster.connect("GODWIT_TEST_NOBODY_KUBECONFIG")
        #expect(try await cluster.mayI("list", .secrets, namespace: "default") == false)
        do {
            _ = try await cluster.list(LiveCluster.secrets, namespace: "default", options: ListOptions()).all()
            Issue.record("listed")
        } catch let error as ClusterError {
            #expect(error.kind == .forbidden)
            #expect(error.reason?.contains("cannot list resource \"secrets\"") == true)
            #expect(error.summary.contains("list secrets/default"))
        }
    }

    @Test func aTokenThatIsNoGood() async throws {
        var configuration = try LiveCluster.configuration()
        configuration.credentials = FixedCredential(.bearer("expired-and-secret"))
        let cluster = try KubernetesCluster(connecting: configuration)
        do {
            _ = try await cluster.list(LiveCluster.secrets, namespace: nil, options: ListOptions()).all()
            Issue.record("listed")
        } catch let error as ClusterError {
            #expect(error.kind == .unauthorized)
            #expect(error.advice != nil)
            #expect(!"\(error)".contains("expired-and-secret"))
        }
    }

    @Test func arefusedTokenIsRenewedOnce() async throws {
        var configuration = try LiveCluster.configuration()
        let good = try await configuration.credentials.credential()
        let renewing = RenewingCredential(old: .bearer("stale"), new: good)
        configuration.credentials = renewing
        let cluster = try KubernetesCluster(connecting: configuration)
        _ = try await cluster.discover()
        #expect(renewing.renewals >= 1)
        #expect(try await cluster.mayI("list", .secrets, namespace: nil))
    }

    @Test func impersonation() async throws {
        var configuration = try LiveCluster.configuration()
        configuration.impersonation = ["Impersonate-User": "jane", "Impersonate-Group": "developers"]
        let cluster = try KubernetesCluster(connecting: configuration)
        let error = await #expect(throws: ClusterError.self) {
            try await cluster.list(LiveCluster.secrets, namespace: "default", options: ListOptions()).all()
        }
        #expect(error?.reason?.contains("User \"jane\"") == true)
    }
}

/// Gives an old credential until it is refused.
final class RenewingCredential: CredentialProvider {
    private let state: Mutex<(current: Credential, renewals: Int)>
    private let new: Credential

    init(old: Credential, new: Credential) {
        state = Mutex((old, 0))
        self.new = new
    }

    var renewals: Int { state.withLock { $0.renewals } }

    func credential() -> Credential { state.withLock { $0.current } }

    func renew(_ refused: Credential) -> Credential? {
        state.withLock { state in
            state.renewals += 1
            state.current = new
            return refused == new ? nil : new
        }
    }
}
