import GodwitModel
import PodRequirements
import Testing

@Suite struct PodRequirementsTests {
    private func cleaned(_ sample: String, _ rules: PodRequirementRules) async throws -> KubernetesObject {
        try await PodRequirements(rules: rules).restored(try Samples.named(sample))
    }

    @Test(arguments: [("pod", ["spec"]), ("deployment", ["spec", "template", "spec"])])
    func nodeSelectorsGoByKey(sample: String, path: [String]) async throws {
        let rules = try PodRequirementRules(nodeLabels: ["disktype"])
        let spec = try #require(try await cleaned(sample, rules).value[path: path[...]])
        #expect(spec["nodeSelector"] == ["example.com/pool": "web"])
        let required = spec[
            path: "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]
        #expect(required == [["matchExpressions": [["key": "zone", "operator": "In", "values": ["a"]]]]])
        // A preference without expressions asks for nothing.
        #expect(spec[path: "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"] == nil)
        #expect(spec[path: "affinity", "podAntiAffinity"] != nil)
    }

    @Test(arguments: ["openshift.io/node-selector", "scheduler.alpha.kubernetes.io/node-selector"])
    func aNamespaceNoLongerAsksForItsPods(annotation: String) async throws {
        func selector(_ text: String, without patterns: [String]) async throws -> JSONValue? {
            let namespace = KubernetesObject([
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": "shop", "annotations": [annotation: .string(text)]],
            ])
            let restored = try await PodRequirements(rules: try PodRequirementRules(nodeLabels: patterns))
                .restored(namespace)
            return restored[path: "metadata", "annotations"]
        }
        let both = "disktype=ssd,example.com/pool=web"
        #expect(try await selector(both, without: ["disktype"]) == [annotation: "example.com/pool=web"])
        #expect(
            try await selector("a=b, disktype = ssd ,c=", without: ["disktype"]) == [annotation: "a=b,c="])
        #expect(try await selector(both, without: ["*"]) == nil)
        #expect(try await selector(both, without: ["other"]) == [annotation: .string(both)])
        // It keeps the cluster's default away.
        #expect(try await selector("", without: ["*"]) == [annotation: ""])
        #expect(try await selector(both, without: []) == [annotation: .string(both)])
    }

    @Test func otherAnnotationsOfANamespaceStay() async throws {
        let namespace = KubernetesObject([
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": ["name": "shop", "annotations": ["openshift.io/node-selector": "a=b", "mine": "c=d"]],
        ])
        let rules = try PodRequirementRules(nodeLabels: ["*"])
        #expect(try await PodRequirements(rules: rules).restored(namespace).annotations == ["mine": "c=d"])
    }

    @Test func everythingThatAsksForNodesGoes() async throws {
        let spec = try await cleaned("cronjob", try PodRequirementRules(nodeLabels: ["*"]))[
            path: "spec", "jobTemplate", "spec", "template", "spec"]
        #expect(spec?["nodeSelector"] == nil)
        #expect(spec?[path: "affinity", "nodeAffinity"] == nil)
        #expect(spec?[path: "affinity", "podAntiAffinity"] != nil)
    }

    @Test func aRequirementThatWouldFitEveryNodeGoes() async throws {
        let pod = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"affinity":{"nodeAffinity":{
            "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
            {"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]},
            {"matchFields":[{"key":"metadata.name","operator":"In","values":["node-1"]}]}]}}}}}
            """)
        let zone = try await PodRequirements(rules: try PodRequirementRules(nodeLabels: ["zone"])).restored(pod)
        #expect(zone["spec"] == [:], "one of two alternatives became true")
        let other = try await PodRequirements(rules: try PodRequirementRules(nodeLabels: ["rack"])).restored(pod)
        #expect(other["spec"] == pod["spec"])
        let field = try await PodRequirements(rules: try PodRequirementRules(nodeLabels: ["metadata.*"])).restored(pod)
        #expect(field["spec"] == [:])
    }

    @Test func tolerationsGoByTaint() async throws {
        let some = try await cleaned("daemonset", try PodRequirementRules(taints: ["dedicated"]))
        #expect(
            some[path: "spec", "template", "spec", "tolerations"]
                == [["key": "node.kubernetes.io/not-ready", "operator": "Exists"]])
        #expect(
            try await cleaned("daemonset", try PodRequirementRules(taints: ["*"]))[
                path: "spec", "template", "spec", "tolerations"] == nil)
        let everything = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"tolerations":[{"operator":"Exists"}]}}
            """)
        for (pattern, isKept) in [("dedicated", true), ("*", false)] {
            let restored = try await PodRequirements(rules: try PodRequirementRules(taints: [pattern]))
                .restored(everything)
            #expect((restored[path: "spec", "tolerations"] != nil) == isKept)
        }
    }

    @Test func aPriorityClassGoesWithWhatCameFromIt() async throws {
        let spec = try await cleaned("statefulset", try PodRequirementRules(priorityClasses: ["hi*"]))[
            path: "spec", "template", "spec"]
        #expect(spec?["priorityClassName"] == nil && spec?["preemptionPolicy"] == nil)
        let other = try await cleaned("statefulset", try PodRequirementRules(priorityClasses: ["low"]))
        #expect(other[path: "spec", "template", "spec", "priorityClassName"] == "high")
    }

    @Test func aServiceAccountGoesUnderBothItsNames() async throws {
        let spec = try await cleaned("pod", try PodRequirementRules(serviceAccounts: ["web"]))["spec"]
        #expect(spec?["serviceAccountName"] == nil && spec?["serviceAccount"] == nil)
        #expect(
            try await cleaned("pod", try PodRequirementRules(serviceAccounts: ["db"]))[path: "spec", "serviceAccount"]
                == "web")
    }

    @Test func aPatternThatIsNoneIsRefused() {
        let error = #expect(throws: GlobError.self) { try PodRequirementRules(taints: ["a["]) }
        #expect(
            error?.description
                == "'a[' is not a pattern: '[' needs a character list and a closing ']', such as [abc] or [a-z]")
    }
}
