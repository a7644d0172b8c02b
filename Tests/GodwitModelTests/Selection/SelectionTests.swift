import GodwitModel
import GodwitTestKit
import Testing

@Suite struct SelectionTests {
    /// The obvious matcher, exponential and right.
    private func matches(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matches(pattern.dropFirst(), name) || (!name.isEmpty && matches(pattern, name.dropFirst()))
        }
        guard let character = name.first else { return false }
        if first == "?" { return matches(pattern.dropFirst(), name.dropFirst()) }
        if first == "[", let close = pattern.dropFirst(2).firstIndex(of: "]") {
            var set = pattern[pattern.index(after: pattern.startIndex)..<close]
            let isNegated = set.first == "!"
            if isNegated { set = set.dropFirst() }
            guard set.contains(character) != isNegated else { return false }
            return matches(pattern[pattern.index(after: close)...], name.dropFirst())
        }
        return first == character && matches(pattern.dropFirst(), name.dropFirst())
    }

    @Test func globsAgreeWithTheObviousMatcher() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<20_000 {
            let parts = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                ["a", "b", "ab", "*", "?", "[ab]", "[!a]", "-"].randomElement(using: &generator) ?? "a"
            }
            let pattern = parts.joined()
            let name = (0..<Int.random(in: 0...6, using: &generator))
                .map { _ in ["a", "b", "-"].randomElement(using: &generator) ?? "a" }.joined()
            #expect(try Glob(pattern).matches(name) == matches(pattern[...], name[...]), "\(pattern) \(name)")
        }
    }

    @Test func globsAreQuickAndStrict() throws {
        let pattern = String(repeating: "a*", count: 60) + "b"
        #expect(try !Glob(pattern).matches(String(repeating: "a", count: 5000)))
        for wrong in ["[", "[]", "[!]", "[a", "[z-a]", "a[b"] { #expect(throws: GlobError.self) { try Glob(wrong) } }
        #expect(try Glob("team-[0-9a]").matches("team-7") && !Glob("team-[^0-9]").matches("team-7"))
        #expect(try Glob("[a-]").matches("-"))
    }

    @Test(arguments: [
        ("{a,b}", ["a", "b"], ["", "ab", "c", "{a,b}"]),
        ("team-{a,b*}-x", ["team-a-x", "team-bcd-x", "team-b-x"], ["team-c-x", "team-a-", "team-ab-x"]),
        ("{a,{b,c}d}{,1}", ["a", "a1", "bd", "cd1"], ["b", "d", "ad", "11"]),
        ("[{,}]", ["{", ",", "}"], ["", "{}"]), ("a,b}", ["a,b}"], ["a", "b"]), ("{a}", ["a"], ["{a}"]),
    ])
    func alternatives(pattern: String, matching: [String], others: [String]) throws {
        let glob = try Glob(pattern)
        #expect(matching.allSatisfy(glob.matches), "\(pattern)")
        #expect(!others.contains(where: glob.matches), "\(pattern)")
        #expect(glob.description == pattern && glob.isLiteral == (pattern == "a,b}"))
    }

    @Test func alternativesAreStrictAndBounded() throws {
        for wrong in ["{", "{}", "{a", "{a,", "a{b{c}", "{[}"] {
            #expect(throws: GlobError.self, "\(wrong)") { try Glob(wrong) }
        }
        let many = String(repeating: "{a,b}", count: 64)
        let error = #expect(throws: GlobError.self) { try Glob(many) }
        #expect(error?.description.contains("more than 1000") == true)
        let deep = String(repeating: "{a,", count: 500) + "b" + String(repeating: "}", count: 500)
        #expect(try Glob(deep).matches("b"))
    }

    @Test func includesAndExcludes() throws {
        let set = try IncludesExcludes(includes: ["shop", "team-*"], excludes: ["team-x"])
        #expect(["shop", "team-a", "team-x", "other"].map(set.contains) == [true, true, false, false])
        #expect(try IncludesExcludes(includes: ["*"], excludes: ["a"]).contains("b"))
        #expect(try IncludesExcludes(includes: ["a", "b"], excludes: ["b"]).literalIncludes == ["a"])
        #expect(set.literalIncludes == nil && IncludesExcludes.everything.isEverything)
    }

    @Test func selectorsRoundTrip() throws {
        var generator = SeededGenerator(seed: 8)
        let keys = ["app", "example.com/tier", "x_y"]
        let values = ["a", "b-1", "", "c.d"]
        for _ in 0..<3000 {
            let requirements = (0..<Int.random(in: 0...4, using: &generator)).map { _ -> LabelSelector.Requirement in
                let key = keys.randomElement(using: &generator) ?? "app"
                let some = (0...Int.random(in: 0...2, using: &generator)).map { _ in
                    values.randomElement(using: &generator) ?? ""
                }
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: return .isIn(key: key, values: some)
                case 1: return .notIn(key: key, values: some)
                case 2: return .exists(key: key)
                default: return .doesNotExist(key: key)
                }
            }
            let selector = LabelSelector(requirements)
            let fromText = try LabelSelector(parsing: selector.description)
            let fromJSON = try LabelSelector(json: selector.json)
            #expect(fromText == selector)
            for _ in 0..<8 {
                var labels: [String: String] = [:]
                for key in keys where Bool.random(using: &generator) {
                    labels[key] = values.randomElement(using: &generator)
                }
                #expect(fromText.matches(labels) == selector.matches(labels))
                #expect(fromJSON.matches(labels) == selector.matches(labels))
            }
        }
    }

    @Test(arguments: [
        ",", "a,", "a=b,,c", "a in b", "a in (b", "a of (b)", "=b", "!", "a=b=c", "a b", "a in (b))", "a=b c", "a=(b)",
        "é=1", "a>1",
    ])
    func refusesText(text: String) {
        #expect(throws: LabelSelectorError.self) { try LabelSelector(parsing: text) }
    }

    @Test(arguments: [
        "[]", #"{"matchLabels":[]}"#, #"{"matchLabels":{"a":1}}"#, #"{"matchExpressions":{}}"#,
        #"{"matchExpressions":[{"operator":"In","values":["a"]}]}"#,
        #"{"matchExpressions":[{"key":"a","operator":"In","values":[]}]}"#,
        #"{"matchExpressions":[{"key":"a","operator":"In","values":[1]}]}"#,
        #"{"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]}"#,
        #"{"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]}"#,
    ])
    func refusesJSON(text: String) throws {
        let value = try json(text)
        #expect(throws: LabelSelectorError.self) { try LabelSelector(json: value) }
    }

    @Test func spacesAndEmptySelectors() throws {
        #expect(try LabelSelector(parsing: " a == b , c in ( d , e ) , ! f ").description == "a=b,c in (d,e),!f")
        #expect(try LabelSelector(parsing: "").requirements.isEmpty)
        #expect(try LabelSelector(json: ["matchLabels": .null]).matches([:]))
    }

    @Test func cataloguesFindWhatIsTyped() {
        func resource(_ apiVersion: String, _ plural: String, _ kind: String, _ short: [String] = []) -> APIResource {
            APIResource(
                groupVersion: GroupVersion(apiVersion: apiVersion), plural: plural, singular: kind.lowercased(),
                kind: kind,
                isNamespaced: true, verbs: ["list"], shortNames: short)
        }
        let catalog = APIResourceCatalog(
            [
                resource("events.k8s.io/v1", "events", "Event"), resource("v1", "events", "Event", ["ev"]),
                resource("apps/v1beta1", "deployments", "Deployment"),
                resource("apps/v1", "deployments", "Deployment", ["deploy"]),
            ], preferredVersions: ["apps": "v1"])
        #expect(catalog.find("Events").map(\.groupVersion.description) == ["v1", "events.k8s.io/v1"])
        #expect(catalog.find("deploy").map(\.groupVersion.description) == ["apps/v1"])
        #expect(catalog.find("deployments.apps").map(\.groupVersion.description) == ["apps/v1"])
        #expect(catalog.find("deployments.v1beta1.apps").map(\.groupVersion.description) == ["apps/v1beta1"])
        #expect(catalog.find("nothing").isEmpty)
        #expect(catalog.versions(of: GroupResource(parsing: "deployments.apps")) == ["v1", "v1beta1"])
        #expect(catalog.resource(GroupVersion(apiVersion: "v1"), kind: "Event")?.shortNames == ["ev"])
    }
}
