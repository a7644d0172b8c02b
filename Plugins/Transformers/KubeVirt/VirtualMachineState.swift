public import GodwitModel
public import GodwitPluginAPI

/// Sets whether restored virtual machines run, and puts back later what they did.
///
/// The choice is the restore's, or else that of its label `velero.kubevirt.io/restore-run-strategy`, with which users of
/// the kubevirt-velero-plugin ask for it. What stood there is kept in the annotation `godwit.io/original-run-strategy`, as
/// a strategy also where it was the older `running`, and the choice in `godwit.io/set-run-strategy`; a later restore, of a
/// backup taken meanwhile, puts it back. A machine that does something else by then stays as it is, with a warning.
///
/// Two more labels of that plugin let a copy run beside the original: `velero.kubevirt.io/clear-mac-address` removes the
/// MAC addresses of all interfaces, `velero.kubevirt.io/generate-new-firmware-uuid` gives machines new firmware UUIDs.
public struct VirtualMachineState: RestoreItemAction {
    /// When a virtual machine runs; KubeVirt's `runStrategy`.
    public enum RunStrategy: String, Sendable, Hashable, CaseIterable {
        /// It runs, and is started again when it stops.
        case always = "Always"
        /// It does not run.
        case halted = "Halted"
        /// It runs when a user starts it.
        case manual = "Manual"
        /// It runs, and is started again when it fails.
        case rerunOnFailure = "RerunOnFailure"
        /// It runs once.
        case once = "Once"
    }

    /// What is done to the run strategy.
    public enum Mode: Sendable, Hashable {
        /// It becomes this one; what it was is kept in the annotation.
        case set(RunStrategy)
        /// What was kept is put back where nobody has changed it since, and the annotations are removed; without one
        /// nothing changes.
        case restoreOriginal
    }

    /// The annotation that keeps the strategy that was replaced.
    public static let originalStrategyAnnotation = "godwit.io/original-run-strategy"
    /// The annotation that keeps the strategy that was set: while it stands there, nobody has changed it since.
    public static let setStrategyAnnotation = "godwit.io/set-run-strategy"

    static let runStrategyLabel = "velero.kubevirt.io/restore-run-strategy"
    static let clearAddressLabel = "velero.kubevirt.io/clear-mac-address"
    static let newFirmwareLabel = "velero.kubevirt.io/generate-new-firmware-uuid"

    /// `godwit.io/virtual-machine-state`
    public let name = "godwit.io/virtual-machine-state"
    /// VirtualMachines and instances that stand alone.
    public let appliesTo = ResourceSelector(includedResources: [
        "virtualmachines.kubevirt.io", "virtualmachineinstances.kubevirt.io",
    ])
    /// What is done to all machines; nil for what the label says, or nothing.
    public let mode: Mode?

    /// Changes run strategies.
    public init(_ mode: Mode? = nil) { self.mode = mode }

    /// Changes the machine's run strategy.
    ///
    /// - Throws: ``RunStrategyError`` when the restore's label holds no strategy.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        var warnings: [String] = []
        let labels = context.restore.labels
        if item.kind == "VirtualMachine", item["spec"]?.object != nil {
            switch try chosen(by: labels) {
            case .set(let strategy): Self.set(strategy, on: &item, original)
            case .restoreOriginal: warnings += Self.restoreOriginal(of: &item, original)
            case nil: break
            }
        }
        if labels[Self.clearAddressLabel] != nil { Self.clearAddresses(of: &item) }
        if labels[Self.newFirmwareLabel] != nil { FirmwareUUID.renew(of: &item, original, context.restore) }
        return .restore(item, warnings: warnings)
    }

    private func chosen(by labels: [String: String]) throws(RunStrategyError) -> Mode? {
        if let mode { return mode }
        guard let text = labels[Self.runStrategyLabel] else { return nil }
        guard let strategy = RunStrategy(rawValue: text) else { throw RunStrategyError(value: text) }
        return .set(strategy)
    }

    private static func set(_ strategy: RunStrategy, on item: inout KubernetesObject, _ original: KubernetesObject) {
        let old = current(of: item)
        change(strategy.rawValue, on: &item)
        guard let old, old != strategy.rawValue else { return }
        // Of several restores in a row the first one knew the original, unless somebody has changed it in between.
        let kept = original.annotations[originalStrategyAnnotation].flatMap(RunStrategy.init)?.rawValue
        item[path: "metadata", "annotations", originalStrategyAnnotation] = .string(
            isStale(original, old) ? old : kept ?? old)
        item[path: "metadata", "annotations", setStrategyAnnotation] = .string(strategy.rawValue)
    }

    /// Whether somebody has changed the strategy since it was set.
    private static func isStale(_ original: KubernetesObject, _ current: String?) -> Bool {
        original.annotations[setStrategyAnnotation].map { $0 != current } ?? false
    }

    /// - Returns: warnings.
    private static func restoreOriginal(
        of item: inout KubernetesObject, _ original: KubernetesObject
    ) -> [String] {
        guard let text = original.annotations[originalStrategyAnnotation] else { return [] }
        guard let strategy = RunStrategy(rawValue: text) else {
            return ["the annotation \(originalStrategyAnnotation) holds '\(text)', which is no run strategy"]
        }
        for annotation in [originalStrategyAnnotation, setStrategyAnnotation] { item.annotations[annotation] = nil }
        let current = current(of: item)
        guard isStale(original, current) else {
            change(strategy.rawValue, on: &item)
            return []
        }
        guard current != strategy.rawValue else { return [] }
        return [
            "its run strategy stays \(current ?? "unset"), because it was changed since \(text) was kept in the annotation "
                + originalStrategyAnnotation
        ]
    }

    /// What a machine does now, as a run strategy; nil when it says nothing.
    private static func current(of machine: KubernetesObject) -> String? {
        if let strategy = machine[path: "spec", "runStrategy"]?.string, !strategy.isEmpty { return strategy }
        return machine[path: "spec", "running"]?.bool.map { ($0 ? RunStrategy.always : .halted).rawValue }
    }

    private static func change(_ strategy: String, on item: inout KubernetesObject) {
        item[path: "spec", "runStrategy"] = .string(strategy)
        // The older form of the same; KubeVirt refuses both together.
        item[path: "spec", "running"] = nil
    }

    private static func clearAddresses(of item: inout KubernetesObject) {
        let spec: ArraySlice<String> = item.kind == "VirtualMachine" ? ["spec", "template", "spec"] : ["spec"]
        let place = spec + ["domain", "devices", "interfaces"]
        guard let interfaces = item.value[path: place]?.array else { return }
        item.value[path: place] = .array(
            interfaces.map { interface in
                guard interface["macAddress"] != nil else { return interface }
                var interface = interface
                interface["macAddress"] = nil
                return interface
            })
    }
}

/// A restore's label asks for a run strategy that is none.
public struct RunStrategyError: AdvisedError, Hashable {
    /// What the label holds.
    public let value: String

    /// Which label.
    public var summary: String {
        "'\(value)', the restore's label \(VirtualMachineState.runStrategyLabel), is no run strategy"
    }
    /// Nothing more is known.
    public var reason: String? { nil }
    /// What to write.
    public var advice: String? {
        "write \(VirtualMachineState.RunStrategy.allCases.map(\.rawValue).joined(separator: ", ")), or use --vm-run-strategy"
    }
}
