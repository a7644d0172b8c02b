import GodwitModel

/// Objects as clusters give them, one or more of every kind that a transformer looks at.
enum Samples {
    /// By a short name.
    static func all() throws -> [String: KubernetesObject] { try texts.mapValues(object) }

    static func named(_ name: String) throws -> KubernetesObject { try object(texts[name] ?? "") }

    private static let podSpec = """
        {"nodeSelector":{"disktype":"ssd","example.com/pool":"web"},"serviceAccountName":"web","serviceAccount":"web",
        "priorityClassName":"high","preemptionPolicy":"Never","tolerations":[{"key":"dedicated","operator":"Equal",
        "value":"web","effect":"NoSchedule"},{"key":"node.kubernetes.io/not-ready","operator":"Exists"}],
        "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchExpressions":[{"key":"disktype","operator":"In","values":["ssd"]},
        {"key":"zone","operator":"In","values":["a"]}]}]},"preferredDuringSchedulingIgnoredDuringExecution":[
        {"weight":1,"preference":{"matchExpressions":[{"key":"disktype","operator":"Exists"}]}}]},
        "podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname",
        "labelSelector":{"matchLabels":{"app":"web"}}}]}},
        "containers":[{"name":"web","image":"nginx:1.25","ports":[{"containerPort":80}]}],
        "initContainers":[{"name":"init","image":"image-registry.openshift-image-registry.svc:5000/shop/init@sha256:ab"}],
        "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data"}}]}
        """

    private static func workload(_ apiVersion: String, _ kind: String, _ more: String = "") -> String {
        """
        {"apiVersion":"\(apiVersion)","kind":"\(kind)","metadata":{"name":"web","namespace":"shop","labels":{"app":"web"}},
        "spec":{\(more)"selector":{"app":"web"},"template":{"metadata":{"labels":{"app":"web"}},"spec":\(podSpec)}}}
        """
    }

    private static let texts: [String: String] = core.merging(openShift) { $1 }.merging(kubeVirt) { $1 }

    private static let core = [
        "pod": #"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"app":"web","old":"1"},
        "annotations":{"example.com/a":"1"}},"spec":\#(podSpec),"status":{"phase":"Running"}}
        """#,
        "deployment": workload("apps/v1", "Deployment", #""replicas":3,"#),
        "statefulset": workload("apps/v1", "StatefulSet", #""replicas":2,"serviceName":"web","#),
        "daemonset": workload("apps/v1", "DaemonSet"),
        "replicaset": workload("apps/v1", "ReplicaSet", #""replicas":3,"#),
        "replicationcontroller": workload("v1", "ReplicationController", #""replicas":2,"#),
        "job": workload("batch/v1", "Job"),
        "cronjob": #"""
        {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"nightly","namespace":"shop"},"spec":{"schedule":
        "0 3 * * *","suspend":false,"jobTemplate":{"spec":{"template":{"spec":\#(podSpec)}}}}}
        """#,
        "service": """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop"},"spec":{"type":"LoadBalancer",
        "externalTrafficPolicy":"Local","healthCheckNodePort":31000,"ports":[{"name":"http","port":80,"nodePort":30080},
        {"name":"https","port":443,"nodePort":30443}],"selector":{"app":"web"}}}
        """,
        "claim": """
        {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop","annotations":
        {"volume.kubernetes.io/selected-node":"node-1"}},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"gold"}}
        """,
        "ingress": """
        {"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"shop"},"spec":{
        "ingressClassName":"nginx","rules":[{"host":"shop.apps.old.example.com","http":{"paths":[{"path":"/","pathType":
        "Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}},{"host":"elsewhere.example.org"}],
        "tls":[{"hosts":["shop.apps.old.example.com","*.apps.old.example.com"],"secretName":"tls"}]}}
        """,
        "gateway": """
        {"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"web","namespace":"shop"},"spec":{
        "gatewayClassName":"x","listeners":[{"name":"https","hostname":"*.apps.old.example.com","port":443,"protocol":
        "HTTPS"}]}}
        """,
        "httproute": """
        {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"web","namespace":"shop"},
        "spec":{"hostnames":["shop.apps.old.example.com"],"parentRefs":[{"name":"web"}]}}
        """,
        "serviceaccount": """
        {"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"web","namespace":"shop","annotations":
        {"openshift.io/internal-registry-pull-secret-ref":"web-dockercfg-x2x2x"}},"secrets":[{"name":"web-dockercfg-x2x2x"},
        {"name":"mine"}],"imagePullSecrets":[{"name":"web-dockercfg-x2x2x"},{"name":"registry"}]}
        """,
        "secret": """
        {"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"web-dockercfg-x2x2x","namespace":"shop"},
        "data":{"a":"Yg=="}}
        """,
        "configmap": """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"my-ca","namespace":"shop"},"data":{"ca":"x"}}
        """,
        "oldconfigmap": """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"old","namespace":"shop","labels":{"old":"1"}},"data":{}}
        """,
        "autoscaler": """
        {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","namespace":"shop"},"spec":
        {"maxReplicas":3,"scaleTargetRef":{"apiVersion":"v1","kind":"DeploymentConfig","name":"web"}}}
        """,
        "widget": """
        {"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"shop"},"spec":{"replicas":3,
        "host":"shop.apps.old.example.com","suspend":false,"image":"nginx:1.25","runStrategy":"Always"}}
        """,
    ]

    private static let openShift = [
        "deploymentconfig": workload(
            "apps.openshift.io/v1", "DeploymentConfig",
            #"""
            "replicas":2,"triggers":[{"type":"ConfigChange"},{"type":"ImageChange","imageChangeParams":{"automatic":true,
            "containerNames":["web"],"from":{"kind":"ImageStreamTag","name":"web:latest","namespace":"shop"},
            "lastTriggeredImage":"image-registry.openshift-image-registry.svc:5000/shop/web@sha256:cd"}}],
            """#),
        "route": """
        {"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"web","namespace":"shop","annotations":
        {"openshift.io/host.generated":"true"}},"spec":{"host":"web-shop.apps.old.example.com","to":{"kind":"Service",
        "name":"web"}}}
        """,
        "chosenroute": """
        {"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"www","namespace":"shop"},"spec":{"host":
        "www.apps.old.example.com","to":{"kind":"Service","name":"web"}}}
        """,
        "imagestream": """
        {"apiVersion":"image.openshift.io/v1","kind":"ImageStream","metadata":{"name":"web","namespace":"shop","annotations":
        {"openshift.io/image.dockerRepositoryCheck":"2024-01-01T00:00:00Z"}},"spec":{"lookupPolicy":{"local":false},"tags":[
        {"name":"base","from":{"kind":"DockerImage","name":"docker.io/library/nginx:1.25"}},
        {"name":"copy","from":{"kind":"ImageStreamTag","name":"web:base"}}]},"status":{"dockerImageRepository":
        "image-registry.openshift-image-registry.svc:5000/shop/web","tags":[{"tag":"base","items":[{"dockerImageReference":
        "docker.io/library/nginx@sha256:ef"}]},{"tag":"latest","items":[{"dockerImageReference":
        "image-registry.openshift-image-registry.svc:5000/shop/web@sha256:cd"}]}]}}
        """,
        "buildconfig": """
        {"apiVersion":"build.openshift.io/v1","kind":"BuildConfig","metadata":{"name":"web","namespace":"shop"},"spec":{
        "output":{"to":{"kind":"DockerImage","name":"docker.io/shop/web:latest"},"pushSecret":{"name":
        "builder-dockercfg-x2x2x"}},"source":{"git":{"uri":"https://example.com/web.git"}},"strategy":{"sourceStrategy":{
        "from":{"kind":"ImageStreamTag","name":"nodejs:18","namespace":"openshift"},"pullSecret":{"name":"mine"}}},
        "triggers":[{"type":"ImageChange","imageChange":{"lastTriggeredImageID":
        "image-registry.openshift-image-registry.svc:5000/shop/node@sha256:ab"}}]}}
        """,
        "scc": """
        {"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints","metadata":{"name":"web-scc"},
        "allowPrivilegedContainer":true,"users":["system:serviceaccount:shop:web","admin"],
        "groups":["system:serviceaccounts:shop"],"priority":10}
        """,
    ]

    private static let kubeVirt = [
        "machine": #"""
        {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"vm","namespace":"shop"},"spec":{
        "running":true,"instancetype":{"kind":"VirtualMachineClusterInstancetype","name":"u1.small"},
        "dataVolumeTemplates":[{"metadata":{"name":"disk"},"spec":{"source":{"http":{"url":"https://example.com/i"}},
        "storage":{"storageClassName":"gold"}}}],"template":{"spec":{"nodeSelector":{"disktype":"ssd"},"domain":{"devices":
        {"interfaces":[{"name":"default","macAddress":"02:00:00:00:00:01"}],"tpm":{"persistent":true}}},
        "accessCredentials":[{"sshPublicKey":{"source":{"secret":{"secretName":"keys"}}}}],
        "volumes":[{"name":"root","dataVolume":{"name":"disk"}},{"name":"data","persistentVolumeClaim":{"claimName":"data"}},
        {"name":"boot","containerDisk":{"image":"quay.io/kubevirt/fedora:latest"}},
        {"name":"init","cloudInitNoCloud":{"secretRef":{"name":"user"},"networkDataSecretRef":{"name":"net"}}},
        {"name":"cm","configMap":{"name":"settings"}},{"name":"s","secret":{"secretName":"user"}},
        {"name":"sa","serviceAccount":{"serviceAccountName":"vm"}}]}}},"status":{"created":true,"printableStatus":"Running",
        "instancetypeRef":{"controllerRevisionRef":{"name":"vm-u1.small-v1-1"}}}}
        """#,
        "machinereplicaset": """
        {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstanceReplicaSet","metadata":{"name":"vms","namespace":
        "shop"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"vm"}},"template":{"metadata":{"labels":{"app":"vm"}},
        "spec":{"nodeSelector":{"disktype":"ssd"},"networks":[{"name":"lan","multus":{"networkName":"shop/lan"}}],
        "domain":{"firmware":{"kernelBoot":{"container":{"image":"quay.io/kubevirt/kernel:1"}}}},"volumes":[{"name":"data",
        "ephemeral":{"persistentVolumeClaim":{"claimName":"data"}}}]}}}}
        """,
        "machinepool": """
        {"apiVersion":"pool.kubevirt.io/v1alpha1","kind":"VirtualMachinePool","metadata":{"name":"vms","namespace":"shop"},
        "spec":{"replicas":3,"selector":{"matchLabels":{"app":"vm"}},"virtualMachineTemplate":{"metadata":{"labels":{"app":
        "vm"}},"spec":{"runStrategy":"Always","dataVolumeTemplates":[{"metadata":{"name":"root"},"spec":{"source":{"registry":
        {"url":"docker://quay.io/kubevirt/fedora:latest"}},"storage":{"storageClassName":"gold"}}}],"template":{"spec":{
        "nodeSelector":{"disktype":"ssd"},"domain":{},"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data"}}]
        }}}}}}
        """,
        "datavolume": """
        {"apiVersion":"cdi.kubevirt.io/v1beta1","kind":"DataVolume","metadata":{"name":"disk","namespace":"shop"},"spec":{
        "source":{"pvc":{"name":"golden","namespace":"shop"}},"pvc":{"storageClassName":"gold"}},"status":{"phase":
        "Succeeded","claimName":"disk"}}
        """,
    ]
}
