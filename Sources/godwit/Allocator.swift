import CAllocator

/// The settings of glibc's allocator.
enum Allocator {
    /// Has all threads share two arenas.
    ///
    /// By default there may be eight for each core. What a listing brings is allocated on one thread and freed on others,
    /// so each arena keeps holes of its own: with two the peak of a large backup is a fifth lower, at the same cost
    /// (docs/benchmarks.md). To be called before there are threads.
    static func limitArenas() {
        // It fails for unknown parameters only, and then all is as it was.
        _ = mallopt(M_ARENA_MAX, 2)
    }
}
