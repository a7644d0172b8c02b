import GodwitModel
import GodwitPluginAPI

/// The checks that all kinds of item actions share.
struct ActionSuite: Sendable {
    /// What an action makes of an item, and what it names besides; no item where it changes or restores none.
    typealias Look =
        @Sendable (KubernetesObject) async throws -> (
            item: KubernetesObject?, additionalItems: [ItemIdentity]
        )

    let name: String
    let selector: ResourceSelector
    let item: KubernetesObject
    let look: Look

    var checks: [ActionContractCheck] {
        [
            ActionContractCheck("name.form", "The name is of the form prefix/name, the prefix a DNS subdomain.") {
                if let flaw = PluginName.flaw(of: name) { throw ContractViolation(why: "'\(name)': \(flaw)") }
            },
            ActionContractCheck("selector.form", "The selector holds no empty names.") {
                let all =
                    selector.includedNamespaces + selector.excludedNamespaces + selector.includedResources
                    + selector.excludedResources
                try require(!all.contains(""), "it holds an empty name")
            },
            ActionContractCheck("items.valid", "What it makes of an item is an object with a kind and a name.") {
                let outcome = try await look(item)
                if let changed = outcome.item {
                    try require(
                        !changed.kind.isEmpty && !changed.apiVersion.isEmpty && !changed.name.isEmpty,
                        "it has no kind, apiVersion or name")
                }
                try require(
                    outcome.additionalItems.allSatisfy { !$0.name.isEmpty && !$0.resource.resource.isEmpty },
                    "it names an item without name or resource")
            },
            ActionContractCheck("items.text", "Text of any language, escapes and long values come through unharmed.") {
                let text = "ünï \u{1F426} \\ \" \u{7} \u{2028} " + String(repeating: "x", count: 200_000)
                var object = item
                object.annotations["example.com/contract"] = text
                guard let changed = try await look(object).item else { return }
                guard let kept = changed.annotations["example.com/contract"] else {
                    throw ContractSkip(why: "the action takes annotations away")
                }
                try require(kept == text, "an annotation was changed")
            },
            ActionContractCheck("items.numbers", "Numbers of 64 bits keep their value.") {
                var object = item
                object["contract"] = ["large": 9_007_199_254_740_993, "negative": -9_223_372_036_854_775_807]
                guard let changed = try await look(object).item else { return }
                guard let kept = changed["contract"] else { throw ContractSkip(why: "the action takes fields away") }
                try require(
                    kept["large"]?.integer == 9_007_199_254_740_993
                        && kept["negative"]?.integer == -9_223_372_036_854_775_807, "they became \(kept)")
            },
            ActionContractCheck("items.large", "An item of a MiB is no problem.") {
                var object = item
                object.annotations["example.com/contract"] = String(repeating: "0123456789abcdef", count: 65_536)
                _ = try await look(object)
            },
            ActionContractCheck("items.bare", "An item with nothing but its name fails by itself, or passes.") {
                var object = KubernetesObject([:])
                object["apiVersion"] = .string(item.apiVersion)
                object["kind"] = .string(item.kind)
                object.name = "bare"
                object.namespace = item.namespace
                do {
                    _ = try await look(object)
                } catch {
                    // That is the action's right. It must go on to work.
                }
                _ = try await look(item)
            },
            ActionContractCheck("calls.concurrent", "Many items at once get each its own answer.") {
                try await checkConcurrency()
            },
            ActionContractCheck("calls.again", "The same item gives the same answer again.") {
                let first = try await look(item)
                let second = try await look(item)
                try require(
                    first.item == second.item && first.additionalItems == second.additionalItems, "the answers differ")
            },
            ActionContractCheck("calls.cancelled", "A call that is cancelled ends.") {
                let (look, item) = (look, item)
                let task = Task { try await look(item) }
                task.cancel()
                _ = await task.result
                _ = try await look(item)
            },
        ]
    }

    private func checkConcurrency() async throws {
        let (look, item) = (look, item)
        try await withThrowingTaskGroup(of: (asked: String, answered: String?).self) { group in
            for number in 0..<200 {
                group.addTask {
                    var object = item
                    object.name = "sample-\(number)"
                    return (object.name, try await look(object).item?.name)
                }
            }
            for try await (asked, answered) in group {
                // A restore may rename; two items may not get each other's answers.
                guard let answered else { continue }
                try require(answered.contains(asked), "'\(asked)' became '\(answered)'")
            }
        }
    }

    /// The checks of actions that may begin operations.
    static func operationChecks(
        _ progress: @escaping @Sendable (String) async throws -> OperationProgress
    ) -> [ActionContractCheck] {
        [
            ActionContractCheck("operations.unknown", "The progress of an operation that was never begun is an error.")
            {
                do {
                    let state = try await progress("no-such-operation")
                    try require(state.error != nil, "it is said to be under way, or to have gone well")
                } catch let violation as ContractViolation {
                    throw violation
                } catch {
                    // As it should be.
                }
            }
        ]
    }
}
