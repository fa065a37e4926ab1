"""`python -m povod` is the same as `povod`."""

from povod.cli.main import main

if __name__ == "__main__":
    main()
