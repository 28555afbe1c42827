"""`python -m packshot`: the command line."""

if __name__ == "__main__":  # pixel processes are spawned from here and need none of it
    from packshot.cli import main

    main()
