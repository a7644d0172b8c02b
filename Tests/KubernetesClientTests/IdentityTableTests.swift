import GodwitModel
import GodwitTestKit
import Testing

@testable import KubernetesClient

@Suite struct IdentityTableTests {
    private func identity(_ resource: String, _ namespace: String?, _ name: String) -> ItemIdentity {
        ItemIdentity(resource: GroupResource(parsing: resource), namespace: namespace, name: name)
    }

    @Test func numbersStayWhatTheyWere() throws {
        var generator = SeededGenerator(seed: 7)
        var table = IdentityTable()
        var expected: [ItemIdentity: Int] = [:]
        for _ in 0..<20_000 {
            let resource = ["pods", "secrets", "things.example.com"].randomElement(using: &generator) ?? ""
            let namespace = [nil, "a", "b", "ä"].randomElement(using: &generator) ?? nil
            let name = "n\(Int.random(in: 0..<4_000, using: &generator))"
            let identity = identity(resource, namespace, name)
            #expect(table.number(of: identity) == expected[identity])
            let number = table.insert(identity)
            #expect(expected[identity, default: table.count - 1] == number)
            expected[identity] = number
        }
        #expect(table.count == expected.count)
        for (identity, number) in expected { #expect(table[number] == identity) }
    }

    @Test func ordersByNamespaceAndName() {
        var table = IdentityTable()
        for (namespace, name) in [("b", "a"), ("a", "b"), ("a", "aa"), ("a", "a"), ("", "z")] {
            _ = table.insert(identity("pods", namespace, name))
        }
        _ = table.insert(identity("secrets", "a", "a"))
        func names(_ namespace: String?) -> [String] {
            table.numbers(of: GroupResource(resource: "pods"), namespace: namespace).map { table[$0].description }
        }
        #expect(names(nil) == ["pods/z", "pods/a/a", "pods/a/aa", "pods/a/b", "pods/b/a"])
        #expect(names("a") == ["pods/a/a", "pods/a/aa", "pods/a/b"])
        #expect(names("c").isEmpty)
        #expect(table.number(of: identity("pods", "c", "a")) == nil)
        #expect(table.number(of: identity("pods", "a", "c")) == nil)
    }
}
