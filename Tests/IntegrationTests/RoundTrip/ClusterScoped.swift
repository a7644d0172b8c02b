import Testing

/// Suites that write objects without a namespace into the clusters, and back up all such objects: they would see each
/// other's, so they run one after the other.
@Suite(.serialized) enum ClusterScoped {}
