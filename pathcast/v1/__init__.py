"""The contract's generated code (`make proto`)."""
