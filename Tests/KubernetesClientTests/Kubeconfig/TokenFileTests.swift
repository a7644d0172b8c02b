import HTTPTransport
import Testing

@testable import KubernetesClient

@Suite struct TokenFileTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = try folder.write("token", "one\n")
    }

    private func credential(lifetime: Duration, fallback: String? = nil) -> TokenFileCredential {
        TokenFileCredential(
            path: path, origin: KubeconfigError.Origin(file: path), fallback: fallback, lifetime: lifetime)
    }

    @Test func theFileIsReadAgainAfterItsTime() async throws {
        let old = credential(lifetime: .seconds(3600))
        let expired = credential(lifetime: .zero)
        for provider in [old, expired] { #expect(try await provider.credential() == .bearer("one")) }
        try folder.write("token", " two ")
        #expect(try await old.credential() == .bearer("one"))
        #expect(try await expired.credential() == .bearer("two"))
        // Refused, it is read at once.
        #expect(try await old.renew(.bearer("one")) == .bearer("two"))
        #expect(try await old.credential() == .bearer("two"))
        #expect(try await old.renew(.bearer("two")) == nil)
    }

    @Test func aFileThatIsBeingReplacedDoesNotStopWork() async throws {
        let provider = credential(lifetime: .zero)
        #expect(try await provider.credential() == .bearer("one"))
        for content in ["", "a\nb: c"] {
            try folder.write("token", content)
            #expect(try await provider.credential() == .bearer("one"))
            await #expect(throws: KubeconfigError.self) { try await provider.renew(.bearer("one")) }
        }
    }

    @Test func withoutAFileThereIsTheFallback() async throws {
        try folder.write("token", "")
        #expect(try await credential(lifetime: .zero, fallback: "spare").credential() == .bearer("spare"))
        await #expect(throws: KubeconfigError.self) { try await credential(lifetime: .zero).credential() }
    }
}
