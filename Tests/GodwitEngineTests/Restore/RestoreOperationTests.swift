import GodwitModel
import GodwitPluginAPI
import Synchronization
import Testing

@testable import GodwitEngine

/// Operations that restore actions begin, and items that wait for others to be ready.
@Suite struct RestoreOperationTests {
    final class Filling: OperatingRestoreItemAction {
        let name = "test.io/filling"
        let appliesTo = ResourceSelector(includedResources: ["configmaps"])
        let readyAfter: Int
        let timeout: Duration?
        let end: OperationProgress
        let state = Mutex<(readiness: Int, questions: Int)>((0, 0))

        init(
            readyAfter: Int = 0, timeout: Duration? = nil, end: OperationProgress = OperationProgress(isCompleted: true)
        ) {
            self.readyAfter = readyAfter
            self.timeout = timeout
            self.end = end
        }

        func begin(
            _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
        ) async throws -> OperatingRestoreItemOutcome {
            OperatingRestoreItemOutcome(
                .restore(item, additionalItems: [Fixture.identity("secrets/default/key")]), operation: "fill",
                waitsForAdditionalItems: true, readinessTimeout: timeout)
        }

        func progress(of operation: String, restore: Restore) async throws -> OperationProgress {
            let questions = state.withLock { state in
                state.questions += 1
                return state.questions
            }
            return questions > 2 ? end : OperationProgress(isCompleted: false)
        }

        func cancel(_ operation: String, restore: Restore) async throws {}

        func areReady(_ items: [ItemIdentity], restore: Restore) async throws -> Bool {
            #expect(items == [Fixture.identity("secrets/default/key")])
            return state.withLock { state in
                state.readiness += 1
                return state.readiness > readyAfter
            }
        }
    }

    private func rig(_ action: Filling) -> RestoreRig {
        var rig = RestoreRig([
            Fixture.object("v1", "Secret", "default", "key"), Fixture.configMap("default", "map"),
        ])
        rig.transformers = [action]
        return rig
    }

    @Test func anItemWaitsForItsAdditionalItems() async throws {
        let action = Filling(readyAfter: 1)
        let result = try await rig(action).run()
        #expect(result.error == nil && result.report.phase == .completed, "\(result.report.results)")
        #expect(result.action("configmaps/default/map") == .created)
        #expect(action.state.withLock { $0.readiness } == 2)
        #expect(action.state.withLock { $0.questions } == 3, "the restore waited for the operation")
    }

    @Test func whatIsNotReadyInTimeIsAWarning() async throws {
        let result = try await rig(Filling(readyAfter: .max, timeout: .zero)).run()
        #expect(result.action("configmaps/default/map") == .created)
        #expect("\(result.report.results.warnings)".contains("were not ready in 0 s"), "\(result.report.results)")
    }

    /// Somebody must wait for what has begun.
    @Test func anOperationIsWaitedForAlsoWhenALaterActionFails() async throws {
        let action = Filling()
        var rig = rig(action)
        rig.transformers.append(Failing())
        let result = try await rig.run()
        #expect(result.report.phase == .partiallyFailed)
        #expect(action.state.withLock { $0.questions } == 3, "the restore waited for the operation")
    }

    struct Failing: RestoreItemAction {
        let name = "test.io/failing"
        let appliesTo = ResourceSelector(includedResources: ["configmaps"])

        func execute(
            _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
        ) async throws -> RestoreItemOutcome { throw Failure() }

        struct Failure: Error {}
    }

    @Test func aFailedOperationIsAnErrorOfItsItem() async throws {
        let result = try await rig(Filling(end: OperationProgress(isCompleted: true, error: "no room"))).run()
        #expect(result.report.phase == .partiallyFailed)
        #expect("\(result.report.results.errors)".contains("failed: no room"))
    }
}
