import ArgumentParser
import GodwitPluginAPI
import MetadataRules

/// What becomes of labels and annotations.
struct MetadataOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Labels that every object gets: key=value,…", valueName: "labels"))
    var setLabels: [LabelAssignments] = []

    @Option(help: ArgumentHelp("Labels that get another key: old=new,…", valueName: "keys"))
    var renameLabels: [Mapping] = []

    @Option(help: ArgumentHelp("Labels that are left out, by their keys, with wildcards.", valueName: "keys"))
    var dropLabels: [CommaSeparated] = []

    @Option(help: ArgumentHelp("An annotation that every object gets; may be repeated.", valueName: "key=value"))
    var setAnnotations: [AnnotationAssignment] = []

    @Option(help: ArgumentHelp("Annotations that get another key: old=new,…", valueName: "keys"))
    var renameAnnotations: [Mapping] = []

    @Option(help: ArgumentHelp("Annotations that are left out, by their keys, with wildcards.", valueName: "keys"))
    var dropAnnotations: [CommaSeparated] = []

    func validate() throws { _ = try ValidationError.wrapping(transformers) }

    /// Labels first.
    func transformers() throws -> [any RestoreItemAction] {
        let labels = try MetadataRules(
            .labels, dropping: dropLabels.joined, renaming: renameLabels.dictionary(option: "--rename-labels"),
            setting: Self.unique(setLabels.flatMap(\.pairs), option: "--set-labels"))
        let annotations = try MetadataRules(
            .annotations, dropping: dropAnnotations.joined,
            renaming: renameAnnotations.dictionary(option: "--rename-annotations"),
            setting: Self.unique(setAnnotations.map { ($0.key, $0.value) }, option: "--set-annotations"))
        return [labels, annotations].filter { !$0.isEmpty }.map(MetadataChange.init)
    }

    private static func unique(_ pairs: [(key: String, value: String)], option: String) throws -> [String: String] {
        var map: [String: String] = [:]
        for (key, value) in pairs {
            guard map.updateValue(value, forKey: key) == nil else {
                throw ValidationError("\(option): '\(key)' is set twice")
            }
        }
        return map
    }

    /// What was chosen, as it is recorded.
    var record: [String: String] {
        var record = ChangeRecord()
        record.note("set-labels", setLabels.flatMap(\.pairs).map { "\($0.key)=\($0.value)" })
        record.note("rename-labels", renameLabels)
        record.note("drop-labels", dropLabels.joined)
        record.note("set-annotations", setAnnotations.map { "\($0.key)=\($0.value)" })
        record.note("rename-annotations", renameAnnotations)
        record.note("drop-annotations", dropAnnotations.joined)
        return record.values
    }
}
