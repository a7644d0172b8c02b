import GodwitModel
import GodwitPluginAPI
import Synchronization

@testable import GodwitEngine

final class Found: Sendable {
    private let found = Mutex<[String: ObjectDifference.Kind]>([:])
    func add(_ difference: ObjectDifference) { found.withLock { $0[difference.item.description] = difference.kind } }
    var all: [String: ObjectDifference.Kind] { found.withLock { $0 } }
}

final class Counter: Sendable {
    private let count = Mutex(0)
    func add() { count.withLock { $0 += 1 } }
    var all: Int { count.withLock { $0 } }
}

struct CountingDeleteAction: DeleteItemAction {
    let name = "test.io/counting"
    let appliesTo = ResourceSelector(includedResources: ["secrets"])
    let seen = Counter()
    var fails = false

    func execute(_ item: KubernetesObject, backup: Backup) async throws {
        seen.add()
        if fails { throw ProgramFailed(status: 1) }
    }
}
