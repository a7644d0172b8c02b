import ArgumentParser

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Print as table, json, yaml or name.")
    var output = OutputFormat.table
}
