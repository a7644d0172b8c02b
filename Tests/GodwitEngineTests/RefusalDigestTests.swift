import GodwitModel
import Testing

@testable import GodwitEngine

@Suite("Refusals for want of rights, a line a cause")
struct RefusalDigestTests {
    private func refusal(
        _ resource: String, group: String = "", verb: String = "list", user: String = "dev", namespace: String? = nil
    ) -> String {
        let place = namespace.map { #"in the namespace "\#($0)""# } ?? "at the cluster scope"
        return "\(resource): not all of it could be read: cannot \(verb) \(resource) (https://c): \(resource) is "
            + #"forbidden: User "\#(user)" cannot \#(verb) resource "\#(resource)" in API group "\#(group)" \#(place)"#
    }

    private func take(_ message: String, into digest: inout RefusalDigest) {
        let isTaken = digest.take(message)
        #expect(isTaken)
    }

    @Test("forty resources are one line that names them, and says what to do")
    func oneLine() throws {
        var digest = RefusalDigest()
        for number in 10..<50 { take(refusal("r\(number)", group: number < 20 ? "apps" : ""), into: &digest) }
        let line = try #require(digest.lines.first)
        #expect(digest.lines.count == 1)
        let beginning = "forbidden: user 'dev' may not list 40 resources in the whole cluster: r10.apps, "
        #expect(line.summary.hasPrefix(beginning))
        #expect(line.summary.hasSuffix(", r48, r49"))
        #expect(line.advice.contains("kubectl auth can-i --list'") && line.advice.contains("ClusterRole"))
    }

    @Test("another user, verb or place is another cause; namespaces with the same refusals share a line")
    func causes() {
        var digest = RefusalDigest()
        for namespace in ["a", "b"] {
            for resource in ["pods", "secrets"] { take(refusal(resource, namespace: namespace), into: &digest) }
        }
        take(refusal("pods", namespace: "c"), into: &digest)
        take(refusal("pods", verb: "get"), into: &digest)
        take(refusal("pods", user: "ops"), into: &digest)
        #expect(
            digest.lines.map(\.summary) == [
                "forbidden: user 'dev' may not get 1 resource in the whole cluster: pods",
                "forbidden: user 'dev' may not list 2 resources in namespaces a, b: pods, secrets",
                "forbidden: user 'dev' may not list 1 resource in namespace c: pods",
                "forbidden: user 'ops' may not list 1 resource in the whole cluster: pods",
            ])
        #expect(digest.lines[1].advice.contains("--namespace a") && digest.lines[1].advice.contains("a Role and"))
    }

    @Test(
        "what is something else stays what it is",
        arguments: [
            "", "secrets: it is forbidden: exceeded quota", #"User "x" cannot list"#,
            #"User "x" cannot list resource "y" in API group "z" on the moon"#, #"User "x cannot list resource "#,
        ])
    func others(message: String) {
        var digest = RefusalDigest()
        let isTaken = digest.take(message)
        #expect(!isTaken && digest.isEmpty && digest.lines.isEmpty)
    }
}
