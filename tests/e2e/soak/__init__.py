"""Load with crashes and faults, and then an account of every lead that was answered 202: `./run soak`, docs/faults.md."""
