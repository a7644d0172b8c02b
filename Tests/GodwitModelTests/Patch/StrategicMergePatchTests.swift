import GodwitModel
import GodwitTestKit
import Testing

@Suite struct StrategicMergePatchTests {
    private func merged(_ patch: String, _ object: String, _ kind: String = "Pod") throws -> JSONValue {
        try StrategicMergePatch.apply(json(patch), to: json(object), kind: kind)
    }

    @Test func matchesContainersByName() throws {
        let result = try merged(
            #"{"spec":{"containers":[{"name":"web","image":"w:2"},{"name":"log","image":"l:1"}]}}"#,
            #"{"spec":{"containers":[{"name":"db","image":"d:1"},{"name":"web","image":"w:1","args":["x"]}]}}"#)
        #expect(
            try result
                == json(
                    #"{"spec":{"containers":[{"name":"db","image":"d:1"},{"name":"web","image":"w:2","args":["x"]},{"name":"log","image":"l:1"}]}}"#
                ))
    }

    @Test func reachesNestedListsThroughTheTemplates() throws {
        for (kind, head, tail) in [
            ("Deployment", #"{"spec":{"template":{"spec":"#, "}}}"),
            ("CronJob", #"{"spec":{"jobTemplate":{"spec":{"template":{"spec":"#, "}}}}}"),
            ("PodTemplate", #"{"template":{"spec":"#, "}}"),
        ] {
            let object =
                #"{"initContainers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}],"ports":[{"containerPort":80}]}]}"#
            let patch =
                #"{"initContainers":[{"name":"a","env":[{"name":"Y","value":"3"}],"ports":[{"containerPort":80,"name":"http"}]}]}"#
            let wanted =
                #"{"initContainers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"3"}],"ports":[{"containerPort":80,"name":"http"}]}]}"#
            #expect(try merged(head + patch + tail, head + object + tail, kind) == json(head + wanted + tail))
        }
    }

    /// patch, object, kind, result (nil: refused)
    static let cases: [(String, String, String, String?)] = [
        // Deleting and replacing elements.
        (
            #"{"spec":{"containers":[{"$patch":"delete","name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#, "Pod", #"{"spec":{"containers":[{"name":"a"}]}}"#
        ),
        (
            #"{"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#, "Pod", #"{"spec":{"containers":[{"name":"c"}]}}"#
        ),
        (#"{"spec":{"containers":[{"$patch":"merge","name":"b"}]}}"#, #"{"spec":{"containers":[]}}"#, "Pod", nil),
        (#"{"spec":{"containers":[{"image":"x"}]}}"#, #"{"spec":{"containers":[{"name":"a"}]}}"#, "Pod", nil),
        (#"{"spec":{"containers":["x"]}}"#, #"{"spec":{"containers":[{"name":"a"}]}}"#, "Pod", nil),
        // Deleting what is not there leaves nothing.
        (
            #"{"spec":{"volumes":[{"$patch":"delete","name":"v"}]}}"#, #"{"spec":{}}"#, "Pod",
            #"{"spec":{"volumes":[]}}"#
        ),
        // Objects.
        (
            #"{"metadata":{"labels":{"$patch":"replace","a":"1"}}}"#, #"{"metadata":{"labels":{"b":"2"}}}"#, "Pod",
            #"{"metadata":{"labels":{"a":"1"}}}"#
        ),
        (
            #"{"metadata":{"labels":{"$patch":"delete"}}}"#, #"{"metadata":{"labels":{"b":"2"}}}"#, "Pod",
            #"{"metadata":{"labels":{}}}"#
        ),
        (#"{"metadata":{"labels":{"$patch":"smash"}}}"#, #"{"metadata":{"labels":{"b":"2"}}}"#, "Pod", nil),
        (
            #"{"metadata":{"labels":{"b":null,"c":"3"}}}"#, #"{"metadata":{"labels":{"b":"2"}}}"#, "Pod",
            #"{"metadata":{"labels":{"c":"3"}}}"#
        ),
        (#"{"data":{"a":{"x":null,"y":1}}}"#, "{}", "ConfigMap", #"{"data":{"a":{"y":1}}}"#),
        // Kept members.
        (
            #"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#,
            #"{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#, "Deployment",
            #"{"spec":{"strategy":{"type":"Recreate"}}}"#
        ),
        (#"{"spec":{"strategy":{"$retainKeys":["type"],"x":1}}}"#, #"{"spec":{"strategy":{}}}"#, "Deployment", nil),
        (#"{"spec":{"strategy":{"$retainKeys":"type"}}}"#, #"{"spec":{"strategy":{}}}"#, "Deployment", nil),
        (
            #"{"spec":{"volumes":[{"$retainKeys":["name","emptyDir"],"name":"v","emptyDir":{}}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}}"#, "Pod",
            #"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#
        ),
        // Sets of strings.
        (
            #"{"metadata":{"finalizers":["b","c"]}}"#, #"{"metadata":{"finalizers":["a","b"]}}"#, "Pod",
            #"{"metadata":{"finalizers":["a","b","c"]}}"#
        ),
        (
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"#, #"{"metadata":{"finalizers":["a","b"]}}"#,
            "Pod", #"{"metadata":{"finalizers":["b"]}}"#
        ),
        (#"{"metadata":{"$deleteFromPrimitiveList/finalizers":"a"}}"#, "{}", "Pod", nil),
        // Order.
        (
            #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b","image":"2"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#, "Pod",
            #"{"spec":{"containers":[{"name":"b","image":"2"},{"name":"a"}]}}"#
        ),
        (
            #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"x"},{"name":"b"}]}}"#, "Pod",
            #"{"spec":{"containers":[{"name":"x"},{"name":"b"},{"name":"a"}]}}"#
        ),
        (
            #"{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"}]}}"#, "Pod", nil
        ),
        (
            #"{"metadata":{"$setElementOrder/finalizers":["b","a"]}}"#, #"{"metadata":{"finalizers":["a","b"]}}"#,
            "Pod", #"{"metadata":{"finalizers":["b","a"]}}"#
        ),
        // Lists without a rule are replaced.
        (
            #"{"spec":{"tolerations":[{"key":"b"}]}}"#, #"{"spec":{"tolerations":[{"key":"a"}]}}"#, "Pod",
            #"{"spec":{"tolerations":[{"key":"b"}]}}"#
        ),
        (
            #"{"rules":[{"verbs":["get"]}]}"#, #"{"rules":[{"verbs":["list"]},{}]}"#, "Role",
            #"{"rules":[{"verbs":["get"]}]}"#
        ),
        (
            #"{"imagePullSecrets":[{"name":"b"}]}"#, #"{"imagePullSecrets":[{"name":"a"}]}"#, "ServiceAccount",
            #"{"imagePullSecrets":[{"name":"b"}]}"#
        ),
        (
            #"{"secrets":[{"name":"b"}]}"#, #"{"secrets":[{"name":"a"}]}"#, "ServiceAccount",
            #"{"secrets":[{"name":"a"},{"name":"b"}]}"#
        ),
        (
            #"{"spec":{"ports":[{"port":80,"nodePort":null}]}}"#,
            #"{"spec":{"ports":[{"port":80,"nodePort":3},{"port":81}]}}"#, "Service",
            #"{"spec":{"ports":[{"port":80},{"port":81}]}}"#
        ),
        (
            #"{"spec":{"selector":{"matchLabels":{"b":"2"}}}}"#, #"{"spec":{"selector":{"matchLabels":{"a":"1"}}}}"#,
            "PodDisruptionBudget", #"{"spec":{"selector":{"matchLabels":{"b":"2"}}}}"#
        ),
        (
            #"{"webhooks":[{"name":"x","failurePolicy":"Ignore"}]}"#, #"{"webhooks":[{"name":"x","rules":[]}]}"#,
            "ValidatingWebhookConfiguration", #"{"webhooks":[{"name":"x","rules":[],"failurePolicy":"Ignore"}]}"#
        ),
        // Not Kubernetes' own, not objects.
        ("{}", "{}", "Widget", nil), ("[]", "{}", "Pod", nil), ("{}", "[]", "Pod", nil),
        // A type that changes.
        (#"{"data":{"a":[1]}}"#, #"{"data":{"a":"1"}}"#, "ConfigMap", #"{"data":{"a":[1]}}"#),
    ]

    @Test(arguments: cases) func follows(patch: String, object: String, kind: String, expected: String?) throws {
        let result = Result { try merged(patch, object, kind) }
        if let expected {
            #expect(try result.get() == json(expected))
        } else {
            #expect(throws: StrategicMergePatchError.self) { try result.get() }
        }
    }

    @Test func withoutListsItIsAMergePatch() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let object: JSONValue = ["data": JSONValue.randomObject(&generator, depth: 0, nulls: false)]
            let patch: JSONValue = ["data": JSONValue.randomObject(&generator, depth: 0)]
            let result = try StrategicMergePatch.apply(patch, to: object, kind: "ConfigMap")
            #expect(result == JSONMergePatch.apply(patch, to: object))
        }
    }
}
