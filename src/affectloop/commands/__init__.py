"""The subcommands that need no service of their own."""
