public import GodwitModel
public import GodwitPluginAPI

/// What ``BackupItemAction`` promises, as a suite that any implementation must pass, in process or in a program.
public enum BackupItemActionContract {
    /// The checks of an action.
    ///
    /// - Parameter item: an item that the action is for; nil lets the suite make one up from its selector.
    public static func checks(
        _ action: any BackupItemAction, item: KubernetesObject? = nil
    ) -> [ActionContractCheck] {
        let sample = item ?? SampleItems.item(for: action.appliesTo)
        let look: ActionSuite.Look = { object in
            let outcome = try await action.execute(object, backup: SampleItems.backup)
            return (outcome.item, outcome.additionalItems)
        }
        var checks = ActionSuite(name: action.name, selector: action.appliesTo, item: sample, look: look).checks
        checks.append(
            ActionContractCheck("items.identity", "An item that goes into a backup keeps its name and kind.") {
                guard let changed = try await look(sample).item else { return }
                try require(
                    changed.name == sample.name && changed.namespace == sample.namespace && changed.kind == sample.kind
                        && changed.apiVersion == sample.apiVersion, "it became \(changed.kind) '\(changed.name)'")
            })
        if let action = action as? any OperatingBackupItemAction {
            checks += ActionSuite.operationChecks { id in
                try await action.progress(of: id, backup: SampleItems.backup)
            }
        }
        return checks
    }
}

/// What ``RestoreItemAction`` promises, as a suite that any implementation must pass, in process or in a program.
public enum RestoreItemActionContract {
    /// The checks of an action.
    ///
    /// - Parameter item: an item that the action is for; nil lets the suite make one up from its selector.
    public static func checks(
        _ action: any RestoreItemAction, item: KubernetesObject? = nil
    ) -> [ActionContractCheck] {
        let sample = item ?? SampleItems.item(for: action.appliesTo)
        let suite = ActionSuite(name: action.name, selector: action.appliesTo, item: sample) { object in
            switch try await action.execute(object, original: object, context: SampleItems.Context()) {
            case .skip: (nil, [])
            case .restore(let changed, let items, _): (changed, items)
            }
        }
        guard let action = action as? any OperatingRestoreItemAction else { return suite.checks }
        return suite.checks
            + ActionSuite.operationChecks { id in
                try await action.progress(of: id, restore: SampleItems.Context().restore)
            }
    }
}

/// What ``DeleteItemAction`` and ``ItemBlockAction`` promise.
public enum OtherItemActionContract {
    /// The checks of a delete item action. It is given items that belong to nothing, so it has nothing to clean up.
    public static func checks(_ action: any DeleteItemAction, item: KubernetesObject? = nil) -> [ActionContractCheck] {
        let sample = item ?? SampleItems.item(for: action.appliesTo)
        return ActionSuite(name: action.name, selector: action.appliesTo, item: sample) { object in
            try await action.execute(object, backup: SampleItems.backup)
            return (nil, [])
        }.checks
    }

    /// The checks of an item block action.
    public static func checks(_ action: any ItemBlockAction, item: KubernetesObject? = nil) -> [ActionContractCheck] {
        let sample = item ?? SampleItems.item(for: action.appliesTo)
        return ActionSuite(name: action.name, selector: action.appliesTo, item: sample) { object in
            (nil, try await action.relatedItems(of: object, backup: SampleItems.backup))
        }.checks
    }
}
