public import Foundation
public import GodwitModel

/// How far an operation is that an action began and that goes on by itself, such as the copying of a snapshot.
public struct OperationProgress: Sendable, Hashable {
    /// Whether it has come to its end, well or not.
    public var isCompleted: Bool
    /// Why it failed; nil when it did not.
    public var error: String?
    /// How much is done, in ``units``.
    public var completed: Int64
    /// How much there is to do, in ``units``; 0 while unknown.
    public var total: Int64
    /// What is counted, such as `bytes`.
    public var units: String
    /// What is going on, in a few words.
    public var description: String
    /// When it began; nil when nobody knows.
    public var started: Date?
    /// When this was last true; nil when nobody knows.
    public var updated: Date?

    /// Progress.
    public init(
        isCompleted: Bool, error: String? = nil, completed: Int64 = 0, total: Int64 = 0, units: String = "",
        description: String = "", started: Date? = nil, updated: Date? = nil
    ) {
        self.isCompleted = isCompleted
        self.error = error
        self.completed = completed
        self.total = total
        self.units = units
        self.description = description
        self.started = started
        self.updated = updated
    }
}

/// A backup item action that may begin operations which go on after its call has returned (Velero's
/// BackupItemAction v2).
///
/// The backup is complete only when they have ended. One that fails is an error of the item; the item stays in the
/// backup.
public protocol OperatingBackupItemAction: BackupItemAction {
    /// Looks at one item and may begin an operation. Called in the place of ``BackupItemAction/execute(_:backup:)``.
    func begin(_ item: KubernetesObject, backup: Backup) async throws -> OperatingBackupItemOutcome
    /// How far an operation is.
    func progress(of operation: String, backup: Backup) async throws -> OperationProgress
    /// Asks an operation to end early. It has ended when ``progress(of:backup:)`` says so.
    func cancel(_ operation: String, backup: Backup) async throws
}

extension OperatingBackupItemAction {
    /// What ``begin(_:backup:)`` makes of the item.
    public func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        try await begin(item, backup: backup).outcome
    }
}

/// What a backup item action made of an item, and what it began.
public struct OperatingBackupItemOutcome: Sendable, Hashable {
    /// What becomes of the item now.
    public var outcome: BackupItemOutcome
    /// The operation that goes on; nil when none was begun.
    public var operation: String?
    /// Items that are read, and put into the backup, again when the operation has ended, because it changes them.
    public var postOperationItems: [ItemIdentity]

    /// An outcome.
    public init(_ outcome: BackupItemOutcome, operation: String? = nil, postOperationItems: [ItemIdentity] = []) {
        self.outcome = outcome
        self.operation = operation
        self.postOperationItems = postOperationItems
    }
}

/// A restore item action that may begin operations which go on after its call has returned, or want to wait until what
/// it named is ready (Velero's RestoreItemAction v2).
public protocol OperatingRestoreItemAction: RestoreItemAction {
    /// Looks at one item and may begin an operation. Called in the place of
    /// ``RestoreItemAction/execute(_:original:context:)``.
    func begin(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> OperatingRestoreItemOutcome
    /// How far an operation is.
    func progress(of operation: String, restore: Restore) async throws -> OperationProgress
    /// Asks an operation to end early.
    func cancel(_ operation: String, restore: Restore) async throws
    /// Whether additional items that were restored are ready for the item that named them.
    func areReady(_ items: [ItemIdentity], restore: Restore) async throws -> Bool
}

extension OperatingRestoreItemAction {
    /// What ``begin(_:original:context:)`` makes of the item.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        try await begin(item, original: original, context: context).outcome
    }
}

/// What a restore item action made of an item, and what it began.
public struct OperatingRestoreItemOutcome: Sendable, Hashable {
    /// What becomes of the item now.
    public var outcome: RestoreItemOutcome
    /// The operation that goes on; nil when none was begun.
    public var operation: String?
    /// Whether the item waits until ``OperatingRestoreItemAction/areReady(_:restore:)`` says yes to its additional
    /// items.
    public var waitsForAdditionalItems: Bool
    /// How long it waits at most; nil for the restore's resource timeout. Then it is restored all the same.
    public var readinessTimeout: Duration?

    /// An outcome.
    public init(
        _ outcome: RestoreItemOutcome, operation: String? = nil, waitsForAdditionalItems: Bool = false,
        readinessTimeout: Duration? = nil
    ) {
        self.outcome = outcome
        self.operation = operation
        self.waitsForAdditionalItems = waitsForAdditionalItems
        self.readinessTimeout = readinessTimeout
    }
}

/// A backup item action that looks at many items in one call, by their JSON text: what a call costs is shared, and an
/// item that it leaves alone is not decoded.
public protocol BatchBackupItemAction: BackupItemAction {
    /// Looks at some items.
    ///
    /// - Returns: for each item, in their order, what became of it, or why the action failed on it.
    /// - Throws: `CancellationError`.
    func begin(_ items: [Item], backup: Backup) async throws -> [Result<BatchItemOutcome, any Error>]
}

/// What a backup item action made of an item of many.
public struct BatchItemOutcome: Sendable {
    /// The item as it goes into the backup; nil leaves it as it is.
    public var item: Item?
    /// Further items that belong in the backup with this one.
    public var additionalItems: [ItemIdentity]
    /// The operation that goes on; nil when none was begun, which is so for all but ``OperatingBackupItemAction``.
    public var operation: String?
    /// As ``OperatingBackupItemOutcome/postOperationItems``.
    public var postOperationItems: [ItemIdentity]

    /// An outcome; by default nothing changes.
    public init(
        item: Item? = nil, additionalItems: [ItemIdentity] = [], operation: String? = nil,
        postOperationItems: [ItemIdentity] = []
    ) {
        self.item = item
        self.additionalItems = additionalItems
        self.operation = operation
        self.postOperationItems = postOperationItems
    }
}
