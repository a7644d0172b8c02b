import GodwitModel
import GodwitPluginAPI
import ResourceModifiers
import Testing

/// Applying rules.
@Suite struct ResourceModifiersTests {
    private func claim(_ name: String = "mysql-data", class storageClass: String = "standard") -> KubernetesObject {
        KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": ["name": .string(name), "namespace": "foo", "labels": ["a": "b"]],
            "spec": ["storageClassName": .string(storageClass)],
        ])
    }

    /// Runs all rules of a document on an item, as the engine does for the items that their selectors take.
    private func apply(
        _ rules: String, to item: KubernetesObject, cleanedFirst: Bool = true
    ) async throws -> KubernetesObject {
        let modifiers = try ResourceModifiers(parsing: "version: v1\nresourceModifierRules:\n\(rules)")
        var result = cleaned(item)
        for action in modifiers.actions {
            let outcome = try await action.execute(result, original: item, context: FakeRestoreContext())
            result = try #require(outcome.item)
        }
        return result
    }

    private func rule(_ conditions: String, _ patches: String) -> String {
        "- conditions: {\(conditions)}\n  patches: [\(patches)]\n"
    }

    private let replace = #"{operation: replace, path: /spec/storageClassName, value: premium}"#

    @Test(arguments: [
        ("groupResource: persistentvolumeclaims", true),
        ("groupResource: '*'", true),
        ("groupResource: '*.*'", true),
        ("groupResource: '*.apps'", false),
        ("groupResource: persistentvolumeclaims.storage.k8s.io", false),
        ("groupResource: '{pods,persistentvolumeclaims}'", true),
        ("groupResource: '{pods.x.io,deployments.apps}'", false),
        ("groupResource: 'persistent{volumes,volumeclaims}{,.storage.k8s.io}'", true),
        ("groupResource: persistentvolumeclaims, namespaces: ['{bar,foo}']", true),
        ("groupResource: persistentvolumeclaims, resourceNameRegex: '(?i)^MYSQL[[:punct:]]'", true),
        ("groupResource: persistentvolumeclaims, resourceNameRegex: '^mysql.*$'", true),
        ("groupResource: persistentvolumeclaims, resourceNameRegex: 'sql'", true),
        ("groupResource: persistentvolumeclaims, resourceNameRegex: '^sql'", false),
        ("groupResource: persistentvolumeclaims, namespaces: [bar, 'f*']", true),
        ("groupResource: persistentvolumeclaims, namespaces: [bar]", false),
        ("groupResource: persistentvolumeclaims, labelSelector: {matchLabels: {a: b}}", true),
        ("groupResource: persistentvolumeclaims, labelSelector: {matchLabels: {a: c}}", false),
        ("groupResource: persistentvolumeclaims, matches: [{path: /spec/storageClassName, value: standard}]", true),
        ("groupResource: persistentvolumeclaims, matches: [{path: /spec/storageClassName, value: gold}]", false),
        ("groupResource: persistentvolumeclaims, matches: [{path: /spec/nothing, value: gold}]", false),
        ("groupResource: persistentvolumeclaims, matches: [{path: /spec/nothing, value: 'null'}]", true),
        ("groupResource: persistentvolumeclaims, matches: [{path: /no/thing, value: 'null'}]", false),
    ])
    func asksConditions(conditions: String, isChanged: Bool) async throws {
        let restored = try await apply(rule(conditions, replace), to: claim())
        #expect(restored == claim(class: isChanged ? "premium" : "standard"))
    }

    @Test func clusterScopedItemsAreNotAskedForTheirNamespace() async throws {
        let role = KubernetesObject([
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": ["name": "r"],
        ])
        let rules = """
            - conditions: {groupResource: clusterroles.rbac.authorization.k8s.io, namespaces: [foo]}
              mergePatches: [{patchData: "{metadata: {labels: {x: '1'}}}"}]
            """
        #expect(try await apply(rules, to: role).labels == ["x": "1"])
    }

    @Test func noRuleSeesWhatAnotherChanged() async throws {
        func step(_ from: String, _ to: String) -> String {
            rule(
                "groupResource: persistentvolumeclaims, matches: [{path: /spec/storageClassName, value: \(from)}]",
                "{operation: replace, path: /spec/storageClassName, value: \(to)}")
        }
        let restored = try await apply(step("standard", "premium") + step("premium", "gold"), to: claim())
        #expect(restored == claim(class: "premium"))
    }

    @Test func aFailedTestChangesNothing() async throws {
        for test in ["/spec/storageClassName", "/spec/missing", "/no/where"] {
            let patches = "{operation: remove, path: /metadata/labels}, {operation: test, path: \(test), value: gold}"
            #expect(try await apply(rule("groupResource: persistentvolumeclaims", patches), to: claim()) == claim())
        }
    }

    @Test func aPathThatIsNotThereFailsTheItem() async throws {
        await #expect(throws: JSONPatchError.self) {
            try await apply(
                rule("groupResource: persistentvolumeclaims", "{operation: remove, path: /spec/missing}"), to: claim())
        }
    }

    /// Values are texts that mean what they look like.
    @Test(
        arguments: [
            ("premium", .string("premium")), ("3", .integer(3)), ("'3'", .integer(3)), (#"'"3"'"#, .string("3")),
            ("true", .bool(true)), ("'True'", .bool(true)), (#"'"true"'"#, .string("true")), ("'null'", .null),
            ("1.50", .number("1.50")), ("''", .string("")), ("007a", .string("007a")), ("NaN", .string("NaN")),
            (#"'{"a": [1]}'"#, ["a": [1]]), ("'[1, \"x\"]'", [1, "x"]),
            ("'{{ templated }}'", .string("{{ templated }}")),
            (#"'a\nb'"#, .string("a\nb")), (#"'say "hi" \x'"#, .string(#"say "hi" \x"#)), ("'10Gi'", .string("10Gi")),
        ] as [(String, JSONValue)])
    func readsValues(yaml: String, expected: JSONValue) async throws {
        let patch = "{operation: add, path: /spec/value, value: \(yaml)}"
        let restored = try await apply(rule("groupResource: persistentvolumeclaims", patch), to: claim())
        #expect(restored[path: "spec", "value"] == expected)
    }

    @Test func movesAndCopies() async throws {
        let patches = """
            {operation: Copy, from: /spec/storageClassName, path: /metadata/labels/class},
            {operation: move, from: /metadata/labels/a, path: /metadata/labels/c}
            """
        let restored = try await apply(rule("groupResource: persistentvolumeclaims", patches), to: claim())
        #expect(restored.labels == ["class": "standard", "c": "b"])
    }

    @Test func mergesByName() async throws {
        let pod = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"containers":[
            {"name":"nginx","image":"nginx","ports":[{"containerPort":80}]},{"name":"side","image":"side"}]}}
            """)
        let rules = """
            - conditions: {groupResource: pods}
              strategicPatches:
              - patchData: '{"spec":{"containers":[{"name":"nginx","image":"repo2/nginx"}]}}'
              - patchData: 'spec: {containers: [{name: side, $patch: delete}]}'
            """
        let restored = try await apply(rules, to: pod)
        #expect(
            restored[path: "spec", "containers"] == [
                ["name": "nginx", "image": "repo2/nginx", "ports": [["containerPort": 80]]]
            ])
    }

    @Test func aCustomResourceTakesNoStrategicPatch() async throws {
        let service = KubernetesObject([
            "apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": ["name": "s"],
        ])
        let rules = """
            - conditions: {groupResource: services.serving.knative.dev}
              strategicPatches: [{patchData: "{spec: {a: b}}"}]
            """
        await #expect(throws: ResourceModifierError.self) { try await apply(rules, to: service) }
    }

    @Test func wildcardsOfAResourceBecomeSelectors() throws {
        func selector(_ pattern: String) throws -> [String] {
            let text = "version: v1\nresourceModifierRules:\n" + rule("groupResource: '\(pattern)'", replace)
            return try ResourceModifiers(parsing: text).actions[0].appliesTo.includedResources
        }
        #expect(try selector("*") == [])
        #expect(try selector("*.apps") == [])
        #expect(try selector("deploy*.apps") == ["deploy*.apps"])
        #expect(try selector("deployments.apps") == ["deployments.apps"])
    }
}
