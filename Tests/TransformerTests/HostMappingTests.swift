import GodwitModel
import HostMapping
import Testing

@Suite struct HostMappingTests {
    private func rules() throws -> HostRules {
        try HostRules([
            "apps.old.example.com": "apps.new.example.com", "www.apps.old.example.com": "www.example.org",
            "example.net": "example.io",
        ])
    }

    @Test(arguments: [
        ("shop.apps.old.example.com", "shop.apps.new.example.com"), ("apps.old.example.com", "apps.new.example.com"),
        ("*.apps.old.example.com", "*.apps.new.example.com"), ("www.apps.old.example.com", "www.example.org"),
        ("a.www.apps.old.example.com", "a.www.example.org"), ("SHOP.Apps.Old.example.com", "shop.apps.new.example.com"),
        // Whole labels only.
        ("myapps.old.example.com", "myapps.old.example.com"),
        ("apps.old.example.com.evil.org", "apps.old.example.com.evil.org"),
        ("net", "net"), ("", ""), ("Other.example.org", "Other.example.org"),
    ])
    func hostsFollowTheLongestDomain(host: String, expected: String) throws {
        #expect(try rules().mapped(host) == expected)
    }

    @Test func ingressesWithTheirTLS() async throws {
        let restored = try await HostMapping(rules: rules()).restored(try Samples.named("ingress"))
        let hosts = restored[path: "spec", "rules"]?.array?.map { $0["host"] }
        #expect(hosts == ["shop.apps.new.example.com", "elsewhere.example.org"])
        #expect(
            restored[path: "spec", "tls"] == [
                ["hosts": ["shop.apps.new.example.com", "*.apps.new.example.com"], "secretName": "tls"]
            ])
    }

    @Test func routesAndGateways() async throws {
        let action = HostMapping(rules: try rules())
        #expect(
            try await action.restored(try Samples.named("chosenroute"))[path: "spec", "host"] == "www.example.org")
        let gateway = try await action.restored(try Samples.named("gateway"))
        #expect(gateway[path: "spec", "listeners"]?.array?.first?["hostname"] == "*.apps.new.example.com")
        let route = try await action.restored(try Samples.named("httproute"))
        #expect(route[path: "spec", "hostnames"] == ["shop.apps.new.example.com"])
    }

    @Test func redirectsLeadToTheNewHosts() async throws {
        func rules(_ host: String) throws -> JSONValue {
            let filter = #"{"type":"RequestRedirect","requestRedirect":{"hostname":"\#(host)"}}"#
            return try JSONValue(
                parsing: #"[{"filters":[\#(filter)],"backendRefs":[{"name":"web","filters":[\#(filter)]}]}]"#)
        }
        var route = try Samples.named("httproute")
        route[path: "spec", "rules"] = try rules("www.apps.old.example.com")
        let restored = try await HostMapping(rules: self.rules()).restored(route)
        #expect(restored[path: "spec", "rules"] == (try rules("www.example.org")))
    }

    @Test(arguments: [
        (
            ["*.a.example": "b.example"],
            "'*.a.example=b.example' is not a host rule: '*.a.example' is not a host or domain: "
                + "a domain stands for its wildcard too, so leave out the '*.'"
        ),
        (
            ["a.example": "b..example"],
            "'a.example=b..example' is not a host rule: 'b..example' is not a host or domain: it "
                + "must begin and end with a lower-case letter or digit, on both sides of each '.'"
        ),
        (
            ["a_b": "c"],
            "'a_b=c' is not a host rule: 'a_b' is not a host or domain: only lower-case letters, digits, '-' and "
                + "'.' are allowed"
        ),
        (
            ["A.example": "c", "a.example": "d"],
            "'a.example=d' is not a host rule: another rule has the same left side"
        ),
    ])
    func isRefused(rules: [String: String], message: String) {
        let error = #expect(throws: HostRuleError.self) { try HostRules(rules) }
        #expect(error?.description == message)
        #expect(error?.advice == "write old=new, such as apps.old.example.com=apps.new.example.com")
    }
}
