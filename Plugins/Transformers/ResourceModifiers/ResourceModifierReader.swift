import Foundation
import GodwitModel

/// Reads rules of a version v1 document. Fields and meanings are Velero's (docs, "Restore Resource Modifiers").
enum ResourceModifierReader {
    static func rules(_ document: JSONValue) throws(ResourceModifierError) -> [ResourceModifierRule] {
        guard document.object != nil else { throw ResourceModifierError(.malformed, "it is not an object") }
        let root = ModifierField(value: document, rule: nil, path: "")
        _ = try root.members(["version", "resourceModifierRules"])
        let version = try root.optional("version")?.text() ?? ""
        guard version.lowercased() == "v1" else {
            throw root.child("version", .null).fault(.unsupportedVersion, "'\(version)' is not a known version")
        }
        let elements = try root.optionalElements("resourceModifierRules")
        guard !elements.isEmpty else {
            throw root.child("resourceModifierRules", .null).fault(.noRules, "there are no rules")
        }
        var rules: [ResourceModifierRule] = []
        for (index, element) in elements.enumerated() {
            rules.append(try rule(ModifierField(value: element.value, rule: index + 1, path: "")))
        }
        return rules
    }

    private static func rule(_ field: ModifierField) throws(ResourceModifierError) -> ResourceModifierRule {
        _ = try field.members(["conditions", "patches", "mergePatches", "strategicPatches"])
        let conditions = try conditions(field.optional("conditions") ?? field.child("conditions", .object([:])))
        let patches = try field.optionalElements("patches")
        let merges = try field.optionalElements("mergePatches")
        let strategics = try field.optionalElements("strategicPatches")
        let kinds = [patches, merges, strategics].filter { !$0.isEmpty }.count
        guard kinds == 1 else {
            throw field.fault(.patchKinds, kinds == 0 ? "it has no patch" : "it has several kinds of patches")
        }
        let change: ResourceModifierChange
        if !merges.isEmpty {
            change = .mergePatches(try patchData(merges))
        } else if !strategics.isEmpty {
            change = .strategicPatches(try patchData(strategics))
        } else {
            change = .jsonPatch(try jsonPatch(patches))
        }
        return ResourceModifierRule(conditions: conditions, change: change)
    }

    private static func conditions(
        _ field: ModifierField
    ) throws(ResourceModifierError) -> ResourceModifierConditions {
        _ = try field.members(["groupResource", "resourceNameRegex", "namespaces", "labelSelector", "matches"])
        let groupResources = try groupResources(field)
        return ResourceModifierConditions(
            groupResources: groupResources, resourceNameRegex: try nameRegex(field), namespaces: try namespaces(field),
            labelSelector: try labelSelector(field), matches: try matches(field),
            groups: try groupResources.map { name throws(ResourceModifierError) in try group(of: name, field) })
    }

    /// The alternatives of `groupResource`, one where it has no braces.
    private static func groupResources(_ field: ModifierField) throws(ResourceModifierError) -> [String] {
        let text = try field.requiredText("groupResource")
        let field = field.child("groupResource", .null)
        let alternatives: [String]
        do {
            alternatives = try GlobAlternatives.expand(text)
        } catch {
            throw field.fault(.invalidValue, "\(error)")
        }
        let wide = alternatives.count { GroupResource(parsing: $0).resource == "*" }
        guard wide == 0 || wide == alternatives.count else {
            throw field.fault(
                .invalidValue,
                "'\(text)' mixes all resources of a group ('*') with single ones; write a rule for each")
        }
        return alternatives
    }

    /// The group's pattern. Velero's `*` does not cross a dot: `*` alone means the core group.
    private static func group(
        of groupResource: String, _ field: ModifierField
    ) throws(ResourceModifierError) -> Glob {
        do {
            _ = try Glob(groupResource)
            return try Glob(GroupResource(parsing: groupResource).group)
        } catch {
            throw field.child("groupResource", .null).fault(.invalidValue, "\(error)")
        }
    }

    private static func nameRegex(_ field: ModifierField) throws(ResourceModifierError) -> NSRegularExpression? {
        guard let member = field.optional("resourceNameRegex") else { return nil }
        let pattern = try member.text()
        guard !pattern.isEmpty else { return nil }
        let translated: String
        do {
            translated = try RE2Pattern.translated(pattern)
        } catch {
            throw member.fault(.invalidValue, error.description)
        }
        do {
            return try NSRegularExpression(pattern: translated)
        } catch {
            throw member.fault(.invalidValue, "'\(pattern)' is not a regular expression")
        }
    }

    private static func namespaces(_ field: ModifierField) throws(ResourceModifierError) -> IncludesExcludes {
        var names: [String] = []
        for element in try field.optionalElements("namespaces") { names.append(try element.text()) }
        do {
            return try IncludesExcludes(includes: names, excludes: [])
        } catch {
            throw field.child("namespaces", .null).fault(.invalidValue, "\(error)")
        }
    }

    private static func labelSelector(_ field: ModifierField) throws(ResourceModifierError) -> LabelSelector? {
        guard let member = field.optional("labelSelector") else { return nil }
        _ = try member.members(["matchLabels", "matchExpressions"])
        for expression in try member.optionalElements("matchExpressions") {
            _ = try expression.members(["key", "operator", "values"])
        }
        // YAML makes a number of a label value that looks like one; Velero takes it as the text it is.
        var json = member.value
        if let labels = member.optional("matchLabels") {
            guard let pairs = labels.value.object else { throw labels.fault(.invalidValue, "it is not an object") }
            var texts: [String: JSONValue] = [:]
            for (key, value) in pairs { texts[key] = .string(try labels.child(key, value).text()) }
            json["matchLabels"] = .object(texts)
        }
        do {
            return try LabelSelector(json: json)
        } catch {
            throw member.fault(.invalidValue, error.reason)
        }
    }

    private static func matches(_ field: ModifierField) throws(ResourceModifierError) -> [ResourceModifierMatch] {
        var matches: [ResourceModifierMatch] = []
        for element in try field.optionalElements("matches") {
            _ = try element.members(["path", "value"])
            let value = PatchValue.parse(try element.optional("value")?.text() ?? "")
            matches.append(ResourceModifierMatch(path: try pointer(element, "path"), value: value))
        }
        return matches
    }

    private static func patchData(_ patches: [ModifierField]) throws(ResourceModifierError) -> [JSONValue] {
        var values: [JSONValue] = []
        for patch in patches {
            _ = try patch.members(["patchData"])
            let text = try patch.requiredText("patchData")
            let field = patch.child("patchData", .null)
            do throws(YAMLDocumentError) {
                let value = try YAMLDocument.parse(text)
                guard value.object != nil else { throw YAMLDocumentError(reason: "it is not an object") }
                values.append(value)
            } catch {
                throw field.fault(.invalidValue, error.reason)
            }
        }
        return values
    }

    private static func jsonPatch(_ patches: [ModifierField]) throws(ResourceModifierError) -> JSONPatch {
        var operations: [JSONPatch.Operation] = []
        for patch in patches {
            _ = try patch.members(["operation", "from", "path", "value"])
            let path = try pointer(patch, "path")
            let value = PatchValue.parse(try patch.optional("value")?.text() ?? "")
            switch try patch.requiredText("operation").lowercased() {
            case "add": operations.append(.add(path, value))
            case "remove": operations.append(.remove(path))
            case "replace": operations.append(.replace(path, value))
            case "test": operations.append(.test(path, value))
            case "move": operations.append(.move(from: try pointer(patch, "from"), to: path))
            case "copy": operations.append(.copy(from: try pointer(patch, "from"), to: path))
            case let other:
                throw patch.child("operation", .null).fault(
                    .invalidValue, "'\(other)' is not add, remove, replace, move, copy or test")
            }
        }
        return JSONPatch(operations)
    }

    private static func pointer(_ field: ModifierField, _ key: String) throws(ResourceModifierError) -> JSONPointer {
        let text = try field.requiredText(key)
        do {
            return try JSONPointer(parsing: text)
        } catch {
            throw field.child(key, .null).fault(.invalidValue, error.detail)
        }
    }
}
