/// The CRDs of snapshot.storage.k8s.io/v1, with the schema of their members as the API documents them.
enum SnapshotDefinitions {
    static let yaml = [
        definition(
            "VolumeSnapshot", "volumesnapshots", isNamespaced: true,
            """
            spec:
              type: object
              required: [source]
              properties:
                volumeSnapshotClassName: {type: string}
                source:
                  type: object
                  properties:
                    persistentVolumeClaimName: {type: string}
                    volumeSnapshotContentName: {type: string}
                  oneOf:
                  - required: [persistentVolumeClaimName]
                  - required: [volumeSnapshotContentName]
            status:
              type: object
              properties:
                boundVolumeSnapshotContentName: {type: string}
                creationTime: {type: string, format: date-time}
                readyToUse: {type: boolean}
                restoreSize: {type: string}
                error:
                  type: object
                  properties:
                    message: {type: string}
                    time: {type: string, format: date-time}
            """, required: "spec"),
        definition(
            "VolumeSnapshotContent", "volumesnapshotcontents", isNamespaced: false,
            """
            spec:
              type: object
              required: [deletionPolicy, driver, source, volumeSnapshotRef]
              properties:
                deletionPolicy: {type: string, enum: [Delete, Retain]}
                driver: {type: string}
                sourceVolumeMode: {type: string}
                volumeSnapshotClassName: {type: string}
                source:
                  type: object
                  properties:
                    snapshotHandle: {type: string}
                    volumeHandle: {type: string}
                  oneOf:
                  - required: [snapshotHandle]
                  - required: [volumeHandle]
                volumeSnapshotRef:
                  type: object
                  properties:
                    apiVersion: {type: string}
                    fieldPath: {type: string}
                    kind: {type: string}
                    name: {type: string}
                    namespace: {type: string}
                    resourceVersion: {type: string}
                    uid: {type: string}
            status:
              type: object
              properties:
                creationTime: {type: integer, format: int64}
                readyToUse: {type: boolean}
                restoreSize: {type: integer, format: int64, minimum: 0}
                snapshotHandle: {type: string}
                error:
                  type: object
                  properties:
                    message: {type: string}
                    time: {type: string, format: date-time}
            """, required: "spec"),
        definition(
            "VolumeSnapshotClass", "volumesnapshotclasses", isNamespaced: false,
            """
            deletionPolicy: {type: string, enum: [Delete, Retain]}
            driver: {type: string}
            parameters: {type: object, additionalProperties: {type: string}}
            """, required: "deletionPolicy, driver"),
    ].joined(separator: "---\n")

    static let names = ["volumesnapshots", "volumesnapshotcontents", "volumesnapshotclasses"].map {
        "\($0).snapshot.storage.k8s.io"
    }

    private static func definition(
        _ kind: String, _ plural: String, isNamespaced: Bool, _ properties: String, required: String
    ) -> String {
        let indented = properties.split(separator: "\n").map { "            \($0)" }.joined(separator: "\n")
        let subresources = kind == "VolumeSnapshotClass" ? "" : "\n    subresources: {status: {}}"
        return """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: \(plural).snapshot.storage.k8s.io
              annotations: {api-approved.kubernetes.io: "unapproved, of a test"}
            spec:
              group: snapshot.storage.k8s.io
              names: {kind: \(kind), listKind: \(kind)List, plural: \(plural), singular: \(kind.lowercased())}
              scope: \(isNamespaced ? "Namespaced" : "Cluster")
              versions:
              - name: v1
                served: true
                storage: true\(subresources)
                schema:
                  openAPIV3Schema:
                    type: object
                    required: [\(required)]
                    properties:
            \(indented)

            """
    }
}
