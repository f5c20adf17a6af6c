"""``python -m signoff_conformance``."""

from signoff_conformance.cli import main

if __name__ == "__main__":
    main()
