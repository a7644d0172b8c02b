import ArgumentParser

/// `godwit completion`
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes godwit's commands in a shell.",
        discussion: """
            bash: source <(godwit completion bash)
            zsh:  godwit completion zsh > "${fpath[1]}/_godwit"
            fish: godwit completion fish > ~/.config/fish/completions/godwit.fish
            """
    )

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Console.standard.print(Godwit.completionScript(for: kind))
    }
}
