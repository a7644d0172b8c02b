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

    private static let settings = ItemIdentity(
        resource: GroupResource(resource: "configmaps"), namespace: "shop", name: "settings")

    /// What was there when the backup began is in it, whatever becomes of it while the operations go on.
    @Test func whatIsGoneAfterwardsIsInTheBackupAsItWas() async throws {
        let source = SourceFake.shop()
        configMap(source, "before")
        let action = Copying([Self.settings]) {
            source.resources.withLock { $0[Self.settings.resource]?.objects.removeAll() }
            return OperationProgress(isCompleted: true)
        }
        let store = MemoryObjectStore()
        let report = try await run(source, action, to: store)
        #expect(report.backup.status.phase == .completed, "\(report.results)")
        #expect("\(report.results.warnings)".contains("as it was before them"), "\(report.results)")
        let found = try await contents(in: store).filter { $0.entry.identity == Self.settings }
        #expect(found.count == 1 && found.first?.text.contains("before") == true, "\(found)")
    }

    /// Looks at ConfigMaps, and does what a test wants.
    private struct Asking: OperatingBackupItemAction {
        let name = "test.io/asking"
        let appliesTo = ResourceSelector(includedResources: ["configmaps", "secrets"])
        let body: @Sendable (KubernetesObject, Backup) throws -> OperatingBackupItemOutcome

        func begin(_ item: KubernetesObject, backup: Backup) async throws -> OperatingBackupItemOutcome {
            try body(item, backup)
        }

        func progress(of operation: String, backup: Backup) async throws -> OperationProgress {
            OperationProgress(isCompleted: true)
        }

        func cancel(_ operation: String, backup: Backup) async throws {}
    }

    private func run(_ source: SourceFake, _ action: Asking, to store: MemoryObjectStore) async throws -> BackupReport {
        var backup = Backup(name: "b")
        backup.spec.filter.namespaces.included = ["shop"]
        backup.spec.filter.resources.included = ["configmaps"]
        let prepared = try await BackupPlanner(BackupRequest(backup: backup, cluster: source, actions: [action]))
            .prepare()
        return try await BackupRunner(catalog: BackupCatalog(store: store)).run(prepared) { _ in }
    }

    @Test func anItemOnWhichAnActionFailsTheSecondTimeStaysAsItWas() async throws {
        let source = SourceFake.shop()
        configMap(source, "before")
        let action = Asking { item, backup in
            if backup.status.phase == .finalizing { throw ProgramFailed(status: 1) }
            return OperatingBackupItemOutcome(
                BackupItemOutcome(), operation: "o", postOperationItems: [Self.settings])
        }
        let store = MemoryObjectStore()
        let report = try await run(source, action, to: store)
        #expect(report.backup.status.phase == .partiallyFailed, "\(report.results)")
        let found = try await contents(in: store).filter { $0.entry.identity == Self.settings }
        #expect(found.count == 1 && found.first?.text.contains("before") == true, "\(found)")
    }

    private static func hidden(_ source: SourceFake) -> ItemIdentity {
        source.add("secrets", "vault", "hidden")
        return ItemIdentity(resource: GroupResource(resource: "secrets"), namespace: "vault", name: "hidden")
    }

    /// What an action names when the operations have ended is in, also when the action then wants to begin another one.
    @Test func whatIsFirstNamedAtTheEndIsIn() async throws {
        let source = SourceFake.shop()
        configMap(source, "before")
        let hidden = Self.hidden(source)
        let action = Asking { item, backup in
            let named = item.kind == "Secret" ? hidden : Self.settings
            return OperatingBackupItemOutcome(
                BackupItemOutcome(additionalItems: backup.status.phase == .finalizing ? [hidden] : []),
                operation: "o", postOperationItems: [named])
        }
        let store = MemoryObjectStore()
        _ = try await run(source, action, to: store)
        #expect(try await identities(in: store).contains("secrets/vault/hidden"))
    }

    /// An action insists on items by an annotation, which is not for the backup.
    @Test(arguments: ["true", "false", nil]) func anActionMayInsist(_ value: String?) async throws {
        let source = SourceFake.shop()
        configMap(source, "before")
        let hidden = Self.hidden(source)
        let annotation = "backup.velero.io/must-include-additional-items"
        let action = Asking { item, _ in
            guard item.name == "settings" else { return OperatingBackupItemOutcome(BackupItemOutcome()) }
            var item = item
            item.annotations["seen"] = "once"
            item.annotations[annotation] = value
            return OperatingBackupItemOutcome(BackupItemOutcome(item: item, additionalItems: [hidden]))
        }
        let store = MemoryObjectStore()
        let report = try await run(source, action, to: store)
        #expect(report.backup.status.phase == .completed, "\(report.results)")
        #expect(try await identities(in: store).contains("secrets/vault/hidden") == (value == "true"))
        let found = try await contents(in: store).first { $0.entry.identity == Self.settings }
        #expect(found?.text.contains("once") == true && found?.text.contains("must-include") == false, "\(found)")
    }
}
