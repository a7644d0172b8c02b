// KubernetesClientTests
