import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Synchronization
import Testing

@testable import GodwitEngine

/// Operations that actions begin and that go on after the items were read.
@Suite struct BackupOperationTests {
    /// Begins an operation for each ConfigMap, which ends after some questions.
    final class Copying: OperatingBackupItemAction {
        let name = "test.io/copying"
        let appliesTo = ResourceSelector(includedNamespaces: ["shop"], includedResources: ["configmaps"])
        let postOperationItems: [ItemIdentity]
        /// Whether it begins one also when the operations have ended.
        let isInsatiable: Bool
        let state = Mutex<(questions: Int, cancelled: [String], phase: BackupPhase?)>((0, [], nil))
        /// What an operation comes to: nil when it does not come to an end.
        let end: @Sendable () -> OperationProgress?

        init(
            _ postOperationItems: [ItemIdentity] = [], isInsatiable: Bool = false,
            end: @escaping @Sendable () -> OperationProgress?
        ) {
            self.postOperationItems = postOperationItems
            self.isInsatiable = isInsatiable
            self.end = end
        }

        func begin(_ item: KubernetesObject, backup: Backup) async throws -> OperatingBackupItemOutcome {
            state.withLock { $0.phase = backup.status.phase }
            if backup.status.phase == .finalizing, !isInsatiable {
                var item = item
                item.annotations["seen"] = "twice"
                return OperatingBackupItemOutcome(BackupItemOutcome(item: item))
            }
            return OperatingBackupItemOutcome(
                BackupItemOutcome(), operation: "copy-\(item.name)", postOperationItems: postOperationItems)
        }

        func progress(of operation: String, backup: Backup) async throws -> OperationProgress {
            let questions = state.withLock { state in
                state.questions += 1
                return state.questions
            }
            if questions == 2 { throw ProgramFailed(status: 1) }
            guard questions > 2, let end = end() else { return OperationProgress(isCompleted: false) }
            return end
        }

        func cancel(_ operation: String, backup: Backup) async throws {
            state.withLock { $0.cancelled.append(operation) }
        }
    }

    private func run(
        _ source: SourceFake, _ action: Copying, to store: MemoryObjectStore, timeout: Duration = .seconds(60)
    ) async throws -> BackupReport {
        var backup = Backup(name: "b")
        backup.spec.filter.namespaces.included = ["shop"]
        var request = BackupRequest(backup: backup, cluster: source, actions: [action])
        request.operationTimeout = timeout
        let prepared = try await BackupPlanner(request).prepare()
        return try await BackupRunner(catalog: BackupCatalog(store: store)).run(prepared) { _ in }
    }

    private func configMap(_ source: SourceFake, _ text: String) {
        source.resources.withLock { $0[GroupResource(resource: "configmaps")]?.objects.removeAll() }
        source.add("configmaps", "shop", "settings", ["data": ["text": .string(text)]])
    }

    @Test func theBackupWaitsAndReadsAgainWhatTheyChange() async throws {
        let source = SourceFake.shop()
        configMap(source, "before")
        let identity = ItemIdentity(
            resource: GroupResource(resource: "configmaps"), namespace: "shop", name: "settings")
        let action = Copying([identity, identity]) { [self] in
            configMap(source, "after")
            return OperationProgress(isCompleted: true)
        }
        let store = MemoryObjectStore()
        let report = try await run(source, action, to: store)
        #expect(report.backup.status.phase == .completed, "\(report.results)")
        #expect(action.state.withLock { $0.phase } == .finalizing)
        let found = try await contents(in: store).filter { $0.entry.identity == identity }
        #expect(found.count == 1, "it is in the backup once")
        #expect(found.first?.text.contains("after") == true)
        #expect(found.first?.text.contains("twice") == true, "the action has looked at what is in the backup")
    }

    @Test func noOperationIsBegunWhenTheyHaveEnded() async throws {
        let identity = ItemIdentity(
            resource: GroupResource(resource: "configmaps"), namespace: "shop", name: "settings")
        let action = Copying([identity], isInsatiable: true) { OperationProgress(isCompleted: true) }
        let store = MemoryObjectStore()
        let report = try await run(SourceFake.shop(), action, to: store)
        #expect(report.backup.status.phase == .partiallyFailed)
        #expect("\(report.results.errors)".contains("when those of the backup had ended"), "\(report.results)")
        #expect(try await identities(in: store).contains("configmaps/shop/settings"), "the item stays")
    }

    @Test func aFailedOperationIsAnErrorOfItsItem() async throws {
        let store = MemoryObjectStore()
        let action = Copying { OperationProgress(isCompleted: true, error: "out of tape") }
        let report = try await run(SourceFake.shop(), action, to: store)
        #expect(report.backup.status.phase == .partiallyFailed)
        let error = report.results.errors.namespaces["shop"]?.first ?? ""
        #expect(error.contains("test.io/copying") && error.contains("out of tape"), "\(error)")
        #expect(try await identities(in: store).contains("configmaps/shop/settings"), "the item stays")
    }

    @Test func anOperationThatDoesNotEndIsCancelled() async throws {
        let action = Copying { nil }
        let report = try await run(
            SourceFake.shop(), action, to: MemoryObjectStore(), timeout: .milliseconds(700))
        #expect(report.backup.status.phase == .partiallyFailed)
        #expect("\(report.results.errors)".contains("did not end in time and was cancelled"))
        #expect(action.state.withLock { $0.cancelled } == ["copy-settings"])
    }

    @Test func aBackupThatIsInterruptedCancelsThem() async throws {
        let action = Copying { nil }
        let store = MemoryObjectStore()
        let task = Task { try await run(SourceFake.shop(), action, to: store) }
        while action.state.withLock({ $0.questions }) < 3 { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(action.state.withLock { $0.cancelled }.contains("copy-settings"))
    }

    /// An item that stands in the tarball already stays there, and that is told.
    @Test func whatWasWrittenBeforeIsToldOf() async throws {
        let early = ItemIdentity(resource: GroupResource(resource: "pods"), namespace: "shop", name: "web-0")
        let action = Copying([early]) { OperationProgress(isCompleted: true) }
        let store = MemoryObjectStore()
        let report = try await run(SourceFake.shop(), action, to: store)
        #expect(report.backup.status.phase == .completed)
        #expect("\(report.results.warnings)".contains("has changed it since it was read"))
        #expect(try await identities(in: store).filter { $0 == "pods/shop/web-0" }.count == 1)
    }
}
