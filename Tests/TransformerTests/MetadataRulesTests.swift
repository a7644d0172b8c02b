import GodwitModel
import MetadataRules
import Testing

@Suite struct MetadataRulesTests {
    private func labels(_ labels: JSONValue, _ rules: MetadataRules) async throws -> (JSONValue?, [String]) {
        let item = KubernetesObject([
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c", "namespace": "n", "labels": labels],
        ])
        let outcome = try await MetadataChange(rules: rules).outcome(item)
        return (outcome.item?[path: "metadata", "labels"], outcome.warnings)
    }

    @Test func droppedThenRenamedThenSet() async throws {
        let rules = try MetadataRules(
            .labels, dropping: ["helm.sh/*", "old"], renaming: ["team": "example.com/team"],
            setting: ["stage": "test", "app": "set"])
        let (result, warnings) = try await labels(
            ["helm.sh/chart": "x", "old": "1", "team": "web", "app": "shop", "rest": "stays"], rules)
        #expect(result == ["example.com/team": "web", "stage": "test", "app": "set", "rest": "stays"])
        #expect(warnings.isEmpty)
    }

    @Test func twoKeysMayBeSwapped() async throws {
        let rules = try MetadataRules(.labels, renaming: ["a": "b", "b": "a"])
        #expect(try await labels(["a": "1", "b": "2"], rules).0 == ["a": "2", "b": "1"])
    }

    @Test func aTakenKeyIsLeftAndTold() async throws {
        let rules = try MetadataRules(.labels, renaming: ["a": "b"])
        let (result, warnings) = try await labels(["a": "1", "b": "2"], rules)
        #expect(result == ["a": "1", "b": "2"])
        #expect(warnings == ["a keeps its name: there is another b"])
    }

    /// What stays where it is may be in the way of another one, and that of a third.
    @Test func noValueIsLostInAChain() async throws {
        let rules = try MetadataRules(.labels, renaming: ["a": "b", "b": "c"])
        let (result, warnings) = try await labels(["a": "1", "b": "2", "c": "3"], rules)
        #expect(result == ["a": "1", "b": "2", "c": "3"])
        #expect(warnings == ["a keeps its name: there is another b", "b keeps its name: there is another c"])
        #expect(try await labels(["a": "1", "b": "2"], rules).0 == ["b": "1", "c": "2"])
        #expect(try await labels(["a": "1", "c": "3"], rules).0 == ["b": "1", "c": "3"])
        let ring = try MetadataRules(.labels, renaming: ["a": "b", "b": "c", "c": "a", "d": "e", "z": "d"])
        let turned = try await labels(["a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "z": "6"], ring)
        #expect(turned.0 == ["b": "1", "c": "2", "a": "3", "d": "4", "e": "5", "z": "6"])
        #expect(turned.1 == ["d keeps its name: there is another e", "z keeps its name: there is another d"])
    }

    /// A controller adopts by labels what it finds, and makes anew what it does not; a network policy that finds no
    /// namespace lets nobody in.
    @Test(arguments: [
        ("v1", "Pod", false), ("v1", "ReplicationController", false), ("apps/v1", "ReplicaSet", false),
        ("apps/v1", "ControllerRevision", false), ("discovery.k8s.io/v1", "EndpointSlice", false),
        ("kubevirt.io/v1", "VirtualMachineInstance", false), ("v1", "Secret", true), ("v1", "Namespace", false),
        ("v1", "PersistentVolume", false), ("v1", "Service", false), ("v1", "Endpoints", false),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", false), ("authorization.openshift.io/v1", "ClusterRole", false),
    ])
    func labelsStayOnWhatIsSelected(apiVersion: String, kind: String, isOwned: Bool) async throws {
        let rules = try MetadataRules(
            .labels, dropping: ["pod-template-*"], renaming: ["app": "name"], setting: ["tier": "x", "stage": "test"])
        var item = KubernetesObject([
            "apiVersion": .string(apiVersion), "kind": .string(kind),
            "metadata": [
                "name": "x", "namespace": "n",
                "labels": ["app": "web", "pod-template-hash": "abc", "tier": "front"],
                "annotations": ["app": "web"],
            ],
        ])
        if isOwned {
            item[path: "metadata", "ownerReferences"] = [
                ["apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": "u", "controller": true]
            ]
        }
        let outcome = try await MetadataChange(rules: rules).outcome(item)
        #expect(
            outcome.item?.labels == ["app": "web", "pod-template-hash": "abc", "tier": "front", "stage": "test"])
        #expect(outcome.warnings.isEmpty)
        let annotations = try MetadataRules(.annotations, renaming: ["app": "name"])
        #expect(try await MetadataChange(rules: annotations).restored(item).annotations == ["name": "web"])
    }

    @Test func theLastOneTakesTheMapWithIt() async throws {
        let rules = try MetadataRules(.labels, dropping: ["*"])
        #expect(try await labels(["a": "1"], rules).0 == nil)
        let set = try MetadataRules(.annotations, setting: ["a": "any, value = at all"])
        let bare = KubernetesObject(["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c"]])
        #expect(try await MetadataChange(rules: set).restored(bare).annotations == ["a": "any, value = at all"])
    }

    @Test func templatesAndSelectorsStay() async throws {
        let rules = try MetadataRules(.labels, dropping: ["*"])
        let deployment = try Samples.named("deployment")
        let restored = try await MetadataChange(rules: rules).restored(deployment)
        #expect(restored["spec"] == deployment["spec"] && restored[path: "metadata", "labels"] == nil)
    }

    /// What is asked for, and what is said about it.
    struct Mistake: Sendable {
        var field = MetadataRules.Field.labels
        var dropping: [String] = []
        var renaming: [String: String] = [:]
        var setting: [String: String] = [:]
        let message: String
    }

    @Test(arguments: [
        Mistake(
            dropping: ["a["],
            message:
                "'a[' is not a rule for labels: '[' needs a character list and a closing ']', such as [abc] or [a-z]"),
        Mistake(
            setting: ["a b": "c"],
            message:
                "'a b=c' is not a rule for labels: 'a b' is no key: only letters, digits, '-', '_' and '.' are allowed"),
        Mistake(setting: ["a/": "c"], message: "'a/=c' is not a rule for labels: 'a/' is no key: its name is empty"),
        Mistake(
            setting: ["-a": "c"],
            message: "'-a=c' is not a rule for labels: '-a' is no key: it must begin and end with a letter or digit"),
        Mistake(
            setting: ["A.com/a": "c"],
            message:
                "'A.com/a=c' is not a rule for labels: 'A.com/a' is no key: before the '/', only lower-case letters, "
                + "digits, '-' and '.' are allowed"),
        Mistake(
            setting: ["a": "b c"],
            message:
                "'a=b c' is not a rule for labels: 'b c' is no value of a label: only letters, digits, '-', '_' and "
                + "'.' are allowed"),
        Mistake(
            setting: ["a": String(repeating: "x", count: 64)],
            message: "'a=\(String(repeating: "x", count: 64))' is not a rule for labels: "
                + "'\(String(repeating: "x", count: 64))' is no value of a label: it is longer than 63 characters"),
        Mistake(
            field: .annotations, renaming: ["a": "c", "b": "c"],
            message: "'a=c' is not a rule for annotations: another one gets the same name"),
        Mistake(
            renaming: ["a": "c"], setting: ["c": "1"], message: "'a=c' is not a rule for labels: 'c' is also set"),
    ])
    func isRefused(_ mistake: Mistake) {
        let error = #expect(throws: MetadataRuleError.self) {
            try MetadataRules(
                mistake.field, dropping: mistake.dropping, renaming: mistake.renaming, setting: mistake.setting)
        }
        #expect(error?.description == mistake.message)
    }
}
