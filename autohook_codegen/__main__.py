"""`python -m autohook_codegen` is `autohook-gen`."""

from autohook_codegen.command import main

if __name__ == "__main__":
    main(prog_name="autohook-gen")
