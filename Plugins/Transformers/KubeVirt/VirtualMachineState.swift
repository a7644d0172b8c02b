public import GodwitModel
public import GodwitPluginAPI

/// Sets whether restored virtual machines run.
///
/// The choice is the restore's, or else that of its label `velero.kubevirt.io/restore-run-strategy`, with which users of
/// the kubevirt-velero-plugin ask for it; another label of theirs, `velero.kubevirt.io/clear-mac-address`, removes the MAC
/// addresses of all interfaces, so that a copy may run beside the original.
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

    static let runStrategyLabel = "velero.kubevirt.io/restore-run-strategy"
    static let clearAddressLabel = "velero.kubevirt.io/clear-mac-address"

    /// `godwit.io/virtual-machine-state`
    public let name = "godwit.io/virtual-machine-state"
    /// VirtualMachines and instances that stand alone.
    public let appliesTo = ResourceSelector(includedResources: [
        "virtualmachines.kubevirt.io", "virtualmachineinstances.kubevirt.io",
    ])
    /// What all machines get; nil for what the label says, or what each had.
    public let runStrategy: RunStrategy?

    /// Sets the run strategy.
    public init(runStrategy: RunStrategy? = nil) { self.runStrategy = runStrategy }

    /// Changes the machine's run strategy.
    ///
    /// - Throws: ``RunStrategyError`` when the restore's label holds no strategy.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        let labels = context.restore.labels
        if item.kind == "VirtualMachine", item["spec"]?.object != nil, let strategy = try chosen(by: labels) {
            item[path: "spec", "runStrategy"] = .string(strategy.rawValue)
            // The older form of the same; KubeVirt refuses both together.
            item[path: "spec", "running"] = nil
        }
        if labels[Self.clearAddressLabel] != nil { Self.clearAddresses(of: &item) }
        return .restore(item)
    }

    private func chosen(by labels: [String: String]) throws(RunStrategyError) -> RunStrategy? {
        if let runStrategy { return runStrategy }
        guard let text = labels[Self.runStrategyLabel] else { return nil }
        guard let strategy = RunStrategy(rawValue: text) else { throw RunStrategyError(value: text) }
        return strategy
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
