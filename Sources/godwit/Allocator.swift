import CAllocator

/// The settings of glibc's allocator.
enum Allocator {
    /// Keeps the allocator from keeping memory: to be called before there are threads.
    static func bound() {
        limitArenas()
        returnLargeBlocks()
    }

    /// Has all threads share two arenas.
    ///
    /// By default there may be eight for each core. What a listing brings is allocated on one thread and freed on others,
    /// so each arena keeps holes of its own: with two the peak of a large backup is a fifth lower, at the same cost
    /// (docs/benchmarks.md).
    private static func limitArenas() {
        // It fails for unknown parameters only, and then all is as it was.
        _ = mallopt(M_ARENA_MAX, 2)
    }

    /// Gives blocks of 8 MiB and more, such as packs, back to the system as soon as they are freed.
    ///
    /// By default the first such block that is freed has the allocator keep all that come later (up to 32 MiB each) in its
    /// arenas, where what is allocated between two of them keeps a hole as large as a pack. Smaller ones, such as
    /// chunks, stay: to get them from the system each time costs more in page faults than they are worth.
    private static func returnLargeBlocks() {
        _ = mallopt(M_MMAP_THRESHOLD, 8 << 20)
        // The default of a fixed threshold is 128 KiB, with which an arena that had a chunk freed is cut and grown again.
        _ = mallopt(M_TRIM_THRESHOLD, 16 << 20)
    }
}
