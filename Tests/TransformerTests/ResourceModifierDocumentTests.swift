import GodwitModel
import GodwitPluginAPI
import ResourceModifiers
import Testing

/// Reading documents.
@Suite struct ResourceModifierDocumentTests {
    private func fault(_ text: String) throws -> ResourceModifierError {
        try #require(throws: ResourceModifierError.self) { try ResourceModifiers(parsing: text) }
    }

    private func rule(_ yaml: String) -> String { "version: v1\nresourceModifierRules:\n\(yaml)" }

    @Test func readsAllForms() throws {
        let modifiers = try ResourceModifiers(
            parsing: rule(
                """
                - conditions:
                    groupResource: persistentvolumeclaims
                    resourceNameRegex: "^mysql.*$"
                    namespaces: [bar, foo]
                    labelSelector: {matchLabels: {foo: bar, tier: 1}}
                    matches: [{path: /spec/storageClassName, value: standard}]
                  patches:
                  - {operation: replace, path: /spec/storageClassName, value: premium}
                  - {operation: remove, path: /metadata/labels/test}
                - conditions: {groupResource: pods}
                  mergePatches:
                  - patchData: |
                      {"metadata": {"annotations": {"foo": null}}}
                - conditions: {groupResource: pods}
                  strategicPatches:
                  - patchData: |
                      spec:
                        containers:
                        - {name: nginx, image: repo2/nginx}
                """))
        #expect(modifiers.rules.count == 3)
        #expect(modifiers.rules[0].conditions.labelSelector?.description == "foo=bar,tier=1")
        #expect(modifiers.rules[1].change == .mergePatches([["metadata": ["annotations": ["foo": .null]]]]))
        #expect(modifiers.actions.map(\.name).last == "godwit.io/resource-modifier-3")
        #expect(modifiers.actions[0].appliesTo.includedResources == ["persistentvolumeclaims"])
    }

    @Test func readsJSONWithTabsAndConfigMaps() throws {
        let json = """
            {\n\t"version": "V1",\n\t"resourceModifierRules": [{"conditions": {"groupResource": "*.*"},
            "mergePatches": [{"patchData": "{}"}]}]}
            """
        #expect(try ResourceModifiers(parsing: json).rules.count == 1)
        let configMap = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: m, namespace: velero}
            data:
              rules.yaml: |
                version: v1
                resourceModifierRules:
                - conditions: {groupResource: "*"}
                  patches: [{operation: add, path: /data/a, value: b}]
            """
        #expect(try ResourceModifiers(parsing: configMap).rules.count == 1)
        #expect(try fault(configMap + "\n  more: x").kind == .malformedConfigMap)
    }

    @Test(arguments: [
        ("- conditions: {}\n  patches: [{operation: remove, path: /a}]", "conditions.groupResource"),
        ("- patches: [{operation: remove, path: /a}]", "conditions.groupResource"),
        ("- conditions: {groupResource: pods, name: x}\n  patches: [{operation: remove, path: /a}]", "conditions.name"),
        ("- conditions: {groupResource: pods}\n  patch: []", "patch"),
        ("- conditions: {groupResource: pods}\n  patches: [{operation: delete, path: /a}]", "patches[0].operation"),
        ("- conditions: {groupResource: pods}\n  patches: [{operation: remove}]", "patches[0].path"),
        ("- conditions: {groupResource: pods}\n  patches: [{operation: remove, path: a}]", "patches[0].path"),
        ("- conditions: {groupResource: pods}\n  patches: [{operation: move, path: /a}]", "patches[0].from"),
        (
            "- conditions: {groupResource: pods}\n  patches: [{operation: add, path: /a, value: [1]}]",
            "patches[0].value"
        ),
        (
            "- conditions: {groupResource: pods, resourceNameRegex: '('}\n  patches: [{operation: remove, path: /a}]",
            "conditions.resourceNameRegex"
        ),
        (
            "- conditions: {groupResource: pods, resourceNameRegex: 'a(?=b)'}\n  patches: [{operation: remove, path: /a}]",
            "conditions.resourceNameRegex"
        ),
        (
            "- conditions: {groupResource: '{*.apps,pods}'}\n  patches: [{operation: remove, path: /a}]",
            "conditions.groupResource"
        ),
        (
            "- conditions: {groupResource: pods, namespaces: ['[']}\n  patches: [{operation: remove, path: /a}]",
            "conditions.namespaces"
        ),
        (
            "- conditions: {groupResource: pods, matches: [{value: x}]}\n  patches: [{operation: remove, path: /a}]",
            "conditions.matches[0].path"
        ),
        ("- conditions: {groupResource: pods}\n  mergePatches: [{patchData: 'a: b: c'}]", "mergePatches[0].patchData"),
        ("- conditions: {groupResource: pods}\n  mergePatches: [{patchData: '7'}]", "mergePatches[0].patchData"),
        ("- conditions: {groupResource: pods}\n  strategicPatches: [{}]", "strategicPatches[0].patchData"),
    ])
    func namesRuleAndField(yaml: String, field: String) throws {
        let good = "- conditions: {groupResource: pods}\n  patches: [{operation: remove, path: /a}]\n"
        let error = try fault(rule(good + yaml))
        #expect(error.rule == 2)
        #expect(error.field == field)
        #expect(error.summary == "resource modifiers, rule 2, \(field)")
    }

    @Test func refusesWholeDocuments() throws {
        #expect(try fault("version: v2\nresourceModifierRules: []").kind == .unsupportedVersion)
        #expect(try fault("resourceModifierRules: []").kind == .unsupportedVersion)
        #expect(try fault("version: v1\nresourceModifierRules: []").kind == .noRules)
        #expect(try fault("version: v1").kind == .noRules)
        #expect(try fault("version: v1\nrules: []").kind == .unknownField)
        #expect(try fault("").kind == .malformed)
        #expect(try fault("[").kind == .malformed)
        #expect(try fault("version: v1\nversion: v1").kind == .malformed)
        #expect(try fault(rule("- conditions: {groupResource: pods}")).kind == .patchKinds)
        let both = "  patches: [{operation: remove, path: /a}]\n  mergePatches: [{patchData: '{}'}]"
        #expect(try fault(rule("- conditions: {groupResource: pods}\n\(both)")).kind == .patchKinds)
    }

    @Test func survivesAliasesOfAliases() throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            yaml +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(try fault(yaml).kind == .malformed)
    }
}
